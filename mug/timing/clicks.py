"""A song with clicks on its beats, to hear whether a timing is right.

Axes: S samples, N beats.
"""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap

BEAT_HZ, DOWNBEAT_HZ = 1000.0, 1600.0
CLICK_S, DECAY_S = 0.05, 0.008
MUSIC_GAIN, CLICK_GAIN = 0.6, 0.4
SHORTEST_BEAT_MS = 20.0  # of a chart's effects, beats shorter than this are not clicked


def with_clicks(samples: np.ndarray, sr: int, points: Sequence[TimingPoint]) -> np.ndarray:
    """Mono samples [S] at `sr` Hz -> float32 [S] with a click on each beat, higher where a measure starts."""
    tempo = TempoMap.of_points(points)
    lines = tempo.lines(0.0, len(samples) / sr * 1000, SHORTEST_BEAT_MS, SHORTEST_BEAT_MS)
    peak = float(np.abs(samples).max())
    mixed = samples * np.float32(MUSIC_GAIN / peak if peak > 1 else MUSIC_GAIN)
    downbeats = np.isin(np.round(lines.beats_ms), np.round(lines.measures_ms))
    for hertz, times_ms in ((BEAT_HZ, lines.beats_ms[~downbeats]), (DOWNBEAT_HZ, lines.measures_ms)):
        click = _click(hertz, sr)
        for start in np.round(times_ms / 1000 * sr).astype(np.int64).clip(0):
            part = mixed[start : start + len(click)]
            part += click[: len(part)]
    return mixed.astype(np.float32)


def _click(hertz: float, sr: int) -> np.ndarray:
    t = np.arange(int(CLICK_S * sr)) / sr
    return (CLICK_GAIN * np.sin(2 * np.pi * hertz * t) * np.exp(-t / DECAY_S)).astype(np.float32)
