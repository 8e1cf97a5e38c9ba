"""The optional Python package `minacalc`, bindings to Etterna's own calculator.

Its documentation: https://github.com/Glubus/minacalc-rs/tree/main/bindings/python

Axes: N notes, R rates.
"""

import importlib
import importlib.metadata
from collections.abc import Sequence
from functools import cache
from types import ModuleType

import numpy as np

from mug.errors import ConfigError

MODULE = "minacalc"
NAMES = ("overall", "stream", "jumpstream", "handstream", "stamina", "jackspeed", "chordjack", "technical")
SCORE_GOAL = 0.93
FEWEST_ROWS = 2


@cache
def minacalc() -> ModuleType | None:
    """Return the module, None if not installed.

    Raises ConfigError if it does not load or is another program, so that its ratings never mix with the estimate's.
    """
    try:
        module = importlib.import_module(MODULE)
    except ModuleNotFoundError as error:
        if error.name == MODULE:
            return None
        raise ConfigError(f"minacalc is installed but does not load: {error}; repair or uninstall it") from error
    except (ImportError, OSError) as error:
        raise ConfigError(f"minacalc is installed but does not load: {error}; repair or uninstall it") from error
    if not callable(getattr(module, "calc_at_rate", None)):
        raise ConfigError(
            f"the module minacalc at {getattr(module, '__file__', '?')} has no calc_at_rate(notes, rate, goal, keys, "
            "mode): it is another package of that name; uninstall it, or install the one from github.com/Glubus"
        )
    return module


def minacalc_version() -> str:
    """Return the version string of the installed minacalc."""
    try:
        return f"{MODULE}-{importlib.metadata.version(MODULE)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{MODULE}-{getattr(minacalc(), '__version__', 'unknown')}"


def minacalc_msd(module: ModuleType, column: np.ndarray, start_ms: np.ndarray, rates: Sequence[float]) -> np.ndarray:
    """Return float32 [R, 8], the ratings of a 4K chart by NAMES; zero for one with fewer than two rows.

    `column` int [N], `start_ms` float [N]. Raises ConfigError if the package refuses the chart or does not return
    what it documents.
    """
    result = np.zeros((len(rates), len(NAMES)), dtype=np.float32)
    time_ms, row = np.unique(np.round(start_ms), return_inverse=True)
    if len(time_ms) < FEWEST_ROWS:
        return result
    mask = np.zeros(len(time_ms), dtype=np.int64)
    np.bitwise_or.at(mask, row, 1 << column)
    notes = list(zip(mask.tolist(), (time_ms / 1000).tolist(), strict=True))
    for index, rate in enumerate(rates):
        try:
            scores = module.calc_at_rate(notes, rate=rate, goal=SCORE_GOAL, keys=4, mode="ssr")
            result[index] = [getattr(scores, name) for name in NAMES]
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise ConfigError(
                f"minacalc does not rate a chart of {len(notes)} rows at {rate}x as it documents: "
                f"{type(error).__name__}: {error}; repair or uninstall it"
            ) from error
    return result
