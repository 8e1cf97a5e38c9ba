"""Etterna's skillset ratings (MSD) of 4K charts at any rate: by the calculator if `minacalc` is installed, else by an
estimate of it (docs/msd.md).

Axes: N notes, R rates.
"""

from collections.abc import Sequence

import numpy as np

from mug.ratings.msd.estimate import PARAMETERS_VERSION, estimate_msd
from mug.ratings.msd.minacalc import NAMES, minacalc, minacalc_msd, minacalc_version

MSD_NAMES = NAMES
KEYS = 4


def calculator_version() -> str:
    """Return the name of the calculator in use; ratings only change if this name does. Raises ConfigError."""
    return f"mug-{PARAMETERS_VERSION}" if minacalc() is None else minacalc_version()


def rate_msd(column: np.ndarray, start_ms: np.ndarray, keys: int, rates: Sequence[float] = (1.0,)) -> np.ndarray | None:
    """Return float32 [R, 8], the ratings named by MSD_NAMES at each rate; None for a chart that is not 4K.

    `column` int [N] and `start_ms` float [N] are the notes in any order, a long note by its head. All are zero for a
    chart that the calculator does not rate. Raises ValueError for rates that are not positive or invalid notes,
    ConfigError for an unusable minacalc.
    """
    column, start_ms = np.asarray(column), np.asarray(start_ms, dtype=np.float64)
    if column.ndim != 1 or column.shape != start_ms.shape:
        raise ValueError(f"expected as many columns as times, got {column.shape} and {start_ms.shape}")
    if not all(np.isfinite(rate) and rate > 0 for rate in rates):
        raise ValueError(f"expected positive rates, got {list(rates)}")
    if keys != KEYS:
        return None
    if len(column) and not (column.min() >= 0 and column.max() < KEYS and np.isfinite(start_ms).all()):
        raise ValueError(f"expected columns 0 to {KEYS - 1} and finite times, got {column.min()} to {column.max()}")
    column = column.astype(np.int64)
    module = minacalc()
    if module is not None:
        return minacalc_msd(module, column, start_ms, rates)
    return estimate_msd(column, start_ms, rates)
