"""Onset F1 just before and just after a change of tempo: notes that lag behind a change are wrong after it.

Axes: N moments, C changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.tempo_map import TempoMap, is_tempo
from mug.metrics.onsets import onset_f1

AROUND_MS = 10_000.0  # before and after
SAME_TEMPO = 0.005  # red lines that only begin a measure anew, or follow a drummer; over a whole gradual change
GRADUAL_MS = 3_000.0  # changes this close are one gradual change
EARLY_MS = 25.0  # a note this much before the change belongs to it


@dataclass(frozen=True)
class Change:
    """A change of tempo, from the old one's end to the new one's beginning; the same moment if it is sudden."""

    start_ms: float
    end_ms: float


def tempo_changes(chart: Beatmap) -> list[Change]:
    """The changes of tempo in a chart's timing points, in order."""
    points = [point for point in chart.timing_points if is_tempo(point)]
    if not points:
        return []
    tempo = TempoMap.of_points(points)
    numbers = (np.flatnonzero(np.diff(tempo.lengths)) + 1).tolist()
    runs: list[list[int]] = []  # of stretches: one, or those of a gradual change
    for number in numbers:
        if runs and tempo.times[number] - tempo.times[runs[-1][-1]] < GRADUAL_MS:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        Change(float(tempo.times[run[0]]), float(tempo.times[run[-1]]))
        for run in runs
        if abs(tempo.lengths[run[-1]] / tempo.lengths[run[0] - 1] - 1) > SAME_TEMPO
    ]


def f1_around(
    changes: Sequence[Change], reference_ms: np.ndarray, estimated_ms: np.ndarray, tolerance_ms: float
) -> tuple[float, float]:
    """Return the onset F1 of moments [N] within AROUND_MS before the changes and after them.

    Over the same length on both sides, up to the next change and while the reference has notes. NaN without changes,
    or where the reference has no notes.
    """
    sides: tuple[list[float], list[float]] = ([], [])
    first_ms, last_ms = (float(reference_ms[0]), float(reference_ms[-1])) if len(reference_ms) else (0.0, 0.0)
    for i, change in enumerate(changes):
        low_ms = changes[i - 1].end_ms if i else first_ms
        high_ms = changes[i + 1].start_ms if i + 1 < len(changes) else last_ms
        length_ms = min(AROUND_MS, change.start_ms - low_ms, high_ms - change.end_ms)
        for scores, start_ms in zip(sides, (change.start_ms - length_ms, change.end_ms), strict=True):
            there, guessed = (
                times[(times >= start_ms - EARLY_MS) & (times < start_ms + length_ms - EARLY_MS)]
                for times in (reference_ms, estimated_ms)
            )
            if len(there):
                scores.append(onset_f1(there, guessed, tolerance_ms).f1)
    before, after = (float(np.mean(scores)) if scores else float("nan") for scores in sides)
    return before, after
