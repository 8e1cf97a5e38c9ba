"""The moments of a chart: notes that start together, as rows of keys.

Axis: N moments.
"""

import numpy as np

from mug.charts.beatmap import Beatmap

CHORD_MS = 10.0  # notes this close are one chord: networks write the notes of a chord some ms apart


def rows_of(chart: Beatmap) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments of a chart, sorted: float64 [N] in ms, and int64 [N], the keys of each as bits (column 0: 1).

    A chord is one moment, at the time of its first note; a key that occurs twice in it counts once.
    """
    moments: list[float] = []
    keys: list[int] = []
    for note in sorted(chart.notes, key=lambda note: note.start_ms):
        if not moments or note.start_ms - moments[-1] > CHORD_MS:
            moments.append(note.start_ms)
            keys.append(0)
        keys[-1] |= 1 << note.column
    return np.array(moments, np.float64), np.array(keys, np.int64)
