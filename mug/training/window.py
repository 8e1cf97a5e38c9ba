"""The part of a song that a training item covers, back in real time.

Axes: K keys, T note frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, TimingPoint, with_times
from mug.data.beat_axis import BeatAxis
from mug.data.convertor import ManiaConvertor
from mug.data.dataset import OsuDataset
from mug.data.items import ItemDataset


@dataclass(frozen=True)
class Window:
    """The part of a song that an item covers, on either time axis. start_ms: where it begins in the song."""

    convertor: ManiaConvertor
    axis: BeatAxis | None
    start_ms: float

    @classmethod
    def of(cls, batch: Mapping[str, Any], index: int, keys: int, dataset: ItemDataset) -> "Window":
        """The window of an item in a batch of `dataset`."""
        convertor = ManiaConvertor(**batch["convertor"][index], keys=keys)
        points = [TimingPoint(*point) for point in batch["meta"][index].get("points", ())]
        axis = dataset.time.axis_of(points, convertor.grid) if isinstance(dataset, OsuDataset) and points else None
        start_ms = convertor.grid.in_song(0.0)
        return cls(convertor, axis, start_ms if axis is None else float(axis.to_song(start_ms)))

    def ms_of(self, n_frames: int) -> float:
        """How long the first note frames are, in ms."""
        ms = self.convertor.grid.notes.to_ms(n_frames)
        return ms if self.axis is None else float(self._to_real(np.array(ms)))

    def timing(self, original: Beatmap) -> list[TimingPoint]:
        """The timing points of the song's chart, with times from the window's beginning."""
        return [replace(point, time_ms=point.time_ms - self.start_ms) for point in original.timing_points]

    def chart(self, note: np.ndarray, threshold: float, timing: Sequence[TimingPoint]) -> Beatmap:
        """Decode a note array [4K, T], with times from the window's beginning, as those of `timing` are."""
        notes = self.convertor.decode(note, threshold)
        if self.axis is not None:
            moved = with_times(notes, self._to_real)
            notes = list({(note.column, note.start_ms): note for note in moved}.values())  # two may share a line
        return Beatmap(self.convertor.keys, notes, list(timing))

    def _to_real(self, window_ms: np.ndarray) -> np.ndarray:
        assert self.axis is not None, "only times on the axis of beats differ from real ones"
        return self.axis.to_song(self.axis.settled(self.convertor.grid.in_song(window_ms))) - self.start_ms


def in_song(window: Beatmap, original: Beatmap, start_ms: float, suffix: str) -> Beatmap:
    """A window's notes at their times in the song, with the names and timing of the chart it was cut from."""
    notes = with_times(window.notes, lambda window_ms: window_ms + start_ms)
    return Beatmap(
        keys=window.keys,
        notes=notes,
        timing_points=original.timing_points,
        audio_filename=original.audio_filename,
        title=original.title,
        artist=original.artist,
        version=f"{original.version} ({suffix})",
    )
