"""Which first stage made a latent."""

import hashlib

import torch

from mug.firststage.autoencoder import AutoencoderKL


def fingerprint(first_stage: AutoencoderKL, length_multiple: int) -> str:
    """Return what differs between models whose latents differ: 32 hexadecimal digits.

    length_multiple: what the latent frames of songs are rounded up to before the first stage sees where they end.
    """
    groups = first_stage.encoder.norm_out.num_groups  # the one thing that no weight shows
    known = hashlib.blake2b(f"{first_stage.scale} {length_multiple} {groups}".encode(), digest_size=16)
    for name, value in sorted(first_stage.encoder.state_dict().items()):
        known.update(f"{name} {list(value.shape)}".encode())
        rounded = value.detach().cpu().bfloat16()  # so that it stays what it is where training runs in bfloat16
        known.update(rounded.contiguous().view(torch.int16).numpy().tobytes())
    return known.hexdigest()
