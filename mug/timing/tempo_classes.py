"""Tempo as classes: steps of equal ratio, as in Schreiber & Mueller, "A single-step approach to musical tempo
estimation", 2018.

Axes: K tempo classes, N tempo frames.
"""

import numpy as np

N_CLASSES = 100
LOWEST_BPM, HIGHEST_BPM = 50.0, 300.0
TEMPO_FRAMES = 8  # note frames per tempo frame: 372 ms with the usual audio settings

BPMS = np.geomspace(LOWEST_BPM, HIGHEST_BPM, N_CLASSES)  # [K]; neighbours are 1.8 % apart
STEP = float(np.log(BPMS[1] / BPMS[0]))


def in_range(bpm: float) -> bool:
    """Whether a tempo is within half a class of the classes."""
    return LOWEST_BPM * np.exp(-STEP / 2) <= bpm <= HIGHEST_BPM * np.exp(STEP / 2)


def position_of(bpm: np.ndarray | float) -> np.ndarray:
    """The class of tempos as a number with its fraction: 0 is LOWEST_BPM, N_CLASSES - 1 is HIGHEST_BPM."""
    return np.log(np.asarray(bpm, dtype=np.float64) / LOWEST_BPM) / STEP
