"""Shared parts of samplers: the timesteps they visit, the arithmetic of a step, and hooks into their loop.

Axes: B batch, Z latent channels, L latent frames.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from mug.diffusion.spacings import visited_timesteps
from mug.errors import PromptError


class Step(NamedTuple):
    """A step from timestep t, with alpha_bar a_t, to t_prev, with a_prev."""

    t: int
    t_prev: int
    a_t: float
    a_prev: float

    def sigma(self, eta: float) -> float:
        """The standard deviation of the noise that this step adds; equation 16 of Song et al. 2020 (DDIM)."""
        return eta * ((1 - self.a_prev) / (1 - self.a_t) * (1 - self.a_t / self.a_prev)) ** 0.5

    def eps(self, x: Tensor, pred_x0: Tensor) -> Tensor:
        """The noise in x_t, given its clean latent pred_x0."""
        return (x - self.a_t**0.5 * pred_x0) / (1 - self.a_t) ** 0.5

    def transfer(self, pred_x0: Tensor, eps: Tensor, sigma: float = 0.0) -> Tensor:
        """Return x at t_prev from clean latent and noise; equation 12 of Song et al. without its added noise."""
        return self.a_prev**0.5 * pred_x0 + (1 - self.a_prev - sigma**2) ** 0.5 * eps


Denoise = Callable[[Tensor, Tensor], Tensor]  # (x_t [B, Z, L], t [B]) -> the predicted clean latent x_0 [B, Z, L]
Keep = Callable[
    [Tensor, float], Tensor
]  # (x_t, alpha_bar of t) -> x_t with its known part, see mug.diffusion.inpainting
Callback = Callable[[Step, Tensor, Tensor], None]  # (step, its result x, its prediction of x_0)


def nothing_known(x: Tensor, a_t: float) -> Tensor:
    """A Keep that does nothing: no part is known."""
    return x


def no_callback(step: Step, x: Tensor, pred_x0: Tensor) -> None:
    """A Callback that does nothing."""


def sampling_steps(alphas_cumprod: Tensor, steps: int, spacing: str = "uniform") -> list[Step]:
    """Return the steps, noisiest first. The last one ends at timestep 0, which still has a little noise.

    alphas_cumprod: float [timesteps]. Raises ConfigError for an impossible number of steps or spacing.
    """
    alpha_bars = alphas_cumprod.cpu().double().numpy()  # on the CPU: mps has no float64
    visited, alpha_bar = visited_timesteps(steps, alpha_bars, spacing).tolist(), alpha_bars.tolist()
    pairs = zip(visited, [0, *visited[:-1]], strict=True)
    return [Step(t, t_prev, alpha_bar[t], alpha_bar[t_prev]) for t, t_prev in pairs][::-1]


def begun_at(alphas_cumprod: Tensor, steps: int, strength: float) -> tuple[Tensor, int]:
    """Return the alphas and the number of steps of a sampler that begins at an intermediate noise level.

    A sampler that is given these visits only the first `strength` of the model's timesteps, with as large a share of
    the steps. With the spacing "trailing" it begins at the last of them, so x_T is a clean latent with the noise of
    alphas[-1]: Meng et al., "SDEdit", 2022 (arXiv:2108.01073), algorithm 1. Raises PromptError for a strength that is
    not above 0 and at most 1.
    """
    if not 0 < strength <= 1:
        raise PromptError(f"strength {strength}: give a number above 0 and up to 1")
    timesteps = max(1, round(strength * len(alphas_cumprod)))
    return alphas_cumprod[:timesteps], min(max(1, math.ceil(strength * steps)), timesteps)


def same_timestep(t: int, x: Tensor) -> Tensor:
    """Timestep t for every item of x [B, ...]: int64 [B]."""
    return torch.full((x.shape[0],), t, device=x.device)
