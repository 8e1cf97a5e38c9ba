"""Data whose best denoiser and samples are known exactly: one number, normally distributed."""

from torch import Tensor

from mug.diffusion.parameterization import eps_of, target_of

MEAN, STD = 1.5, 0.4


def optimal_eps(
    x: Tensor, t: Tensor, alpha_bar: Tensor, mean: float = MEAN, std: float = STD, parameterization: str = "eps"
) -> Tensor:
    """The best guess of the noise in x [B, Z, L] at t [B]: E[x_0 | x_t] is linear in x_t."""
    a, s = alpha_bar[t][:, None, None].sqrt(), (1 - alpha_bar[t])[:, None, None].sqrt()
    x_0 = mean + a * std**2 / (a**2 * std**2 + s**2) * (x - a * mean)
    eps = (x - a * x_0) / s
    return eps_of(parameterization, target_of(parameterization, x_0, eps, a, s), x, a, s)


def exact_sample(
    x_T: Tensor, alpha_bar: Tensor, start: int, end: int = 0, mean: float = MEAN, std: float = STD
) -> Tensor:
    """Where the probability flow takes x_T from timestep `start` to `end`: to the same quantile."""
    at_start, at_end = alpha_bar[start], alpha_bar[end]
    quantile = (x_T - at_start.sqrt() * mean) / (at_start * std**2 + 1 - at_start).sqrt()
    return at_end.sqrt() * mean + (at_end * std**2 + 1 - at_end).sqrt() * quantile
