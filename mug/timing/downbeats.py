"""Where measures start, given the beats: the meter and the first beat of each measure.

Axes: N beats.
"""

from dataclasses import dataclass

import numpy as np

METERS = {4: 0.0, 3: -6.0}  # beats in a measure, and what each is worth beforehand
SHIFT = 12.0  # what it costs if a measure has too many beats or too few


@dataclass(frozen=True)
class Measures:
    """places: of each beat in its measure, from 0, int64 [N]. score: the log-odds of the downbeats minus costs."""

    meter: int
    places: np.ndarray
    score: float


def find_measures(log_odds: np.ndarray, meters: dict[int, float] = METERS) -> Measures:
    """Return the measures of a song whose downbeats are the most likely: dynamic programming over places.

    log_odds [N]: of a measure starting at each beat, clipped to what evidence is worth.
    """
    return max((_measures_of(log_odds, meter, worth) for meter, worth in meters.items()), key=lambda m: m.score)


def _measures_of(log_odds: np.ndarray, meter: int, worth: float) -> Measures:
    """The best places in measures of one length. A measure may be cut short or prolonged, at the cost of SHIFT."""
    n = len(log_odds)
    gain = np.zeros((n, meter))
    gain[:, 0] = log_odds
    value = gain[0].copy()
    came = np.zeros((n, meter), np.int64)
    for i in range(1, n):
        steady = np.roll(value, 1)  # from place p - 1 to p
        jump = value.max() - SHIFT
        before = np.roll(np.arange(meter), 1)
        came[i] = np.where(steady >= jump, before, int(value.argmax()))
        value = np.maximum(steady, jump) + gain[i]
    places = np.zeros(n, np.int64)
    places[-1] = int(value.argmax())
    for i in range(n - 1, 0, -1):
        places[i - 1] = came[i, places[i]]
    return Measures(meter, places, float(value.max()) + worth)
