"""PLMS sampling: DDIM steps with noise extrapolated from the last few predictions.

Liu, Ren, Lin, Zhao 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv:2202.09778), the pseudo
linear multi-step method. Its error falls with the square of the step length where DDIM's falls with the step length.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.steps import Callback, Denoise, Keep, no_callback, nothing_known, same_timestep, sampling_steps
from mug.errors import ConfigError

# Weights of the predictions, newest first. They extrapolate the polynomial through the predictions and average it over
# the next step, for steps of equal length.
ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


@torch.no_grad()
def plms_sample(
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
    """Return samples [B, Z, L], denoised from the noise `x_T`; for the arguments see `ddim_sample`.

    It adds no noise: eta is 0, and `generators` are not used. The first steps use the predictions there are so far.
    (The paper looks ahead in the first step instead. That fails if x_T is pure noise, as with "trailing" timesteps of a
    cosine schedule: there a tiny change of the noise is a large one of x_0.) Raises ConfigError for an impossible
    number of steps, spacing or eta.
    """
    if eta != 0:
        raise ConfigError(f"eta: {eta}, but PLMS is deterministic; leave it at 0")
    path = sampling_steps(alphas_cumprod, steps, spacing)
    predicted: deque[Tensor] = deque(maxlen=len(ADAMS_BASHFORTH))  # noise predictions, newest first
    x = x_T
    for step in tqdm_class(path, total=len(path), desc="PLMS"):
        x = keep(x, step.a_t)
        pred_x0 = denoise(x, same_timestep(step.t, x))
        predicted.appendleft(step.eps(x, pred_x0))
        eps = predicted[0]
        if len(predicted) > 1:  # the first step keeps its pred_x0: if x_T is pure noise, eps does not determine x_0
            weights = ADAMS_BASHFORTH[len(predicted) - 1]
            eps = torch.stack([w * each for w, each in zip(weights, predicted, strict=True)]).sum(dim=0)
            pred_x0 = (x - (1 - step.a_t) ** 0.5 * eps) / step.a_t**0.5
        x = step.transfer(pred_x0, eps)
        callback(step, x, pred_x0)
    return keep(x, 1.0)
