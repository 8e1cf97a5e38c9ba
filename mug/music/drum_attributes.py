"""Attributes of clips of drums, as numbers.

Axes: S steps (sixteenths), D drums.
"""

from collections.abc import Callable

import numpy as np

from mug.music.drum_grid import DRUMS, STEPS_A_BAR, STEPS_A_BEAT

MARKING = [list(DRUMS).index(name) for name in ("kick", "snare")]  # the drums that mark the beat


def density(grid: np.ndarray) -> float:
    """Hits a bar of a grid, bool [S, D]."""
    return STEPS_A_BAR * int(grid.sum()) / len(grid)


def syncopation(grid: np.ndarray) -> float:
    """The share of kicks and snares that are off the beat, with none of that drum on the beat before; 0 without any.

    grid: bool [S, D]. After Roberts et al. 2018, who ask for no note at the step before.
    """
    marking = grid[:, MARKING].reshape(-1, STEPS_A_BEAT, len(MARKING))  # [beats, 4, 2]
    syncopated = marking & ~marking[:, :1]
    return int(syncopated.sum()) / max(int(marking.sum()), 1)


ATTRIBUTES: dict[str, Callable[[np.ndarray], float]] = {"density": density, "syncopation": syncopation}
