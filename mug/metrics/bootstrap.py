"""Bootstrap intervals over whole songs, because charts of one song are not independent.

Axes: N charts, R resamples.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

N_RESAMPLES = 1000
CONFIDENCE = 0.95
Statistic = Callable[[np.ndarray], float]  # of the weights of charts [N]; NaN if undefined


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval (NaN for a single song). `charts`: the number of charts behind it."""

    value: float
    low: float
    high: float
    charts: int


def bootstrap(
    statistic: Statistic, songs: Sequence[Hashable], seed: int = 0, n_resamples: int = N_RESAMPLES
) -> tuple[float, float, float]:
    """Return a statistic of all charts and its percentile interval of 95 % (Efron and Tibshirani 1993, section 13.3).

    songs [N]: the song of each chart. Songs are drawn with replacement, each with all of its charts.
    """
    value = statistic(np.ones(len(songs)))
    numbers = {song: i for i, song in enumerate(dict.fromkeys(songs))}
    if len(numbers) < 2:
        return value, float("nan"), float("nan")
    song = np.array([numbers[name] for name in songs])  # [N]
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(numbers), [1 / len(numbers)] * len(numbers), size=n_resamples)  # [R, songs]
    distinct, which = np.unique(draws, axis=0, return_inverse=True)  # of few songs there are few draws
    found = np.array([statistic(draw[song].astype(np.float64)) for draw in distinct])[which.reshape(-1)]
    found = found[np.isfinite(found)]
    if not len(found):
        return value, float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found, (tail, 1 - tail))
    return value, float(low), float(high)


def mean_of(values: np.ndarray) -> Statistic:
    """Return the statistic for the mean of values [N], ignoring NaN."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)

    def mean(weights: np.ndarray) -> float:
        total = weights[known].sum()
        return float(weights @ filled / total) if total > 0 else float("nan")

    return mean


def ratio_of(counts: np.ndarray, sizes: np.ndarray, scale: float = 1.0) -> Statistic:
    """Return the statistic for the sum of counts [N] divided by the sum of sizes [N], times scale."""

    def ratio(weights: np.ndarray) -> float:
        total = weights @ sizes
        return float(weights @ counts / total * scale) if total > 0 else float("nan")

    return ratio
