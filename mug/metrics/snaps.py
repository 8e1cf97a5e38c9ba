"""Beat snaps of notes, by a chart's own timing points.

Beats are folded to 150 to 300 BPM: whether a song has 100 or 200 BPM is a matter of taste, and two charts of a song
need not agree. Axes: N notes, S snaps.
"""

import math
from dataclasses import replace

import numpy as np

from mug.charts.beatmap import Beatmap, beat_ms_of
from mug.charts.tempo_map import TempoMap, is_tempo
from mug.charts.timing import BPM_RANGE, SNAP_DIVISORS

SNAPS = (*(f"1/{divisor}" for divisor in SNAP_DIVISORS), "off")
WITHIN_MS = 2.0  # times and offsets in files are whole ms


def snap_shares(chart: Beatmap) -> np.ndarray:
    """Return float64 [S]: the shares of notes on 1/1, else on 1/2, ..., or on none (SNAPS).

    Beats are counted from the timing point before a note; notes before the first one use the first. All 0 for a chart
    without notes or without a tempo.
    """
    shares = np.zeros(len(SNAPS))
    points = [replace(p, beat_ms=_folded(p.beat_ms)) for p in chart.timing_points if is_tempo(p)]
    if not points or not chart.notes:
        return shares
    tempo = TempoMap.of_points(points)
    times = np.array([note.start_ms for note in chart.notes])  # [N]
    stretch = tempo.stretch_at(times, early=WITHIN_MS)
    free = np.ones(len(times), bool)
    for place, divisor in enumerate(SNAP_DIVISORS):
        away_ms = np.abs(tempo.nearest_lines(times, divisor, stretch) - times)
        hit = free & (away_ms <= WITHIN_MS + 1e-6)
        shares[place] = hit.mean()
        free &= ~hit
    shares[-1] = free.mean()
    return shares


def _folded(beat_ms: float) -> float:
    """The beat length halved or doubled until its tempo is in BPM_RANGE."""
    return beat_ms * 2.0 ** math.floor(math.log2(beat_ms_of(BPM_RANGE[0]) / beat_ms))
