"""The codec: notes <-> note array, and the one place that knows how the array is laid out.

Axes: K keys, T note frames. The 4K channels are four planes of K, in this order:
is_start      1 where a note, or the head of a long note, begins in the frame
offset_start  where in its frame it begins, in frames [0, 1), where is_start is 1
is_holding    1 on the frames after a long note's head, up to and including its tail's frame
offset_end    where in its frame the tail is, in frames [0, 1], on the tail's frame
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from einops import rearrange

from mug.charts.beatmap import MAX_KEYS, MIN_KEYS, Beatmap, Note, note_arrays
from mug.data.time_grid import TimeGrid

N_PLANES = 4


class Planes(NamedTuple):
    """The four planes of a note array, each [..., K, T]."""

    is_start: Any
    offset_start: Any
    is_holding: Any
    offset_end: Any


class NotePlanes:
    """Where the planes lie in a note array; for numpy arrays and torch tensors alike."""

    @staticmethod
    def split(note: Any) -> Planes:
        """[..., 4K, T] -> four planes [..., K, T]. Raises ValueError where the channels are no multiple of four."""
        return Planes(*rearrange(note, "... (plane k) t -> plane ... k t", k=keys_of(note)))

    @staticmethod
    def join(planes: Planes) -> Any:
        """Four planes [..., K, T] -> [..., 4K, T]."""
        return rearrange(list(planes), "plane ... k t -> ... (plane k) t")


def keys_of(note: Any) -> int:
    """How many keys a note array [..., 4K, T] has. Raises ValueError where the channels are no multiple of four."""
    keys, rest = divmod(note.shape[-2], N_PLANES)
    if rest:
        raise ValueError(f"{note.shape[-2]} channels are not {N_PLANES} planes of keys")
    return keys


@dataclass(frozen=True, slots=True)
class EncodedChart:
    """A chart as a note array, and counts of the notes that were lost or changed."""

    note: np.ndarray  # float32 [4K, T]
    valid_flag: np.ndarray  # float32 [T], 1 up to and including the last note's frame
    collisions: int  # notes lost to a later one in the same column and frame
    dropped: int  # notes before frame 0 or after the last one
    flattened: int  # long notes too short for a frame boundary, now plain


@dataclass(frozen=True)
class NoteCodec:
    """Charts of `keys` columns to note arrays [4K, T] and back.

    Encoding places notes in the window of the song given by `grid`; T is its max_frame. Decoding reads arrays of any
    length, with times in the window. Raises ValueError for an impossible number of keys.
    """

    grid: TimeGrid
    keys: int = 4

    def __post_init__(self) -> None:
        if not MIN_KEYS <= self.keys <= MAX_KEYS:
            raise ValueError(f"{self.keys} keys; a chart has {MIN_KEYS} to {MAX_KEYS}")

    def encode(self, chart: Beatmap | Sequence[Note]) -> EncodedChart:
        """Write a chart's notes into an array. Of two notes in one column and frame, the later one is kept.

        A long note that ends in its head's frame becomes a plain note. One that ends past the array is cut at its end,
        with offset 1. Raises ValueError for a note outside the keys.
        """
        return self.encode_arrays(*note_arrays(chart.notes if isinstance(chart, Beatmap) else chart))

    def encode_arrays(self, column: np.ndarray, start_ms: np.ndarray, last_ms: np.ndarray) -> EncodedChart:
        """Encode notes given as arrays [N]: columns, starts, and ends (for plain notes, the starts); see encode."""
        check_columns(column, self.keys)
        n_notes, n_frames = len(column), self.grid.max_frame
        start = self._frames(start_ms)  # [N]
        end = np.minimum(self._frames(last_ms), n_frames)  # [N]

        # In order of time, so that of two notes in one cell (column, frame) the later is the one that stays.
        order = np.lexsort((column, start))
        order = order[(start[order] >= 0) & (start[order] < n_frames)]
        cell = column[order] * n_frames + start[order].astype(np.int64)
        _, from_the_last = np.unique(cell[::-1], return_index=True)
        stays = order[np.sort(cell.size - 1 - from_the_last)]
        column, start, end = column[stays], start[stays], end[stays]

        head = start.astype(np.int64)  # [N]
        tail = np.minimum(end.astype(np.int64), n_frames - 1)  # [N]
        planes = np.zeros((N_PLANES, self.keys, n_frames), dtype=np.float32)  # [4, K, T]
        is_start, offset_start, is_holding, offset_end = planes
        is_start[column, head] = 1
        offset_start[column, head] = start - head
        is_held = tail > head
        for these in ((end > start) & ~is_held, is_held):  # the tails that count are written last
            offset_end[column[these], tail[these]] = (end - tail)[these]
        column, head, tail = column[is_held], head[is_held], tail[is_held]
        steps = np.zeros((self.keys, n_frames + 1), dtype=np.int32)  # +1 where a hold begins, -1 after its tail
        np.add.at(steps, (column, head + 1), 1)
        np.add.at(steps, (column, tail + 1), -1)
        is_holding[:] = steps.cumsum(axis=1)[:, :-1] > 0

        occupied = (planes[0] + planes[2]).any(axis=0)  # [T]
        valid_flag = np.zeros(n_frames, dtype=np.float32)
        valid_flag[: occupied.nonzero()[0][-1] + 1 if occupied.any() else 0] = 1
        return EncodedChart(
            note=NotePlanes.join(Planes(*planes)),
            valid_flag=valid_flag,
            collisions=len(order) - len(stays),
            dropped=n_notes - len(order),
            flattened=int(((end > start) & ~is_held).sum()),
        )

    def decode(self, note: np.ndarray, threshold: float = 0.5) -> list[Note]:
        """Read the notes of an array [4K, T] of probabilities, or of logits with threshold 0, whatever its values.

        A note starts where is_start is above the threshold. It is held through the frames after it where is_holding is
        above the threshold, up to the next start; where that start's own frame is held too, the tail lies in it.
        The notes come sorted by time, then column.
        Raises ValueError for an array of another number of channels.
        """
        if note.ndim != 2 or note.shape[0] != N_PLANES * self.keys:
            raise ValueError(f"a note array of {self.keys} keys is [{N_PLANES * self.keys}, T], not {list(note.shape)}")
        planes, frames = NotePlanes.split(note), self.grid.notes
        n_frames = note.shape[1]
        is_start, is_holding = planes.is_start > threshold, planes.is_holding > threshold  # [K, T]
        offset_start, offset_end = _fraction(planes.offset_start), _fraction(planes.offset_end)  # [K, T]

        # stop[k, t]: the first frame from t on that no hold runs through.
        stop = np.full((self.keys, n_frames + 1), n_frames)  # [K, T + 1]
        stop[:, :-1] = np.where(is_start | ~is_holding, np.arange(n_frames), n_frames)
        stop = np.minimum.accumulate(stop[:, ::-1], axis=1)[:, ::-1]

        column, head = is_start.nonzero()  # [N]
        after = stop[column, head + 1]  # [N]
        within = np.minimum(after, n_frames - 1)
        shared = (after < n_frames) & is_start[column, within] & is_holding[column, within]
        start = head + offset_start[column, head]
        end = np.where(
            shared,
            after + np.minimum(offset_end[column, within], offset_start[column, within]),
            after - 1 + offset_end[column, after - 1],
        )
        is_long = (shared | (after - 1 > head)) & (end > start)
        order = np.lexsort((column, start))
        columns, longs = column[order].tolist(), is_long[order].tolist()
        starts_ms, ends_ms = frames.to_ms(start[order]).tolist(), frames.to_ms(end[order]).tolist()
        return [
            Note(start_ms, column, end_ms if is_long else None)
            for start_ms, column, end_ms, is_long in zip(starts_ms, columns, ends_ms, longs, strict=True)
        ]

    def _frames(self, times_ms: np.ndarray) -> np.ndarray:
        """Times of the song as frames of the grid, with fractions."""
        return self.grid.notes.at(self.grid.in_window(times_ms))


def check_columns(column: np.ndarray, keys: int) -> None:
    """Raise ValueError if any of the notes [N] lies outside the keys."""
    if column.size and not 0 <= column.min() <= column.max() < keys:
        raise ValueError(f"columns {column.min()} to {column.max()} in a chart of {keys} keys")


def _fraction(offset: np.ndarray) -> np.ndarray:
    """Clamp any values to offsets within a frame, since a network may output anything."""
    return np.clip(np.nan_to_num(offset.astype(np.float64), nan=0.0), 0.0, 1.0)
