"""Noise schedules: how much noise each timestep carries.

Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", 2020; alpha_bar_t = prod(1 - beta_s, s <= t).
"""

import math

import numpy as np
import torch
from torch import Tensor

from mug.diffusion.parameterization import x0_per_prediction
from mug.errors import ConfigError

MAX_BETA = 0.999  # Nichol & Dhariwal 2021: a beta of one would make the reverse step singular


def make_beta_schedule(
    name: str,
    timesteps: int = 1000,
    linear_start: float = 1e-4,
    linear_end: float = 2e-2,
    zero_terminal_snr: bool = False,
) -> np.ndarray:
    """Return the betas, float64 [timesteps].

    "linear" is linear in sqrt(beta), "sqrt_linear" is linear in beta, and "sqrt" is the square root of sqrt_linear.
    "cosine" is Nichol & Dhariwal, "Improved DDPM", 2021, equation 17 (it ignores linear_start and linear_end).
    "rectified_flow" has the noise levels tau = 1/timesteps .. 1 of a rectified flow (Liu, Gong, Liu 2022); its last
    beta is 1, which leaves no signal. `zero_terminal_snr` does the same to the other schedules. Raises ConfigError for
    an unknown name or impossible timesteps.
    """
    if timesteps < 1 + zero_terminal_snr:
        raise ConfigError(f"timesteps: {timesteps} is impossible, this schedule needs {1 + zero_terminal_snr} or more")
    betas = _betas(name, timesteps, linear_start, linear_end)
    return _without_terminal_signal(betas) if zero_terminal_snr else betas


def _betas(name: str, timesteps: int, linear_start: float, linear_end: float) -> np.ndarray:
    if name == "linear":
        return np.linspace(math.sqrt(linear_start), math.sqrt(linear_end), timesteps, dtype=np.float64) ** 2
    if name == "sqrt_linear":
        return np.linspace(linear_start, linear_end, timesteps, dtype=np.float64)
    if name == "sqrt":
        return np.linspace(linear_start, linear_end, timesteps, dtype=np.float64) ** 0.5
    if name == "cosine":
        shift = 0.008
        phase = (np.arange(timesteps + 1, dtype=np.float64) / timesteps + shift) / (1 + shift) * math.pi / 2
        alpha_bar = np.cos(phase) ** 2
        return np.clip(1 - alpha_bar[1:] / alpha_bar[:-1], 0.0, MAX_BETA)
    if name == "rectified_flow":
        tau = np.arange(timesteps + 1, dtype=np.float64) / timesteps
        alpha_bar = (1 - tau) ** 2 / ((1 - tau) ** 2 + tau**2)  # with the same signal-to-noise ratio
        return 1 - alpha_bar[1:] / alpha_bar[:-1]
    known = "linear, sqrt_linear, sqrt, cosine, rectified_flow"
    raise ConfigError(f"beta_schedule: unknown '{name}'; known are {known}")


def _without_terminal_signal(betas: np.ndarray) -> np.ndarray:
    """Rescale betas [timesteps] so that the last step leaves no signal and the first alpha_bar does not change.

    Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", 2023, algorithm 1.
    """
    a = np.sqrt(np.cumprod(1.0 - betas))
    alpha_bar = ((a - a[-1]) * a[0] / (a[0] - a[-1])) ** 2
    return 1 - alpha_bar / np.append(1.0, alpha_bar[:-1])


def schedule_buffers(betas: np.ndarray) -> dict[str, Tensor]:
    """Return the buffers of the forward process and its posterior, float32 [timesteps] each, by their usual names.

    posterior_*: q(x_{t-1} | x_t, x_0), equations 6 and 7 of Ho et al.
    """
    alphas = 1.0 - betas
    alpha_bar = np.cumprod(alphas)
    alpha_bar_prev = np.append(1.0, alpha_bar[:-1])
    posterior_variance = betas * (1.0 - alpha_bar_prev) / (1.0 - alpha_bar)
    with np.errstate(divide="ignore"):  # alpha_bar may be 0 at the end
        recip = 1.0 / alpha_bar
    arrays = {
        "betas": betas,
        "alphas_cumprod": alpha_bar,
        "alphas_cumprod_prev": alpha_bar_prev,
        "sqrt_alphas_cumprod": np.sqrt(alpha_bar),
        "sqrt_one_minus_alphas_cumprod": np.sqrt(1.0 - alpha_bar),
        "log_one_minus_alphas_cumprod": np.log(1.0 - alpha_bar),
        "sqrt_recip_alphas_cumprod": np.sqrt(recip),
        "sqrt_recipm1_alphas_cumprod": np.sqrt(recip - 1.0),
        "posterior_variance": posterior_variance,
        # The variance is 0 at t = 0, so its logarithm is clipped.
        "posterior_log_variance_clipped": np.log(np.maximum(posterior_variance, 1e-20)),
        "posterior_mean_coef1": betas * np.sqrt(alpha_bar_prev) / (1.0 - alpha_bar),
        "posterior_mean_coef2": (1.0 - alpha_bar_prev) * np.sqrt(alphas) / (1.0 - alpha_bar),
    }
    return {name: torch.from_numpy(array).float() for name, array in arrays.items()}


def vlb_weights(betas: np.ndarray, parameterization: str = "eps") -> Tensor:
    """Return the weight of each timestep's error in the variational bound, float32 [timesteps].

    An error of x_0 has the weight (snr_{t-1} - snr_t) / 2 (Kingma et al., "Variational Diffusion Models", 2021,
    equation 14), which is converted to the predicted quantity; for the noise that is equation 12 of Ho et al. The first
    weight would be infinite and is set to the second. With a single timestep it is 1.
    """
    alpha_bar = torch.from_numpy(np.cumprod(1.0 - betas))
    if len(alpha_bar) == 1:
        return torch.ones(1)
    snr = alpha_bar / (1.0 - alpha_bar)
    slope = x0_per_prediction(parameterization, alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt())
    weights = 0.5 * (snr[:-1] - snr[1:]) * slope[1:] ** 2
    return torch.cat([weights[:1], weights]).float()


def min_snr_weights(betas: np.ndarray, gamma: float | None, parameterization: str) -> Tensor:
    """Return the min-SNR weight of each timestep's loss, float32 [timesteps]; all ones if gamma is None.

    An error of x_0 has the weight min(snr, gamma), which is converted to the predicted quantity: Hang et al.,
    "Efficient Diffusion Training via Min-SNR Weighting Strategy", 2023 (arXiv:2303.09556). At a timestep without signal
    it would be 0; it is set to 1, because sampling starts there. Raises ConfigError for a gamma that is not positive.
    """
    if gamma is None:
        return torch.ones(len(betas))
    if not gamma > 0:
        raise ConfigError(f"min_snr_gamma: {gamma} is not above 0; 5 is what its authors use")
    alpha_bar = torch.from_numpy(np.cumprod(1.0 - betas))
    snr = alpha_bar / (1.0 - alpha_bar)
    slope = x0_per_prediction(parameterization, alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt())
    return torch.where(snr > 0, snr.clamp(max=gamma) * slope**2, 1.0).float()
