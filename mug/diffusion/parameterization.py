"""The one place that knows what a denoiser predicts: the noise, the clean latent, or the velocity between them.

With x_t = a x_0 + s eps (a = sqrt(alpha_bar_t), s = sqrt(1 - alpha_bar_t)):

    eps     the noise                             Ho et al. 2020
    x0      the clean latent
    v       a eps - s x_0                         Salimans & Ho, "Progressive Distillation", 2022, appendix D
    recon   the clean latent, trained on the notes it decodes to

a and s broadcast against x_t: scalars or [B, 1, 1] beside [B, Z, L].
"""

from torch import Tensor

from mug.errors import ConfigError

PARAMETERIZATIONS = ("eps", "x0", "v", "recon")


def check_parameterization(name: str) -> None:
    """Raise ConfigError unless `name` is one of PARAMETERIZATIONS."""
    if name not in PARAMETERIZATIONS:
        raise ConfigError(f"parameterization: unknown '{name}'; known are {', '.join(PARAMETERIZATIONS)}")


def target_of(parameterization: str, x_0: Tensor, eps: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return what the denoiser should predict."""
    if parameterization == "eps":
        return eps
    if parameterization == "v":
        return a * eps - s * x_0
    return x_0


def x0_of(parameterization: str, prediction: Tensor, x_t: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return the clean latent that a prediction means."""
    if parameterization == "eps":
        return (x_t - s * prediction) / a
    if parameterization == "v":
        return a * x_t - s * prediction
    return prediction


def eps_of(parameterization: str, prediction: Tensor, x_t: Tensor, a: Tensor, s: Tensor) -> Tensor:
    """Return the noise that a prediction means."""
    if parameterization == "eps":
        return prediction
    if parameterization == "v":
        return s * x_t + a * prediction
    return (x_t - a * prediction) / s
