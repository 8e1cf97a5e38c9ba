"""What the notes alone show: collisions in a column, long notes, chords, columns."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mug.charts.beatmap import Note
from mug.charts.rows import CHORD_MS, rows_of
from mug.lint.criteria import (
    EXPERT,
    KEY_COUNTS,
    MINIJACK_MS,
    MOST_KEYS,
    ROUNDING_MS,
    is_slow,
    largest_chord,
    shortest_hold_ms,
)
from mug.lint.finding import Checked, Spot

STACKED_MS = 1.0
SHORTEST_GAP_MS = 20.0  # between the end of a long note and the next note of its column


def stacked(checked: Checked) -> Iterator[Spot]:
    for before, note, _ in _neighbours(checked):
        if note.start_ms - before.start_ms <= STACKED_MS:
            yield Spot("two notes in one place", (before, note))


def inside(checked: Checked) -> Iterator[Spot]:
    for before, note, held_until in _neighbours(checked):
        if note.start_ms - before.start_ms > STACKED_MS and note.start_ms < held_until:
            yield Spot(f"starts {held_until - note.start_ms:.0f} ms before a long note of its column ends", (note,))


def minijack(checked: Checked) -> Iterator[Spot]:
    if not is_slow(checked.level):
        return
    for before, note, held_until in _neighbours(checked):
        gap_ms = note.start_ms - before.start_ms
        if STACKED_MS < gap_ms <= MINIJACK_MS + ROUNDING_MS and note.start_ms >= held_until:
            yield Spot(f"minijack of {gap_ms:.0f} ms, too fast for {checked.level}", (before, note))


def short_gap(checked: Checked) -> Iterator[Spot]:
    for before, note, held_until in _neighbours(checked):
        gap_ms = note.start_ms - before.last_ms
        if before.is_long and note.start_ms >= held_until and gap_ms < SHORTEST_GAP_MS:
            yield Spot(f"starts {gap_ms:.0f} ms after the long note before it ends", (note,))


def short_hold(checked: Checked) -> Iterator[Spot]:
    shortest_ms = shortest_hold_ms(checked.level)
    for notes in checked.columns:
        for note in notes:
            if note.is_long and note.last_ms - note.start_ms < shortest_ms:
                length_ms = note.last_ms - note.start_ms
                yield Spot(f"a long note of {length_ms:.0f} ms, too short for {checked.level}", (note,))


def large_chord(checked: Checked) -> Iterator[Spot]:
    most = largest_chord(checked.chart.keys, checked.level)
    moments, keys = rows_of(checked.chart)
    for moment_ms, row in zip(moments.tolist(), keys.tolist(), strict=True):
        if row.bit_count() > most:
            yield Spot(f"a chord of {row.bit_count()}; {checked.level} has {most} at most", _at(checked, moment_ms))


def many_keys(checked: Checked) -> Iterator[Spot]:
    if checked.level == EXPERT or checked.chart.keys <= MOST_KEYS:
        return
    moments, keys = rows_of(checked.chart)
    held = _held(checked.columns, moments.tolist())
    for moment_ms, row, more in zip(moments.tolist(), keys.tolist(), held, strict=True):
        if row.bit_count() + more > MOST_KEYS:
            yield Spot(
                f"{row.bit_count() + more} keys at once; up to Insane {MOST_KEYS} at most", _at(checked, moment_ms)
            )


def empty_column(checked: Checked) -> Iterator[Spot]:
    for column, notes in enumerate(checked.columns):
        if not notes:
            yield Spot(f"column {column + 1} of {checked.chart.keys} has no notes")


def key_count(checked: Checked) -> Iterator[Spot]:
    if checked.chart.keys not in KEY_COUNTS:
        yield Spot(f"{checked.chart.keys} keys; ranked charts have 4 to 10, 12, 14, 16 or 18")


def _neighbours(checked: Checked) -> Iterator[tuple[Note, Note, float]]:
    """Each note with the one before it in its column, and the time until which earlier ones hold the column."""
    for notes in checked.columns:
        held_until = float("-inf")
        for before, note in pairwise(notes):
            held_until = max(held_until, before.last_ms)
            yield before, note, held_until


def _at(checked: Checked, moment_ms: float) -> tuple[Note, ...]:
    """The notes of a moment."""
    found = []
    for notes in checked.columns:
        first = bisect_right(notes, moment_ms - 1e-9, key=lambda note: note.start_ms)
        found += [note for note in notes[first : first + 1] if note.start_ms <= moment_ms + CHORD_MS]
    return tuple(found)


def _held(columns: Sequence[Sequence[Note]], moments: Sequence[float]) -> list[int]:
    """The number of long notes held at each moment, not counting those that start there."""
    held = [0] * len(moments)
    for notes in columns:
        for note in notes:
            if note.is_long:
                for at in range(bisect_right(moments, note.start_ms), len(moments)):
                    if moments[at] >= note.last_ms:
                        break
                    held[at] += 1
    return held
