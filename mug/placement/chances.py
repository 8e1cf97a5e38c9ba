"""Output of a placement model: the probability of notes at each moment of a song.

Axes: T note frames (of all passes over the song), N moments.
"""

from dataclasses import dataclass

import numpy as np

NEAR_MS = 25.0  # of a moment: a frame's guess at when its note begins is a few ms off


@dataclass(frozen=True)
class Chances:
    """For every note frame, the time at which its note would start, in order, and the probability of one: both [T].

    After several passes over a song, each counts with its share.
    """

    times_ms: np.ndarray
    chances: np.ndarray

    def at(self, moments_ms: np.ndarray) -> np.ndarray:
        """Return the probability of a note start at each moment [N], 0 to 1: [N].

        The sum over the frames whose notes would begin there, for a moment on the edge of two frames has a share in
        each.
        """
        sums = np.concatenate([[0.0], np.cumsum(self.chances, dtype=np.float64)])
        first = np.searchsorted(self.times_ms, moments_ms - NEAR_MS, side="left")
        stop = np.searchsorted(self.times_ms, moments_ms + NEAR_MS, side="right")
        return np.clip(sums[stop] - sums[first], 0.0, 1.0)
