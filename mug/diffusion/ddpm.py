"""DDPM's ancestral sampling (Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", 2020, algorithm 2).

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.steps import Callback, Denoise, Keep, no_callback, nothing_known, same_timestep, sampling_steps
from mug.errors import ConfigError
from mug.seeding import noise_like


@torch.no_grad()
def ddpm_sample(
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
    """Return samples [B, Z, L], drawn from the posterior of every visited timestep, from the noise `x_T`.

    A step draws from q(x_t_prev | x_t, x_0) with the variance of equation 7. That is DDIM with eta 1, except for the
    last step, which adds no noise and returns x_0 itself. With as many steps as the model has timesteps it is the
    paper's sampler; with fewer it is that of Nichol & Dhariwal 2021, section 4. For the arguments see `ddim_sample`;
    `eta` has no effect on it and is 0. Raises ConfigError for an impossible number of steps, spacing or eta.
    """
    if eta != 0:
        raise ConfigError(f"eta: {eta}, but DDPM always adds as much noise as DDIM with eta 1; leave it at 0")
    path = sampling_steps(alphas_cumprod, steps, spacing)
    x = x_T
    for step in tqdm_class(path, total=len(path), desc="DDPM"):
        x = keep(x, step.a_t)
        pred_x0 = denoise(x, same_timestep(step.t, x))
        if step is path[-1]:
            x = pred_x0
        else:
            sigma = step.sigma(eta=1.0)
            x = step.transfer(pred_x0, step.eps(x, pred_x0), sigma) + sigma * noise_like(x, generators)
        callback(step, x, pred_x0)
    return keep(x, 1.0)
