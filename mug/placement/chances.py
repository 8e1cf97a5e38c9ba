"""Output of a placement model: the probability of notes at each moment of a song.

Axes: T note frames (of all passes over the song), N moments.
"""

from dataclasses import dataclass

import numpy as np

NEAR_MS = 25.0  # around a moment: a frame's prediction of its note start is a few ms off


@dataclass(frozen=True)
class Chances:
    """For every note frame, in order of time: when its note would start, and the probability of one; both [T].

    If a song is predicted in several passes, the probabilities are divided by the number of passes.
    """

    times_ms: np.ndarray
    chances: np.ndarray

    def at(self, moments_ms: np.ndarray) -> np.ndarray:
        """Return the probability of a note start at each moment [N], 0 to 1: [N].

        It is the sum over frames with predicted starts near the moment: at the edge of two frames, both have a share of
        the probability.
        """
        sums = np.concatenate([[0.0], np.cumsum(self.chances, dtype=np.float64)])
        first = np.searchsorted(self.times_ms, moments_ms - NEAR_MS, side="left")
        stop = np.searchsorted(self.times_ms, moments_ms + NEAR_MS, side="right")
        return np.clip(sums[stop] - sums[first], 0.0, 1.0)
