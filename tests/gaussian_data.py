"""Data whose best denoiser and samples are known exactly: one number, normally distributed."""

from collections.abc import Callable

from torch import Tensor

from mug.diffusion.parameterization import target_of, x0_of

MEAN, STD = 1.5, 0.4


def optimal_x0(
    x: Tensor, t: Tensor, alpha_bar: Tensor, mean: float = MEAN, std: float = STD, parameterization: str = "x0"
) -> Tensor:
    """The best guess of the clean x_0 in x [B, Z, L] at t [B], by way of a perfect prediction: E[x_0 | x_t] is linear
    in x_t.
    """
    a, s = alpha_bar[t][:, None, None].sqrt(), (1 - alpha_bar[t])[:, None, None].sqrt()
    x_0 = mean + a * std**2 / (a**2 * std**2 + s**2) * (x - a * mean)
    eps = (x - a * x_0) / s
    return x0_of(parameterization, target_of(parameterization, x_0, eps, a, s), x, a, s)


def from_noise(guess: Callable[[Tensor, Tensor], Tensor], alpha_bar: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A denoiser that takes away the noise which `guess` makes of (x_t, t)."""

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        a, s = alpha_bar[t][:, None, None].sqrt(), (1 - alpha_bar[t])[:, None, None].sqrt()
        return x0_of("eps", guess(x, t), x, a.to(x.dtype), s.to(x.dtype))

    return denoise


def exact_sample(
    x_T: Tensor, alpha_bar: Tensor, start: int, end: int = 0, mean: float = MEAN, std: float = STD
) -> Tensor:
    """Where the probability flow takes x_T from timestep `start` to `end`: to the same quantile."""
    at_start, at_end = alpha_bar[start], alpha_bar[end]
    quantile = (x_T - at_start.sqrt() * mean) / (at_start * std**2 + 1 - at_start).sqrt()
    return at_end.sqrt() * mean + (at_end * std**2 + 1 - at_end).sqrt() * quantile
