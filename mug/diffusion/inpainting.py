"""Inpainting: at every step, the known part, noised to that step's level, replaces that part of the sample.

Song et al., "Score-Based Generative Modeling through Stochastic Differential Equations", 2021, appendix I.2; Lugmayr
et al., "RePaint", 2022, equation 8, without its resampling. The known part has the same noise at every step, so that it
moves along one path: deterministic samplers follow that path, and multistep ones extrapolate it.

Axes: B batch, Z latent channels, L latent frames.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class KnownPart:
    """A sampler's `keep`: where `mask` is 1 the sample keeps the known latent, where it is 0 it is generated.

    mask: broadcasts to [B, Z, L]. x0: the known latents [B, Z, L]. noise: of their noisy versions [B, Z, L]; usually
    x_T's.
    """

    mask: Tensor
    x0: Tensor
    noise: Tensor

    def __call__(self, x: Tensor, a_t: float) -> Tensor:
        """Return x_t [B, Z, L] with the known part at the noise level of alpha_bar a_t, where 1 is no noise."""
        known = a_t**0.5 * self.x0 + (1 - a_t) ** 0.5 * self.noise
        return self.mask * known + (1 - self.mask) * x
