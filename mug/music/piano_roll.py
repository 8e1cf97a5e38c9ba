"""Notes to piano rolls and back.

A roll has three planes: where notes start, where they sound (their first frame too), and the last frame of each.

Axes: R the three planes, P pitches, T frames, N notes.
"""

from dataclasses import dataclass

import numpy as np

from mug.errors import ConfigError, MusicError
from mug.music.note import Music, make_notes

ONSET, ACTIVE, OFFSET = range(3)
N_PLANES = 3


@dataclass(frozen=True)
class RollCodec:
    """The layout of rolls: `pitches` of MIDI from `lowest` on, `frames` of `frame_ms`. The default: a piano's 88 keys.

    A frame is where times are rounded to. A key sounds once at a time: a note that starts while its key still sounds
    ends the earlier one. Raises ConfigError for a layout that is none.
    """

    frame_ms: float = 17.4
    frames: int = 660
    lowest: int = 21
    pitches: int = 88

    def __post_init__(self) -> None:
        if not self.frame_ms > 0 or self.frames < 1 or not 0 <= self.lowest <= self.lowest + self.pitches - 1 < 128:
            raise ConfigError(f"roll: {self}; need frames of a length, and pitches from 0 to 127")

    @property
    def shape(self) -> tuple[int, int, int]:
        return N_PLANES, self.pitches, self.frames

    def spans_of(self, notes: np.ndarray) -> np.ndarray:
        """NOTE [N] to int64 [M, 3]: row of the roll, first frame, frame after the last; sorted by start, then row.

        Every note has at least a frame. Of those that start on one key in one frame, the longest is kept. Pitches that
        the roll lacks are left out.
        """
        inside = (notes["pitch"] >= self.lowest) & (notes["pitch"] < self.lowest + self.pitches)
        notes = notes[inside]
        rows = notes["pitch"].astype(np.int64) - self.lowest
        first, after = (np.floor(notes[name] / self.frame_ms + 0.5).astype(np.int64) for name in ("start_ms", "end_ms"))
        spans = np.stack([rows, first, np.maximum(after, first + 1)], axis=1)  # [N, 3]
        spans = spans[np.lexsort((-spans[:, 2], spans[:, 1], spans[:, 0]))]
        is_new = np.ones(len(spans), dtype=bool)
        is_new[1:] = (np.diff(spans[:, 0]) != 0) | (np.diff(spans[:, 1]) != 0)
        spans = spans[is_new]
        same_key = np.diff(spans[:, 0]) == 0
        spans[:-1, 2] = np.where(same_key, np.minimum(spans[:-1, 2], spans[1:, 1]), spans[:-1, 2])
        return spans[np.lexsort((spans[:, 0], spans[:, 1]))]

    def planes_of(self, spans: np.ndarray, start: int = 0) -> np.ndarray:
        """The roll of the segment that begins at frame `start`, float32 [R, P, T].

        A note that the segment's end cuts keeps its head, and has no offset; one that started before is not in it.
        """
        roll = np.zeros(self.shape, dtype=np.float32)
        within = spans[(spans[:, 1] >= start) & (spans[:, 1] < start + self.frames)]
        for row, first, after in (within - (0, start, start)).tolist():
            roll[ONSET, row, first] = 1
            roll[ACTIVE, row, first:after] = 1
            if after <= self.frames:
                roll[OFFSET, row, after - 1] = 1
        return roll

    def notes_of(self, spans: np.ndarray) -> np.ndarray:
        """The inverse of `spans_of`, up to rounding and what it leaves out: int64 [M, 3] to NOTE [M]."""
        row, first, after = spans.reshape(-1, 3).T
        return make_notes(first * self.frame_ms, after * self.frame_ms, row + self.lowest)


def piano_notes(music: Music, source: str) -> np.ndarray:
    """The notes of a piece for a piano roll. Raises MusicError for a piece of drums alone."""
    if not len(music.pitched):
        raise MusicError(f"{source}: has only drums, and a piano roll has none; give a piece with pitches")
    return music.pitched


def spans_of_roll(onset: np.ndarray, active: np.ndarray) -> np.ndarray:
    """The notes of binary planes [P, T], as `RollCodec.spans_of` gives them: from each onset to the next, while active.

    An onset outside of what is active is a note of one frame.
    """
    spans = []
    for row, first in np.argwhere(onset):
        rest = np.flatnonzero(~active[row, first + 1 :].astype(bool) | onset[row, first + 1 :].astype(bool))
        spans.append((row, first, first + 1 + (rest[0] if len(rest) else active.shape[1] - first - 1)))
    found = np.array(spans, dtype=np.int64).reshape(-1, 3)
    return found[np.lexsort((found[:, 0], found[:, 1]))]
