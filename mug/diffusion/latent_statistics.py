"""Mean and deviation of every latent channel, measured on charts.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from mug.firststage.autoencoder import AutoencoderKL
from mug.model.masking import frame_mask

MEASURED_BATCHES = 16  # enough crops for two digits of every channel's mean and deviation


@torch.no_grad()
def latent_statistics(
    batches: Iterable[Mapping[str, Any]],
    first_stage: AutoencoderKL,
    lengths_of: Callable[[Mapping[str, Any]], Tensor | None],
    device: torch.device,
    total: Callable[[Tensor], Tensor] = lambda own: own,
) -> tuple[Tensor, Tensor]:
    """Return mean and deviation, both [Z, 1], of the latents of the first batches, padding left out.

    lengths_of: the latent frames of a batch's songs [B], None where all fill their row. total: the sum of a tensor over
    all processes, each of which has batches of its own.
    """
    some = itertools.islice(batches, MEASURED_BATCHES)
    latents = [_plain_latents(batch["note"].to(device), first_stage, lengths_of(batch)) for batch in some]
    channels = torch.cat(latents, dim=1)  # [Z, all frames]
    n = total(torch.tensor(float(channels.shape[1]), device=channels.device))
    mean = total(channels.sum(dim=1, keepdim=True)) / n
    return mean, (total((channels - mean).square().sum(dim=1, keepdim=True)) / (n - 1)).sqrt()


def _plain_latents(note: Tensor, first_stage: AutoencoderKL, lengths: Tensor | None) -> Tensor:
    """Latents of note planes [B, 4K, T] as the first stage has them, without padding: [Z, all frames]."""
    lengths = None if lengths is None else lengths.to(note.device)
    z = first_stage.encode(note, None if lengths is None else lengths * first_stage.factor).mode()
    mask = frame_mask(lengths, z.shape[2])
    return rearrange(z, "b z l -> z (b l)") if mask is None else rearrange(z, "b z l -> z b l")[:, mask[:, 0]]
