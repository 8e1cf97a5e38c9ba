"""What a placement model says of a song: how likely it is that a chart has notes at a moment.

Axes: T note frames (of all times that the song was heard), N moments.
"""

from dataclasses import dataclass

import numpy as np

NEAR_MS = 25.0  # of a moment: a frame's guess at when its note begins is a few ms off


@dataclass(frozen=True)
class Chances:
    """For every note frame when its note would begin, in order, and how likely it is that one does: both [T].

    Where a song was heard more than once, each time has its share.
    """

    times_ms: np.ndarray
    chances: np.ndarray

    def at(self, moments_ms: np.ndarray) -> np.ndarray:
        """How likely it is that notes begin at each moment [N], 0 to 1: [N].

        The sum over the frames whose notes would begin there, for a moment on the edge of two frames has a share in
        each.
        """
        sums = np.concatenate([[0.0], np.cumsum(self.chances, dtype=np.float64)])
        first = np.searchsorted(self.times_ms, moments_ms - NEAR_MS, side="left")
        stop = np.searchsorted(self.times_ms, moments_ms + NEAR_MS, side="right")
        return np.clip(sums[stop] - sums[first], 0.0, 1.0)
