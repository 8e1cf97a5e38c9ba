"""Notes beside the beat, and timing points that do not form one.

Axes: N times, D divisors.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from mug.charts.tempo_map import TempoMap, is_tempo
from mug.lint.finding import Checked, Spot

#: Snaps of the editor; coarser ones are among them. MapsetVerifier compares with 1/5, 1/7, 1/9, 1/12 and 1/16.
DIVISORS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16)
UNSNAPPED_MS = 3.0  # ranked charts are up to 2.7 ms away where a tempo was rounded


def unsnapped(checked: Checked) -> Iterator[Spot]:
    notes = checked.chart.notes
    times = np.array([note.start_ms for note in notes])
    for i, (away_ms, snap) in _away(checked, times).items():
        yield Spot(f"unsnapped, {_beside(away_ms, snap)}", (notes[i],))


def unsnapped_end(checked: Checked) -> Iterator[Spot]:
    notes = [note for note in checked.chart.notes if note.is_long]
    times = np.array([note.last_ms for note in notes])
    for i, (away_ms, snap) in _away(checked, times).items():
        yield Spot(f"the long note's end is unsnapped, {_beside(away_ms, snap)}", (notes[i],), notes[i].last_ms)


def no_tempo(checked: Checked) -> Iterator[Spot]:
    points = checked.chart.timing_points
    if not points:
        yield Spot("no timing point (red line)")
    for point in points:
        if not is_tempo(point):
            yield Spot(f"a timing point with beats of {point.beat_ms:g} ms", moment_ms=point.time_ms)


def double_line(checked: Checked) -> Iterator[Spot]:
    ordered = sorted(checked.chart.timing_points, key=lambda point: point.time_ms)
    for before, point in pairwise(ordered):
        if point.time_ms == before.time_ms:
            yield Spot(f"two timing points at one time: {before.bpm:g} and {point.bpm:g} BPM", moment_ms=point.time_ms)


def late_line(checked: Checked) -> Iterator[Spot]:
    points, notes = checked.chart.timing_points, checked.chart.notes
    if points and notes:
        first_ms, first_note = min(point.time_ms for point in points), min(notes)
        if first_ms - first_note.start_ms > UNSNAPPED_MS:
            yield Spot(
                f"the first note is {first_ms - first_note.start_ms:.0f} ms before the first timing point",
                (first_note,),
            )


def _away(checked: Checked, times: np.ndarray) -> dict[int, tuple[float, int]]:
    """The times that lie beside all snaps: how far from the nearest one in ms (negative: early), and its divisor."""
    points = [point for point in checked.chart.timing_points if is_tempo(point)]
    if not points or not len(times):
        return {}
    tempo = TempoMap.of_points(points)
    stretch = tempo.stretch_at(times, early=UNSNAPPED_MS)
    away = np.stack([times - tempo.nearest_lines(times, divisor, stretch) for divisor in DIVISORS])  # [D, N]
    nearest = np.abs(away).argmin(axis=0)  # [N], the coarsest of equals
    away_ms = away[nearest, np.arange(len(times))]
    found = np.flatnonzero(np.abs(away_ms) > UNSNAPPED_MS)
    return {int(i): (float(away_ms[i]), DIVISORS[nearest[i]]) for i in found}


def _beside(away_ms: float, divisor: int) -> str:
    return f"{abs(away_ms):.1f} ms {'late' if away_ms > 0 else 'early'} of the nearest snap, 1/{divisor}"
