"""DPM-Solver++(2M) sampling: DDIM steps to a clean latent extrapolated from the last two predictions.

Lu, Zhou, Bao, Chen, Li, Zhu 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models"
(arXiv:2211.01095), algorithm 2. Its error falls with the square of the step length where DDIM's falls with the step
length.

Axes: B batch, Z latent channels, L latent frames.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.steps import Callback, Denoise, Keep, no_callback, nothing_known, same_timestep, sampling_steps
from mug.errors import ConfigError

MOST = 0.5  # of the last change of x_0 that is added for the next step; docs/decisions.md says why there is a limit


@torch.no_grad()
def dpm_solver_sample(
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

    It adds no noise: eta is 0, and `generators` are not used. A step that is longer than the one before it does not
    extrapolate further than that one reached, in place of the authors' last step without extrapolation. The steps from
    pure noise, and the one after it, are those of DDIM: pure noise is infinitely far away on the axis of the
    extrapolation. Raises ConfigError for an impossible number of steps, spacing or eta.
    """
    if eta != 0:
        raise ConfigError(f"eta: {eta}, but DPM-Solver++ is deterministic; leave it at 0")
    path = sampling_steps(alphas_cumprod, steps, spacing)
    x = x_T
    before: tuple[Tensor, float] | None = None  # the last prediction, and the length of its step
    for step in tqdm_class(path, total=len(path), desc="DPM-Solver++"):
        x = keep(x, step.a_t)
        pred_x0 = denoise(x, same_timestep(step.t, x))
        length = half_log_snr(step.a_prev) - half_log_snr(step.a_t)  # h
        target = pred_x0
        if before is not None:
            last_x0, last_length = before
            target = pred_x0 + min(MOST, length / (2 * last_length)) * (pred_x0 - last_x0)
        x = step.transfer(target, step.eps(x, target))  # equation 9 with target as D: the same as a DDIM step to it
        callback(step, x, pred_x0)
        before = pred_x0, length
    return keep(x, 1.0)


def half_log_snr(alpha_bar: float) -> float:
    """The axis on which predictions are extrapolated: log(signal / noise), -inf for pure noise."""
    return 0.5 * math.log(alpha_bar / (1 - alpha_bar)) if alpha_bar > 0 else -math.inf
