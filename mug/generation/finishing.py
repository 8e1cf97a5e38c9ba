"""From sampled notes to a playable chart: names, tempo, snapping, whole milliseconds."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mug.charts.beatmap import Note, TimingPoint
from mug.charts.playability import remove_minijacks
from mug.charts.timing import fit_timing
from mug.data.audio import read_tags

UNKNOWN_ARTIST = "Unknown Artist"
NAMELESS = re.compile(r"(audio|song|music|track|untitled|output|preview)[ _-]*[0-9]*", re.IGNORECASE)
DIGEST = re.compile("[0-9a-f]{32,}")  # a folder that a web page put an upload into
SET_NUMBER = re.compile("^[0-9]+ +")
CHORD_MS = 15.0  # notes this close are one chord: networks place its notes a few ms apart


def song_names(path: Path, title: str | None, artist: str | None) -> tuple[str, str]:
    """Return title and artist: those given, else from the audio's tags, else from its file name ("Artist - Title.mp3").

    For a file with a generic name like "audio", the folder's name is used, without the number of an osu! set.
    """
    if title is not None and artist is not None:
        return title, artist
    tagged_title, tagged_artist = read_tags(path)
    name, folder = path.stem, path.absolute().parent.name
    if NAMELESS.fullmatch(name) and folder and not DIGEST.fullmatch(folder):
        name = SET_NUMBER.sub("", folder)
    before, dash, after = name.partition(" - ")
    named_title, named_artist = (after, before) if dash else (name, UNKNOWN_ARTIST)
    return (
        next(name for name in (title, tagged_title, named_title) if name is not None),
        next(name for name in (artist, tagged_artist, named_artist) if name is not None),
    )


def inside(notes: Sequence[Note], end_ms: float) -> list[Note]:
    """Return the notes that start within [0, end_ms), in whole ms, with long notes cut at the end of the song."""
    return [whole_ms(note, end_ms) for note in notes if _is_inside(note, end_ms)]


def _is_inside(note: Note, end_ms: float) -> bool:
    return 0 <= round(note.start_ms) < end_ms


def whole_ms(note: Note, end_ms: float) -> Note:
    """Round a note's times to whole ms, as in .osu files. A long note of no length becomes a tap."""
    start_ms, last_ms = float(round(note.start_ms)), float(round(min(note.last_ms, end_ms)))
    return Note(start_ms, note.column, last_ms if note.is_long and last_ms > start_ms else None)


def gather_chords(notes: Sequence[Note]) -> list[Note]:
    """Move notes that start within CHORD_MS of each other to their mean time, in whole ms.

    Otherwise snapping could tear a chord apart. If two are in the same column, the earlier one is kept.
    """
    gathered: list[Note] = []
    chord: dict[int, Note] = {}  # by column

    def close_chord() -> None:
        if chord:
            start_ms = float(round(sum(note.start_ms for note in chord.values()) / len(chord)))
            gathered.extend(whole_ms(replace(note, start_ms=start_ms), math.inf) for note in chord.values())
        chord.clear()

    first_ms = -math.inf
    for note in sorted(notes):
        if note.start_ms - first_ms > CHORD_MS:
            close_chord()
            first_ms = note.start_ms
        chord.setdefault(note.column, note)
    close_chord()
    return sorted(gathered)


def fit_tempo(notes: Sequence[Note], bpm: float | None, offset_ms: float | None) -> TimingPoint:
    """Return a chart's only tempo. Given values are kept, the others are fitted; a fitted offset is in whole ms."""
    timing = fit_timing([note.start_ms for note in notes], bpm=bpm, offset_ms=offset_ms)
    if offset_ms is None:
        timing = replace(timing, offset_ms=float(round(timing.offset_ms)))
    return timing.timing_point()


def tidy(
    notes: Sequence[Note],
    keys: int,
    to_grid: Callable[[Sequence[Note]], Sequence[Note]] | None,
    jack_interval_ms: float,
    end_ms: float,
) -> list[Note]:
    """Move the notes with `to_grid`, if given, round them to whole ms inside the song, and remove minijacks.

    A note that would move to just outside the song stays where it is.
    """
    if to_grid is not None:
        pairs = zip(notes, to_grid(notes), strict=True)
        notes = [moved if _is_inside(moved, end_ms) else note for note, moved in pairs]
    return remove_minijacks(inside(notes, end_ms), keys, jack_interval_ms)[0]
