"""Mean and standard deviation of every latent channel, measured on charts.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from mug.model.masking import frame_mask

MEASURED_BATCHES = 16  # enough crops for two digits of every channel's mean and standard deviation


@torch.no_grad()
def latent_statistics(
    batches: Iterable[Mapping[str, Any]],
    latents_of: Callable[[Mapping[str, Any]], tuple[Tensor, Tensor | None]],
    total: Callable[[Tensor], Tensor] = lambda own: own,
) -> tuple[Tensor, Tensor]:
    """Return the mean and standard deviation, both [Z, 1], of the latents of the first batches, without padding.

    latents_of: returns a batch's latents [B, Z, L], not normalised, and each song's length [B] (None if all fill their
    row). total: sums a tensor over all processes, which have different batches.
    """
    some = itertools.islice(batches, MEASURED_BATCHES)
    channels = torch.cat([_without_padding(*latents_of(batch)) for batch in some], dim=1)  # [Z, all frames]
    n = total(torch.tensor(float(channels.shape[1]), device=channels.device))
    mean = total(channels.sum(dim=1, keepdim=True)) / n
    return mean, (total((channels - mean).square().sum(dim=1, keepdim=True)) / (n - 1)).sqrt()


def _without_padding(z: Tensor, lengths: Tensor | None) -> Tensor:
    """Latents [B, Z, L], lengths [B] -> [Z, all frames]."""
    mask = frame_mask(lengths, z.shape[2])
    return rearrange(z, "b z l -> z (b l)") if mask is None else rearrange(z, "b z l -> z b l")[:, mask[:, 0]]
