"""From a chart to the note array of a training item: the window and what was drawn for it, as items record it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mug.charts.beatmap import Beatmap, Note, note_arrays
from mug.data.note_augment import change_columns, mirror_passages
from mug.data.note_codec import EncodedChart, NoteCodec, NotePlanes, Planes
from mug.data.time_grid import TimeGrid

# NotePlanes and Planes: names that once stood here and are still imported from here.
__all__ = ["EncodedChart", "ManiaConvertor", "NotePlanes", "Planes"]


@dataclass(frozen=True)
class ManiaConvertor:
    """A time grid, the codec on it, and what happens to the columns: plain values, as an item's `convertor` has them.

    frame_ms: length of a note frame. max_frame: how many the array has. rate: times are divided by it. offset_ms: then
    added to them. mirror: columns are reversed. random: columns are shuffled. mirror_at_interval_prob: with this
    probability each passage between gaps of at least 10 empty frames is mirrored. Decoding undoes none of these.
    Raises ValueError for values that are no grid, and for a number of keys that no chart has.
    """

    frame_ms: float
    max_frame: int
    keys: int = 4
    mirror: bool = False
    random: bool = False
    mirror_at_interval_prob: float = 0.0
    offset_ms: float = 0.0
    rate: float = 1.0

    def __post_init__(self) -> None:
        _ = self.codec

    @property
    def grid(self) -> TimeGrid:
        return TimeGrid(self.frame_ms, self.max_frame, self.rate, self.offset_ms)

    @property
    def codec(self) -> NoteCodec:
        return NoteCodec(self.grid, self.keys)

    def encode(self, chart: Beatmap | Sequence[Note], rng: np.random.Generator | None = None) -> EncodedChart:
        """Encode a chart as NoteCodec.encode does; `rng` decides where `random` or `mirror_at_interval_prob` leave a
        choice.

        Raises ValueError for a note outside the keys, and for a choice without `rng`.
        """
        return self.encode_arrays(*note_arrays(chart.notes if isinstance(chart, Beatmap) else chart), rng)

    def encode_arrays(
        self, column: np.ndarray, start_ms: np.ndarray, last_ms: np.ndarray, rng: np.random.Generator | None = None
    ) -> EncodedChart:
        """Encode notes given as arrays [N]: columns, starts, and ends (of plain notes their starts); see encode."""
        column = change_columns(column, self.keys, self.mirror, self.random, rng)
        encoded = self.codec.encode_arrays(column, start_ms, last_ms)
        return replace(encoded, note=mirror_passages(encoded.note, self.mirror_at_interval_prob, rng))

    def decode(self, note: np.ndarray, threshold: float = 0.5) -> list[Note]:
        """Read the notes of an array [4K, T], in the time of the window; see NoteCodec.decode."""
        return self.codec.decode(note, threshold)
