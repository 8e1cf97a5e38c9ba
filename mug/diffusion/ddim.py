"""DDIM sampling (Song, Meng, Ermon, "Denoising Diffusion Implicit Models", 2020).

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.guidance import guided
from mug.diffusion.steps import (
    Callback,
    Denoise,
    Keep,
    Step,
    no_callback,
    nothing_known,
    same_timestep,
    sampling_steps,
)
from mug.errors import ConfigError
from mug.seeding import noise_like

# Some of these have moved, but are still imported from here.
__all__ = ["Denoise", "Step", "ddim_sample", "guided", "sampling_steps"]


@torch.no_grad()
def ddim_sample(
    denoise: Denoise,
    x_T: Tensor,
    alphas_cumprod: Tensor,
    steps: int,
    eta: float = 0.0,
    spacing: str = "uniform",
    generators: Sequence[torch.Generator] | None = None,
    keep: Keep = nothing_known,
    callback: Callback = no_callback,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Tensor:
    """Return samples [B, Z, L], denoised from the noise `x_T`.

    alphas_cumprod: float [timesteps], alpha_bar of every timestep of the model.
    eta: 0 is deterministic, 1 as random as DDPM; `generators`, one per item, draw its noise.
    keep: puts the known part into the sample, see mug.diffusion.inpainting. callback: called after every step.
    Raises ConfigError for an impossible number of steps, spacing or eta.
    """
    if not 0 <= eta <= 1:
        raise ConfigError(f"eta: {eta} is not between 0 (deterministic) and 1 (as random as DDPM)")
    path = sampling_steps(alphas_cumprod, steps, spacing)
    x = x_T
    for step in tqdm_class(path, total=len(path), desc="DDIM"):
        x = keep(x, step.a_t)
        pred_x0 = denoise(x, same_timestep(step.t, x))
        sigma = step.sigma(eta)
        x = step.transfer(pred_x0, step.eps(x, pred_x0), sigma)  # equation 12
        if eta > 0:
            x = x + sigma * noise_like(x, generators)
        callback(step, x, pred_x0)
    return keep(x, 1.0)
