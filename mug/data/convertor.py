"""From a chart to the note array of a training item, with the window and draws that items record."""

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
    """A time grid, its codec, and the changes of columns, as the plain values that an item's `convertor` holds.

    frame_ms: length of a note frame. max_frame: frames of the array. rate: times are divided by it. offset_ms: then
    added to them. mirror: reverse the columns. random: shuffle them. mirror_at_interval_prob: the probability for each
    passage between gaps of at least 10 empty frames to be mirrored. Decoding undoes none of these.
    Raises ValueError for an invalid grid or an impossible number of keys.
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
        """Encode a chart as NoteCodec.encode does. `rng` makes the draws of `random` and `mirror_at_interval_prob`.

        Raises ValueError for a note outside the keys, and for a draw without `rng`.
        """
        return self.encode_arrays(*note_arrays(chart.notes if isinstance(chart, Beatmap) else chart), rng)

    def encode_arrays(
        self, column: np.ndarray, start_ms: np.ndarray, last_ms: np.ndarray, rng: np.random.Generator | None = None
    ) -> EncodedChart:
        """Encode notes given as arrays [N]: columns, starts, and ends (for plain notes, the starts); see encode."""
        column = change_columns(column, self.keys, self.mirror, self.random, rng)
        encoded = self.codec.encode_arrays(column, start_ms, last_ms)
        return replace(encoded, note=mirror_passages(encoded.note, self.mirror_at_interval_prob, rng))

    def decode(self, note: np.ndarray, threshold: float = 0.5) -> list[Note]:
        """Read the notes of an array [4K, T], with times in the window; see NoteCodec.decode."""
        return self.codec.decode(note, threshold)
