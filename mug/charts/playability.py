"""Repair what cannot be played, or not by beginners: minijacks, overlaps, short holds, large chords."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from mug.charts.beatmap import Note

JACK_INTERVAL_MS = 90.0  # a sixteenth at 167 BPM


def remove_minijacks(
    notes: Sequence[Note], keys: int, jack_interval_ms: float = JACK_INTERVAL_MS
) -> tuple[list[Note], int, int]:
    """Return the notes without minijacks, sorted by time and column, and how many were moved and dropped.

    A minijack is a note that starts less than `jack_interval_ms` after the previous note in its column ends. It moves
    to the nearest column (the left one of two) where it makes no minijack with the notes placed so far or with those
    still to come. If there is no such column, it is dropped. A note that starts inside another one of its column, or
    together with it, is an error rather than a pattern and is always dropped. No note's time changes.
    """
    ordered = sorted(notes, key=lambda note: (note.start_ms, note.column, -note.last_ms))
    starts: list[list[float]] = [[] for _ in range(keys)]  # of all given notes, per column
    for note in ordered:
        starts[note.column].append(note.start_ms)
    last_start = [-math.inf] * keys  # of the notes placed so far, per column
    last_end = [-math.inf] * keys
    kept: list[Note] = []
    moved = dropped = 0

    def is_playable(note: Note, column: int) -> bool:
        return note.start_ms > last_start[column] and note.start_ms - last_end[column] >= jack_interval_ms

    def leaves_room(note: Note, column: int) -> bool:
        following = starts[column][bisect_left(starts[column], note.start_ms) :]  # includes the rest of its chord
        return not following or following[0] - note.last_ms >= jack_interval_ms

    for note in ordered:
        column = note.column
        if note.start_ms < last_end[column] or note.start_ms == last_start[column]:
            dropped += 1
            continue
        if not is_playable(note, column):
            others = sorted((c for c in range(keys) if c != column), key=lambda c: (abs(c - column), c))
            free = next((c for c in others if is_playable(note, c) and leaves_room(note, c)), None)
            if free is None:
                dropped += 1
                continue
            column = free
            moved += 1
        last_start[column], last_end[column] = note.start_ms, note.last_ms
        kept.append(note if column == note.column else replace(note, column=column))
    return sorted(kept), moved, dropped


def without_large_chords(notes: Sequence[Note], most: int) -> list[Note]:
    """Return sorted notes with at most `most` starting at once; the outermost stay, which leaves both hands."""
    kept: list[Note] = []
    for _, together in groupby(notes, key=lambda note: note.start_ms):
        chord = list(together)
        while len(chord) > most:
            del chord[len(chord) // 2]
        kept += chord
    return kept


def without_short_holds(
    notes: Sequence[Note],
    shortest_ms: float,
    lines_from: Callable[[np.ndarray], np.ndarray] | None = None,
    jack_interval_ms: float = JACK_INTERVAL_MS,
) -> list[Note]:
    """Return sorted notes with long notes shorter than `shortest_ms` as single notes.

    lines_from: the first line at or after each of some times [N], in ms. With it, they last until the first line that
    makes them long enough, in whole ms, if their column is free for `jack_interval_ms` after it.
    """
    kept = list(notes)
    short = [i for i, note in enumerate(kept) if note.is_long and note.last_ms - note.start_ms < shortest_ms]
    for i in short:
        kept[i] = replace(kept[i], end_ms=None)
    if not short or lines_from is None:
        return kept
    ends = lines_from(np.array([kept[i].start_ms + shortest_ms for i in short])).round().tolist()
    for i, end_ms in zip(short, ends, strict=True):
        following = (note.start_ms for note in kept[i + 1 :] if note.column == kept[i].column)
        if next(following, math.inf) - end_ms >= jack_interval_ms:
            kept[i] = replace(kept[i], end_ms=end_ms)
    return kept
