"""Moments that are the same one of a motif: at the same place in measures that share their noise.

Axes: N moments, M measures.
"""

from collections.abc import Callable

import numpy as np

from mug.data.beat_axis import BeatAxis
from mug.data.motifs import Motifs
from mug.data.time_grid import Frames

PLACES_PER_BEAT = 96  # of the axis: all lines that charts use are among them

Places = Callable[[np.ndarray], np.ndarray]  # times of moments in the song [N] -> numbers of their places [N]


def motif_places(motifs: Motifs, axis: BeatAxis, latents: Frames) -> Places:
    """Return what numbers moments, so that those at the same place of measures that share their noise are equal.

    motifs: the repeats of one chart, in latent frames, see mug.generation.prepared.Prepared.repeats.
    """
    starts_ms = latents.to_ms(np.array(motifs.starts[:-1], dtype=np.float64))  # [M]
    firsts = np.array(motifs.firsts, dtype=np.int64)

    def places(times_ms: np.ndarray) -> np.ndarray:
        axis_ms = axis.settled(axis.to_axis(times_ms))
        measures = np.maximum(np.searchsorted(starts_ms, axis_ms, side="right") - 1, 0)
        since = np.round((axis_ms - starts_ms[measures]) / axis.beat_ms * PLACES_PER_BEAT).astype(np.int64)
        _, numbers = np.unique(np.stack([firsts[measures], since]), axis=1, return_inverse=True)
        return numbers.reshape(-1)

    return places
