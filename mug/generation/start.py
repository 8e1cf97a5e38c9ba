"""Where sampling begins: from noise alone, or from charts with noise on them, a part of which may stay as it is.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mug.diffusion.inpainting import KnownPart
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.steps import Keep, begun_at, nothing_known
from mug.generation.settings import SamplingSettings


@dataclass(frozen=True)
class Start:
    """The charts that samples begin from.

    latents: of each item [B, Z, L]. strength: how much noise they get: 1 replaces them by noise, less leaves some of
    them (mug.diffusion.steps.begun_at). known: bool [L], the frames that stay as they are.
    """

    latents: Tensor
    strength: float
    known: np.ndarray

    def of_items(self, indices: Sequence[int]) -> "Start":
        """The start of these items."""
        return Start(self.latents[list(indices)], self.strength, self.known)


class Beginning(NamedTuple):
    """What a sampler begins with: x_T [B, Z, L], the alphas and the number of steps, their spacing, the known part."""

    x_T: Tensor
    alphas_cumprod: Tensor
    steps: int
    spacing: str
    keep: Keep


def beginning(
    model: LatentDiffusion, noise: Tensor, settings: SamplingSettings, start: Start | None = None
) -> Beginning:
    """Return what a sampler begins with, given noise [B, Z, L]. Raises PromptError for an impossible strength."""
    steps, spacing = settings.steps, settings.spacing or model.spacing
    if start is None:
        return Beginning(noise, model.alphas_cumprod, steps, spacing, nothing_known)
    latents = start.latents.to(noise)
    known = torch.from_numpy(start.known).to(noise)  # [L]
    keep = KnownPart(known, latents, noise) if start.known.any() else nothing_known
    if start.strength == 1:
        return Beginning(noise, model.alphas_cumprod, steps, spacing, keep)
    alphas, fewer = begun_at(model.alphas_cumprod, steps, start.strength)
    x = alphas[-1] ** 0.5 * latents + (1 - alphas[-1]) ** 0.5 * noise
    return Beginning(x, alphas, fewer, "trailing", keep)
