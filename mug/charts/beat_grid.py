"""Times -> beats and rows, for games whose charts count in beats: the inverse of beat_clock.py.

Axes: P stretches of one tempo, N notes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mug.charts.beatmap import Note, TimingPoint, note_arrays
from mug.charts.remarks import Remarks
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError

ROWS_PER_BEAT = 48  # the grid that StepMania keeps tempo changes on
MAX_BEATS = 400_000  # 15 hours at 440 BPM
ROUNDING_BARS = 1e-6
ROUNDING_MS = 1.0  # a first note in whole ms may be this early beside its beat

LEFT_OUT = "notes left out that share their place with another note"
SHORTENED = "long notes that end earlier, before the next note of their column"


class Placed(NamedTuple):
    """A note on a grid: its column, the tick of its start, and that of its end (None: a single note)."""

    column: int
    start: int
    end: int | None


def on_rows(points: Sequence[TimingPoint], not_after_ms: float, last_ms: float) -> TempoMap:
    """Return the map of timing points whose tempo changes lie on rows of 1/48 beat. Its beat 0 begins a bar.

    Every timing point keeps its time: the beats between two of them are rounded to whole rows, at least one, and their
    tempo is the one that fills the time. Beat 0 is on the first timing point, or as many bars before it as bring it to
    `not_after_ms`, give or take ROUNDING_MS. Raises ChartError for no tempo, and for more beats until the last timing
    point or `last_ms` than a file may hold.
    """
    tempo = TempoMap.of_points(points)
    spans = np.diff(tempo.times)
    rows = np.maximum(np.rint(spans / tempo.lengths[:-1] * ROWS_PER_BEAT), 1)  # [P - 1]
    lengths = np.append(spans / rows * ROWS_PER_BEAT, tempo.lengths[-1])  # [P], of a beat in ms
    bar_ms = lengths[0] * tempo.meters[0]
    bars = max(np.ceil((tempo.times[0] - ROUNDING_MS - not_after_ms) / bar_ms - ROUNDING_BARS), 0.0)
    beats = np.concatenate([[0.0], bars * tempo.meters[0] + np.cumsum(rows) / ROWS_PER_BEAT])
    times = np.append(tempo.times[0] - bars * bar_ms, tempo.times[1:])
    grid = TempoMap(beats, times, lengths, meters=tempo.meters)
    n_beats = max(float(beats[-1]), float(grid.beats_at(last_ms)))
    if n_beats > MAX_BEATS:
        raise ChartError(f"{n_beats:.0f} beats at this tempo; at most {MAX_BEATS} are written")
    return grid


def bar_starts(grid: TempoMap) -> list[tuple[float, int]]:
    """Return (beat, beats per bar) wherever bars are counted anew: at another meter, or inside a bar.

    Until the first one, bars of 4 beats are counted from beat 0.
    """
    starts: list[tuple[float, int]] = []
    origin, meter = 0.0, 4
    for beat, new_meter in zip(grid.beats.tolist(), grid.meters.tolist(), strict=True):
        if new_meter != meter or (beat - origin) % meter > ROUNDING_BARS:
            starts.append((beat, new_meter))
            origin, meter = beat, new_meter
    return starts


def placed(
    notes: Sequence[Note], ticks_of: Callable[[np.ndarray], np.ndarray], remarks: Remarks, gap: int = 0
) -> list[Placed]:
    """Return notes on a grid, sorted by start. `ticks_of`: times in ms [N] -> whole ticks [N].

    Long notes last a tick at least. `gap`: the fewest ticks between the end of a long note and the next note of its
    column; long notes end earlier for it, or become single notes. Of notes on one tick of a column one is kept.
    """
    columns, starts_ms, ends_ms = note_arrays(notes)
    starts, ends = ticks_of(starts_ms).tolist(), ticks_of(ends_ms).tolist()
    ordered = sorted(zip(columns.tolist(), starts, ends, notes, strict=True), key=lambda item: (*item[:2], -item[2]))
    kept: list[Placed] = []
    for column, start, end, note in ordered:
        last = kept[-1] if kept and kept[-1].column == column else None
        if last is not None and start <= last.start:
            remarks.add(LEFT_OUT, f"at {note.start_ms:.0f} ms")
            continue
        if last is not None and last.end is not None and last.end > start - gap:
            remarks.add(SHORTENED, f"before {note.start_ms:.0f} ms")
            end_before = start - gap
            kept[-1] = last._replace(end=end_before if end_before > last.start else None)
        kept.append(Placed(column, start, max(end, start + 1) if note.is_long else None))
    return sorted(kept, key=lambda note: (note.start, note.column))
