"""The inputs and targets of denoisers: eps, x0, v, recon and flow, defined only here.

With x_t = a x_0 + s eps (a = sqrt(alpha_bar_t), s = sqrt(1 - alpha_bar_t)):

    eps     the noise                             Ho et al. 2020
    x0      the clean latent
    v       a eps - s x_0                         Salimans & Ho, "Progressive Distillation", 2022, appendix D
    recon   the clean latent, trained on the notes it decodes to
    flow    eps - x_0, seen at x_t / (a + s)      Liu, Gong, Liu, "Flow Straight and Fast", 2022 (arXiv:2209.03003)

x_t / (a + s) = (1 - tau) x_0 + tau eps with tau = s / (a + s) is a point on the straight line from data to noise. So a
rectified flow is the same diffusion in other coordinates, and schedules and samplers need no special case.

a and s broadcast against x_t: scalars or [B, 1, 1] beside [B, Z, L].
"""

import numpy as np
from torch import Tensor

from mug.errors import ConfigError

PARAMETERIZATIONS = ("eps", "x0", "v", "recon", "flow")


def check_parameterization(name: str) -> None:
    """Raise ConfigError unless `name` is one of PARAMETERIZATIONS."""
    if name not in PARAMETERIZATIONS:
        raise ConfigError(f"parameterization: unknown '{name}'; known are {', '.join(PARAMETERIZATIONS)}")


def check_last_timestep(name: str, betas: np.ndarray) -> None:
    """Raise ConfigError for "eps" with a schedule, betas [timesteps], whose last timestep is pure noise."""
    if name == "eps" and betas[-1] == 1.0:
        raise ConfigError(
            "parameterization: eps cannot recover the latent where no signal is left, as at the end of this schedule; "
            "take v, x0 or flow, or another beta_schedule without zero_terminal_snr"
        )


def input_of(parameterization: str, x_t: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return the denoiser's input."""
    return x_t / (a + s) if parameterization == "flow" else x_t


def target_of(parameterization: str, x_0: Tensor, eps: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return the denoiser's target."""
    if parameterization == "eps":
        return eps
    if parameterization == "v":
        return a * eps - s * x_0
    if parameterization == "flow":
        return eps - x_0
    return x_0


def x0_of(parameterization: str, prediction: Tensor, x_t: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return the clean latent that a prediction implies."""
    if parameterization == "eps":
        return (x_t - s * prediction) / a
    if parameterization == "v":
        return a * x_t - s * prediction
    if parameterization == "flow":
        return (x_t - s * prediction) / (a + s)
    return prediction


def x0_per_prediction(parameterization: str, a: Tensor, s: Tensor) -> Tensor:
    """Return the absolute slope of `x0_of`: how much the clean latent changes per unit of prediction."""
    return {"eps": s / a, "v": s, "flow": s / (a + s)}.get(parameterization, s / s)
