"""A chart of a dataset, as datasets make their items from it.

Axes: N notes, R rates, F features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.data.chart_offset import MAX_OFFSET_MS
from mug.errors import DatasetError
from mug.prepare.chart_record import unpack_notes


@dataclass(frozen=True)
class Entry:
    """A chart: its notes and timing points, its song's spectrum on disk, and its prompt.

    Times are those of the file, or `shift_ms` later if `mug offsets --align` says so. The notes stay packed, as in
    features.db: a process of a training holds those of all charts, and as arrays they take ten times the memory.
    """

    path: Path
    digest: str  # of its bytes
    audio: Path  # Path() where there is none and none is wanted
    version: str
    set_id: int
    packed_notes: bytes  # not shifted
    points: tuple[TimingPoint, ...]
    prompt: dict[str, Any]
    ids: np.ndarray  # int32 [R, F], of the prompt at each rate
    spectrum: Path  # .npy of the audio cache
    audio_frames: int  # length of the spectrum, 0 without audio
    shift_ms: float = 0.0

    def notes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns int64, starts and last moments float64 in ms, [N] each."""
        column, start_ms, last_ms = unpack_notes(self.packed_notes)
        return column, start_ms + self.shift_ms, last_ms + self.shift_ms

    def shifted(self, shift_ms: float) -> "Entry":
        """The same chart, that much later."""
        if not shift_ms:
            return self
        return replace(
            self,
            points=tuple(replace(point, time_ms=point.time_ms + shift_ms) for point in self.points),
            shift_ms=self.shift_ms + shift_ms,
        )


def shift_of(row: Mapping[str, Any]) -> float:
    """The shift in a chart's row of features.db, 0 without. Raises DatasetError for one that was never written."""
    shift_ms = row.get("shift_ms") or 0.0
    if not isinstance(shift_ms, float) or not abs(shift_ms) <= MAX_OFFSET_MS:
        raise DatasetError(f"its shift is damaged ({shift_ms!r} ms)")
    return shift_ms
