"""A chart: notes in columns, timing points, and metadata such as title and artist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

MIN_KEYS, MAX_KEYS = 1, 18
MAX_TIME_MS = 24 * 3_600_000.0  # a day
BEAT_MS_RANGE = (6.0, 60_000.0)  # osu! clamps a beat to these: 10,000 to 1 BPM

Tempo = TypeVar("Tempo", float, np.ndarray)


@dataclass(frozen=True, slots=True)
class Note:
    """A note in a column (0-based), with times in ms of the audio file. A single note has no end (None).

    Notes sort by start, then column, then end.
    """

    start_ms: float
    column: int
    end_ms: float | None = None

    def __lt__(self, other: Note) -> bool:
        return (self.start_ms, self.column, self.last_ms) < (other.start_ms, other.column, other.last_ms)

    @property
    def is_long(self) -> bool:
        return self.end_ms is not None

    @property
    def last_ms(self) -> float:
        """The end of a long note, the start of a single one."""
        return self.start_ms if self.end_ms is None else self.end_ms


@dataclass(frozen=True, slots=True)
class TimingPoint:
    """From `time_ms` on, beats are `beat_ms` apart and bars are `meter` beats long."""

    time_ms: float
    beat_ms: float
    meter: int = 4

    @property
    def bpm(self) -> float:
        return bpm_of(self.beat_ms)


@dataclass(slots=True)
class Beatmap:
    """A chart. `metadata` holds further [Metadata] entries (Source, Tags, AIMode...), in file order."""

    keys: int
    notes: list[Note]
    timing_points: list[TimingPoint]
    audio_filename: str = "audio.mp3"
    title: str = ""
    artist: str = ""
    creator: str = ""
    version: str = ""  # the difficulty's name
    beatmap_set_id: int = -1
    beatmap_id: int = 0
    background: str | None = None
    preview_ms: int = -1
    overall_difficulty: float = 8.0
    hp_drain: float = 8.0
    metadata: dict[str, str] = field(default_factory=dict)
    document: OsuDocument | None = field(default=None, repr=False, compare=False)  # the text it was read from, if any
    remarks: tuple[str, ...] = field(default=(), repr=False, compare=False)  # what the reader left out or changed

    @property
    def n_long_notes(self) -> int:
        return sum(note.is_long for note in self.notes)

    @property
    def last_ms(self) -> float:
        """The end of the last note, 0 for an empty chart."""
        return max((note.last_ms for note in self.notes), default=0.0)


@dataclass(frozen=True, slots=True)
class OsuDocument:
    """The lines of the .osu file that a chart was read from, with their line endings, and what each line holds."""

    lines: tuple[str, ...]
    encoding: str
    headers: Mapping[tuple[str, str], int]  # (section, key) -> line
    sections: Mapping[
        str, Sequence[int]
    ]  # section -> the line of its name, then its lines that are neither empty nor comments
    original: Beatmap  # the chart as it was read
    note_lines: tuple[int, ...]  # the line of each of the original's notes
    timing_lines: tuple[int, ...]  # the line of each of the original's timing points
    background_line: int | None


def beat_ms_of(bpm: Tempo) -> Tempo:
    """The length of a beat in ms."""
    return 60_000.0 / bpm


def bpm_of(beat_ms: Tempo) -> Tempo:
    """The tempo of beats of this length: the inverse of `beat_ms_of`."""
    return 60_000.0 / beat_ms


def note_arrays(notes: Sequence[Note]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns (int64), starts and ends (float64, ms) of notes, each [N]; a single note ends at its start."""
    return (
        np.array([note.column for note in notes], dtype=np.int64),
        np.array([note.start_ms for note in notes], dtype=np.float64),
        np.array([note.last_ms for note in notes], dtype=np.float64),
    )


def with_times(notes: Sequence[Note], to: Callable[[np.ndarray], np.ndarray]) -> list[Note]:
    """Return the notes at other times: `to` takes times in ms [N] and returns the new ones [N]."""
    _, start_ms, last_ms = note_arrays(notes)
    starts, ends = to(start_ms).tolist(), to(last_ms).tolist()
    return [
        Note(start, note.column, end if note.is_long else None)
        for note, start, end in zip(notes, starts, ends, strict=True)
    ]
