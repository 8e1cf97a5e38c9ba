"""Fit drawn notes between the notes that an edit keeps, which do not change."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from mug.charts.beatmap import Note
from mug.generation.consensus import SAME_MOMENT_MS
from mug.generation.region import OpenPart

SHORTEST_LONG_MS = 90.0  # what is left of a shortened long note; below it, it becomes a plain one


class KeptNotes:
    """The notes that an edit keeps. None of a column overlap."""

    def __init__(self, notes: Sequence[Note], keys: int, jack_interval_ms: float) -> None:
        self.notes = sorted(notes)
        self._jack_interval_ms = jack_interval_ms
        self._starts_ms = sorted({note.start_ms for note in notes})
        self._columns = [[note for note in self.notes if note.column == column] for column in range(keys)]
        self._heads = [[note.start_ms for note in column] for column in self._columns]

    def moment_at(self, start_ms: float) -> float:
        """The nearest time at which a kept note starts, if that is the same moment; else the time itself."""
        i = bisect_left(self._starts_ms, start_ms)
        nearest = min(self._starts_ms[max(i - 1, 0) : i + 1], key=lambda kept: abs(kept - start_ms), default=math.inf)
        return nearest if abs(nearest - start_ms) <= SAME_MOMENT_MS else start_ms

    def room_at(self, start_ms: float, column: int) -> float | None:
        """Until when a note that starts here may last; None if it may not: it would overlap a kept note, or jack it."""
        after = bisect_left(self._heads[column], start_ms)
        if after and not self._leaves_room(self._columns[column][after - 1].last_ms, start_ms):
            return None
        if after == len(self._heads[column]):
            return math.inf
        following = self._heads[column][after]
        return following - self._jack_interval_ms if self._leaves_room(start_ms, following) else None

    def _leaves_room(self, last_ms: float, start_ms: float) -> bool:
        return start_ms > last_ms and start_ms - last_ms >= self._jack_interval_ms


def fitted(
    drawn: Sequence[Note],
    kept: KeptNotes,
    part: OpenPart,
    jack_interval_ms: float,
    line_before: Callable[[float], float],
) -> list[Note]:
    """Return the drawn notes that fit into the open part between the kept notes, sorted.

    A drawn note at the moment of a kept one takes its time. One that would overlap a kept or drawn note of its column,
    or be closer to it than `jack_interval_ms`, moves to the nearest open column with room, the left one of two; if none
    has room, it is left out. A long note ends before the next kept note, and inside the open part: at `line_before` of
    the time that it must not pass, or it becomes a plain note. drawn: without overlaps and minijacks among themselves.
    """
    keys = len(part.columns)
    ordered = sorted(_begun(note, kept.moment_at(note.start_ms)) for note in drawn)
    heads: list[list[float]] = [[] for _ in range(keys)]
    for note in ordered:
        heads[note.column].append(note.start_ms)
    last_ms = [-math.inf] * keys  # of the notes placed so far
    placed: list[Note] = []

    def limit(note: Note, column: int) -> float | None:
        """Until when the note may last in a column, None if it has no room there."""
        end, room = part.end_of(note.start_ms, column), kept.room_at(note.start_ms, column)
        if end is None or room is None or not note.start_ms > last_ms[column]:
            return None
        if note.start_ms - last_ms[column] < jack_interval_ms:
            return None
        if column != note.column:  # the drawn notes to come stay where they are
            following = heads[column][bisect_left(heads[column], note.start_ms) :]
            if following and following[0] - note.last_ms < jack_interval_ms:
                return None
        return min(end, room)

    for note in ordered:
        for column in sorted(range(keys), key=lambda column: (abs(column - note.column), column)):
            if (until := limit(note, column)) is not None:
                placed.append(replace(_until(note, until, line_before), column=column))
                last_ms[column] = placed[-1].last_ms
                break
    return sorted(placed)


def _begun(note: Note, start_ms: float) -> Note:
    """The note with another start, and the same end."""
    return replace(note, start_ms=start_ms, end_ms=note.end_ms if note.is_long and note.last_ms > start_ms else None)


def _until(note: Note, until_ms: float, line_before: Callable[[float], float]) -> Note:
    """The note, ended before `until_ms` if it lasts longer."""
    if note.last_ms <= until_ms:
        return note
    end_ms = float(round(line_before(until_ms)))
    return replace(note, end_ms=end_ms if end_ms - note.start_ms >= SHORTEST_LONG_MS else None)
