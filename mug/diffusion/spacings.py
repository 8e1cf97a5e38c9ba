"""Which timesteps a sampler visits: one table of spacings. No torch, so that --help can read it."""

import math
from collections.abc import Callable

import numpy as np

from mug.errors import ConfigError

KARRAS_RHO = 7.0  # Karras et al. 2022, table 1, as are the noise levels where its curve may begin and end
KARRAS_SIGMAS = (0.002, 80.0)


def visited_timesteps(steps: int, alpha_bar: np.ndarray, spacing: str = "uniform") -> np.ndarray:
    """Return the timesteps that a sampler with `steps` steps visits, int64, rising, each in 0..timesteps-1.

    alpha_bar: float [timesteps]. If its last timestep is pure noise, sampling starts there, whatever the spacing.
    Raises ConfigError for an unknown spacing or a step count outside 1..timesteps.
    """
    timesteps = len(alpha_bar)
    if not 1 <= steps <= timesteps:
        raise ConfigError(f"steps: {steps} is not between 1 and {timesteps}, the timesteps the model was trained with")
    if spacing not in SPACINGS:
        raise ConfigError(f"spacing: unknown '{spacing}'; known are {', '.join(SPACINGS)}")
    visited = SPACINGS[spacing](steps, alpha_bar)
    if alpha_bar[-1] == 0:
        visited[-1] = timesteps - 1
    return visited


def trailing(steps: int, alpha_bar: np.ndarray) -> np.ndarray:
    """Exactly `steps`, ending on the last timestep, so that sampling starts from pure noise.

    Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", 2023.
    """
    return np.round(np.arange(1, steps + 1) * (len(alpha_bar) / steps)).astype(np.int64) - 1


def uniform(steps: int, alpha_bar: np.ndarray) -> np.ndarray:
    """Every (timesteps // steps)-th from 1 on, as in Song et al. 2020; it may give a few more than `steps`.

    If it would run past the last timestep, "trailing" is used instead.
    """
    timesteps = len(alpha_bar)
    strided = np.arange(0, timesteps, timesteps // steps) + 1
    return strided if strided[-1] < timesteps else trailing(steps, alpha_bar)


def quad(steps: int, alpha_bar: np.ndarray) -> np.ndarray:
    """Denser towards low noise (Song et al. 2020, appendix D.2); neighbours that round to one timestep are merged."""
    timesteps = len(alpha_bar)
    squares = (np.linspace(0, math.sqrt(timesteps * 0.8), steps) ** 2).astype(np.int64) + 1
    return np.unique(np.minimum(squares, timesteps - 1))


def karras(steps: int, alpha_bar: np.ndarray) -> np.ndarray:
    """Exactly `steps`, at the timesteps nearest to the noise levels of equation 5 of Karras et al. 2022.

    "Elucidating the Design Space of Diffusion-Based Generative Models" (arXiv:2206.00364). A level is the standard
    deviation of the noise where the data has its own scale, sqrt(1 / alpha_bar - 1). Where several levels are nearest
    to one timestep, the next free ones are taken.
    """
    timesteps = len(alpha_bar)
    with np.errstate(divide="ignore"):  # alpha_bar may be 0 at the end
        sigmas = np.sqrt(1 / alpha_bar - 1)  # rising
    low, high = np.clip(sigmas[[0, -1]], *KARRAS_SIGMAS) ** (1 / KARRAS_RHO)
    levels = np.linspace(low, high, steps + 1)[1:] ** KARRAS_RHO  # the lowest is where sampling ends
    nearest = np.abs(np.log(sigmas)[:, None] - np.log(levels)).argmin(axis=0)
    order = np.arange(steps)
    rising = np.maximum.accumulate(nearest - order) + order  # each one above the one before
    return np.minimum(rising, timesteps - steps + order)


SPACINGS: dict[str, Callable[[int, np.ndarray], np.ndarray]] = {
    "uniform": uniform,
    "quad": quad,
    "karras": karras,
    "trailing": trailing,
}
