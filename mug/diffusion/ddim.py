"""DDIM sampling (Song, Meng, Ermon, "Denoising Diffusion Implicit Models", 2020) and classifier-free guidance.

Axes: B batch, Z latent channels, L latent frames, C context channels, F features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.schedule import ddim_timesteps
from mug.errors import ConfigError
from mug.seeding import noise_like

Denoise = Callable[[Tensor, Tensor], Tensor]  # (x_t [B, Z, L], t [B]) -> the noise in x_t [B, Z, L]


@dataclass
class Trajectory:
    """What sampling passed through: x_T and the state after each step, and each step's idea of the clean latent."""

    x: list[Tensor] = field(default_factory=list)
    pred_x0: list[Tensor] = field(default_factory=list)


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
    """Return the sample [B, Z, L] that `denoise` leads to from the noise `x_T`; equation 12 of Song et al.

    alphas_cumprod: float [timesteps], alpha_bar of every timestep the model knows.
    eta: 0 deterministic, 1 as random as DDPM; its noise comes from `generator`.
    mask, x0: where mask (broadcasts to x_T) is 1 the sample is kept on the known latent `x0`, where it is 0 it is free.
    trajectory: filled with the states on the way, if given.
    Raises ConfigError for an impossible number of steps, spacing or eta.
    """
    if not 0 <= eta <= 1:
        raise ConfigError(f"eta: {eta} is not between 0 (deterministic) and 1 (as random as DDPM)")
    if (mask is None) != (x0 is None):
        raise ValueError("mask and x0 belong together: which part is known, and what it is")
    alpha_bar = alphas_cumprod.double().cpu()
    visited = ddim_timesteps(steps, len(alpha_bar), spacing)
    # the last step lands on the first timestep's noise level, not on none at all
    previous = torch.cat([alpha_bar[:1], alpha_bar[visited[:-1]]])
    x = x_T
    if trajectory is not None:
        trajectory.x.append(x)
        trajectory.pred_x0.append(x)
    for index in tqdm_class(range(len(visited) - 1, -1, -1), total=len(visited), desc="DDIM"):
        a_t, a_prev = alpha_bar[visited[index]].item(), previous[index].item()
        if mask is not None and x0 is not None:
            known = a_t**0.5 * x0 + (1 - a_t) ** 0.5 * noise_like(x, generator)
            x = mask * known + (1 - mask) * x
        eps = denoise(x, torch.full((x.shape[0],), int(visited[index]), device=x.device))
        sigma = eta * ((1 - a_prev) / (1 - a_t) * (1 - a_t / a_prev)) ** 0.5  # equation 16
        pred_x0 = (x - (1 - a_t) ** 0.5 * eps) / a_t**0.5
        x = a_prev**0.5 * pred_x0 + (1 - a_prev - sigma**2) ** 0.5 * eps
        if eta > 0:
            x = x + sigma * noise_like(x, generator)
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

    Ho & Salimans, "Classifier-Free Diffusion Guidance", 2022: eps = eps_uncond + scale (eps_cond - eps_uncond), both
    computed in one forward pass of 2B. `denoise` takes (x_t, t, context, audios), as DDPM.denoise does.
    """
    if scale == 1.0:
        return lambda x, t: denoise(x, t, context, audios)
    contexts = torch.cat([uncond, context])  # [2B, C, F]
    doubled = [torch.cat([audio, audio]) for audio in audios]

    def steered(x: Tensor, t: Tensor) -> Tensor:
        eps_uncond, eps_cond = denoise(torch.cat([x, x]), torch.cat([t, t]), contexts, doubled).chunk(2)
        return eps_uncond + scale * (eps_cond - eps_uncond)

    return steered
