"""Inpainting: at every step, the known part, noised to that step's level, replaces that part of the sample.

Song et al., "Score-Based Generative Modeling through Stochastic Differential Equations", 2021, appendix I.2; Lugmayr
et al., "RePaint", 2022, equation 8, without its resampling.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mug.seeding import noise_like


@dataclass(frozen=True)
class KnownPart:
    """A sampler's `keep`: where `mask` is 1 the sample keeps the known latent, where it is 0 it is generated.

    mask: broadcasts to [B, Z, L]. x0: the known latents [B, Z, L]. generators: one per item, for the noise of its
    known part, so that a sample does not depend on the rest of the batch.
    """

    mask: Tensor
    x0: Tensor
    generators: Sequence[torch.Generator]

    def __call__(self, x: Tensor, a_t: float) -> Tensor:
        """Return x_t [B, Z, L] with the known part at the noise level of alpha_bar a_t, where 1 is no noise."""
        known = self.x0
        if a_t < 1:
            known = a_t**0.5 * known + (1 - a_t) ** 0.5 * noise_like(x, self.generators)
        return self.mask * known + (1 - self.mask) * x
