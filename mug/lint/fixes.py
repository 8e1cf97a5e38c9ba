"""Repairs that leave a chart's rhythm as it is: no moment with notes comes or goes, or moves by more than a few ms."""

import math
from collections.abc import Sequence
from dataclasses import replace

from mug.charts.beatmap import Beatmap, Note
from mug.charts.playability import remove_minijacks
from mug.charts.remarks import Remarks
from mug.charts.tempo_map import is_tempo
from mug.charts.timing import snap
from mug.lint.criteria import MINIJACK_MS, ROUNDING_MS, is_slow, shortest_hold_ms
from mug.lint.finding import Checked
from mug.lint.note_rules import SHORTEST_GAP_MS, STACKED_MS, minijack
from mug.lint.timing_rules import unsnapped, unsnapped_end

SNAP_MS = 10.0  # notes further from the beat may be meant


def fixed(checked: Checked, snap_ms: float = SNAP_MS) -> tuple[Beatmap, tuple[str, ...]]:
    """Return a repaired copy of a chart, and a line for each kind of repair.

    Notes up to `snap_ms` beside the beat are snapped. Of notes in one place the longest stays. Long notes end before
    the next note of their column, and become single notes where they are too short for the chart's difficulty. In easy
    charts, minijacks move to another column. The rest of the chart stays as it is, down to the text it was read from.
    """
    remarks = Remarks()
    notes = _snapped(checked, snap_ms, remarks) if snap_ms else checked.chart.notes
    notes = _apart(notes, checked.chart.keys, shortest_hold_ms(checked.level), remarks)
    notes = _without_minijacks(replace(checked, chart=replace(checked.chart, notes=notes)), remarks)
    return replace(checked.chart, notes=sorted(notes)), remarks.lines()


def _snapped(checked: Checked, snap_ms: float, remarks: Remarks) -> list[Note]:
    points = [point for point in checked.chart.timing_points if is_tempo(point)]
    beside = {note for rule in (unsnapped, unsnapped_end) for spot in rule(checked) for note in spot.notes}
    notes: list[Note] = []
    for note in checked.chart.notes:
        new = note
        if note in beside:
            (moved,) = snap([note], points, tolerance_ms=snap_ms)
            end_ms = None if moved.end_ms is None else float(round(moved.end_ms))
            new = Note(float(round(moved.start_ms)), note.column, end_ms)
        if new != note:
            remarks.add("notes snapped", f"at {note.start_ms:.0f} ms")
        notes.append(new)
    return notes


def _apart(notes: Sequence[Note], keys: int, shortest_ms: float, remarks: Remarks) -> list[Note]:
    """The notes without two in one place, without long notes over others, and without too short long notes."""
    columns: list[list[Note]] = [[] for _ in range(keys)]
    for note in sorted(notes, key=lambda note: (note.start_ms, -note.last_ms)):
        column = columns[note.column]
        if column and note.start_ms - column[-1].start_ms <= STACKED_MS:
            remarks.add("notes removed from under another one", f"at {note.start_ms:.0f} ms")
            continue
        if column and note.start_ms < column[-1].last_ms:
            remarks.add("long notes that end earlier, before the next note", f"at {note.start_ms:.0f} ms")
            column[-1] = replace(column[-1], end_ms=note.start_ms - SHORTEST_GAP_MS)
        column.append(note)
    kept = [note for column in columns for note in column]
    for i, note in enumerate(kept):
        if note.is_long and note.last_ms - note.start_ms < shortest_ms:
            remarks.add("too short long notes that are single notes now", f"at {note.start_ms:.0f} ms")
            kept[i] = replace(note, end_ms=None)
    return kept


def _without_minijacks(checked: Checked, remarks: Remarks) -> list[Note]:
    notes = checked.chart.notes
    if not is_slow(checked.level) or not any(minijack(checked)):
        return list(notes)
    interval_ms = math.nextafter(MINIJACK_MS + ROUNDING_MS, math.inf)
    kept, moved, _ = remove_minijacks(notes, checked.chart.keys, interval_ms)
    moments = {note.start_ms for note in kept}
    kept += [note for note in notes if note.start_ms not in moments]  # no column was free: the rhythm comes first
    for _ in range(moved):
        remarks.add("minijacks moved to another column")
    for _ in range(len(notes) - len(kept)):
        remarks.add("notes of chords removed that made a minijack")
    return kept
