"""Fingerprint of a first stage, to tell which one encoded a latent."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor


def digest(settings: str, weights: Mapping[str, Tensor]) -> str:
    """Return a hash, 32 hexadecimal digits, of an encoder's weights and of settings that the weights do not show."""
    known = hashlib.blake2b(settings.encode(), digest_size=16)
    for name, value in sorted(weights.items()):
        known.update(f"{name} {list(value.shape)}".encode())
        rounded = value.detach().cpu().bfloat16()  # so that it is the same when training runs in bfloat16
        known.update(rounded.contiguous().view(torch.int16).numpy().tobytes())
    return known.hexdigest()
