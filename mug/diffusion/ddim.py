"""DDIM sampling (Song, Meng, Ermon, "Denoising Diffusion Implicit Models", 2020) and classifier-free guidance.

Axes: B batch, Z latent channels, L latent frames, C context channels, F features.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.schedule import ddim_timesteps
from mug.errors import ConfigError
from mug.seeding import noise_like

Denoise = Callable[[Tensor, Tensor], Tensor]  # (x_t [B, Z, L], t [B]) -> the clean latent that x_t is taken for


@dataclass
class Trajectory:
    """What sampling passed through: x_T and the state after each step, and each step's idea of the clean latent."""

    x: list[Tensor] = field(default_factory=list)
    pred_x0: list[Tensor] = field(default_factory=list)


class Step(NamedTuple):
    """From timestep t, with alpha_bar a_t, to t_prev, with a_prev."""

    t: int
    t_prev: int
    a_t: float
    a_prev: float

    def sigma(self, eta: float) -> float:
        """The deviation of the noise that this step adds; equation 16 of Song et al."""
        return eta * ((1 - self.a_prev) / (1 - self.a_t) * (1 - self.a_t / self.a_prev)) ** 0.5

    def eps(self, x: Tensor, pred_x0: Tensor) -> Tensor:
        """The noise in x_t, if its clean latent is pred_x0."""
        return (x - self.a_t**0.5 * pred_x0) / (1 - self.a_t) ** 0.5

    def transfer(self, pred_x0: Tensor, eps: Tensor, sigma: float = 0.0) -> Tensor:
        """Return x at t_prev of this clean latent and noise; equation 12 of Song et al. without the noise it adds."""
        return self.a_prev**0.5 * pred_x0 + (1 - self.a_prev - sigma**2) ** 0.5 * eps


def sampling_steps(alphas_cumprod: Tensor, steps: int, spacing: str = "uniform") -> list[Step]:
    """Return the steps from the noisiest on. The last one lands on timestep 0, not on no noise at all.

    alphas_cumprod: float [timesteps]. Raises ConfigError for an impossible number of steps or spacing.
    """
    alpha_bar = alphas_cumprod.cpu().double().tolist()  # on the CPU: mps has no float64
    visited = ddim_timesteps(steps, len(alpha_bar), spacing).tolist()
    pairs = zip(visited, [0, *visited[:-1]], strict=True)
    return [Step(t, t_prev, alpha_bar[t], alpha_bar[t_prev]) for t, t_prev in pairs][::-1]


@torch.no_grad()
def ddim_sample(
    denoise: Denoise,
    x_T: Tensor,
    alphas_cumprod: Tensor,
    steps: int,
    eta: float = 0.0,
    spacing: str = "uniform",
    generator: torch.Generator | None = None,
    mask: Tensor | None = None,
    x0: Tensor | None = None,
    trajectory: Trajectory | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Tensor:
    """Return the sample [B, Z, L] that `denoise` leads to from the noise `x_T`.

    alphas_cumprod: float [timesteps], alpha_bar of every timestep the model knows.
    eta: 0 deterministic, 1 as random as DDPM; its noise comes from `generator`.
    mask, x0: where mask (broadcasts to x_T) is 1 the sample is kept on the known latent `x0`, where it is 0 it is free.
    trajectory: filled with the states on the way, if given.
    Raises ConfigError for an impossible number of steps, spacing or eta.
    """
    if not 0 <= eta <= 1:
        raise ConfigError(f"eta: {eta} is not between 0 (deterministic) and 1 (as random as DDPM)")

    def advance(x: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        sigma = step.sigma(eta)
        pred_x0 = denoise(x, same_timestep(step.t, x))
        x = step.transfer(pred_x0, step.eps(x, pred_x0), sigma)
        return (x + sigma * noise_like(x, generator) if eta > 0 else x), pred_x0

    path = sampling_steps(alphas_cumprod, steps, spacing)
    return descend(advance, x_T, tqdm_class(path, total=len(path), desc="DDIM"), generator, mask, x0, trajectory)


def same_timestep(t: int, x: Tensor) -> Tensor:
    """Timestep t for every item of x [B, ...]: int64 [B]."""
    return torch.full((x.shape[0],), t, device=x.device)


def descend(
    advance: Callable[[Tensor, Step], tuple[Tensor, Tensor]],
    x_T: Tensor,
    path: Iterable[Step],
    generator: torch.Generator | None,
    mask: Tensor | None,
    x0: Tensor | None,
    trajectory: Trajectory | None,
) -> Tensor:
    """Walk down `path` from x_T: `advance` takes x_t and a step to the next x and to the x_0 that it made out.

    generator, mask, x0 and trajectory are those of `ddim_sample`.
    """
    if (mask is None) != (x0 is None):
        raise ValueError("mask and x0 belong together: which part is known, and what it is")
    x = x_T
    if trajectory is not None:
        trajectory.x.append(x)
        trajectory.pred_x0.append(x)
    for step in path:
        if mask is not None and x0 is not None:
            known = step.a_t**0.5 * x0 + (1 - step.a_t) ** 0.5 * noise_like(x, generator)
            x = mask * known + (1 - mask) * x
        x, pred_x0 = advance(x, step)
        if trajectory is not None:
            trajectory.x.append(x)
            trajectory.pred_x0.append(pred_x0)
    if mask is not None and x0 is not None:
        x = mask * x0 + (1 - mask) * x
    return x


def guided(
    denoise: Callable[[Tensor, Tensor, Tensor, Sequence[Tensor]], Tensor],
    context: Tensor,
    uncond: Tensor,
    scale: float,
    audios: Sequence[Tensor] = (),
) -> Denoise:
    """Return a denoiser steered by `scale` from the unconditional prompt towards `context`; both [B, C, F].

    Ho & Salimans, "Classifier-Free Diffusion Guidance", 2022: uncond + scale (cond - uncond), both computed in one
    forward pass of 2B; of the clean latents, which is the same as of the noise. `denoise` takes (x_t, t, context,
    audios), as DDPM.denoise does.
    """
    if scale == 1.0:
        return lambda x, t: denoise(x, t, context, audios)
    contexts = torch.cat([uncond, context])  # [2B, C, F]
    doubled = [torch.cat([audio, audio]) for audio in audios]

    def steered(x: Tensor, t: Tensor) -> Tensor:
        x0_uncond, x0_cond = denoise(torch.cat([x, x]), torch.cat([t, t]), contexts, doubled).chunk(2)
        return x0_uncond + scale * (x0_cond - x0_uncond)

    return steered
