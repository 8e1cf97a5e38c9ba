"""Whether a chart copies a training chart: the largest share of its notes that one of them has, at any time shift.

Like audio fingerprints (Wang 2003): runs of rows that occur in both charts vote for a shift, and the notes are counted
at the shifts with the most votes. Axes: R runs of all training charts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.rows import rows_of
from mug.metrics.onsets import match_onsets

RUN_ROWS = 8
NEAR_MS = 10.0
NEAR_DUPLICATE = 0.8  # of the notes
SHIFT_BIN_MS = 20.0
MAX_OCCURRENCES = 64  # of a run to consider: a stream of 1-2-3-4 occurs everywhere
CANDIDATES = 8


@dataclass(frozen=True)
class Nearest:
    """The training chart that has most of a chart's notes: its name ("" if none shares a run) and the share."""

    name: str
    overlap: float


class TrainingCharts:
    """An index of training charts: 16 bytes per row, plus their notes."""

    def __init__(self, charts: Iterable[tuple[str, Beatmap]]) -> None:
        self.names: list[str] = []
        self._notes: list[tuple[np.ndarray, np.ndarray]] = []  # of each chart, columns and times sorted by time
        hashes, owners, times = [], [], []
        for number, (name, chart) in enumerate(charts):
            self.names.append(name)
            self._notes.append(_notes_of(chart))
            run, start_ms = _runs(chart)
            hashes.append(run)
            times.append(start_ms.astype(np.float32))
            owners.append(np.full(len(run), number, np.int32))
        every = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
        order = np.argsort(every, kind="stable")
        self._hashes = every[order]  # uint64 [R]
        self._owners = np.concatenate(owners)[order] if owners else np.empty(0, np.int32)  # [R]
        self._times_ms = np.concatenate(times)[order] if times else np.empty(0, np.float32)  # [R]

    def nearest(self, chart: Beatmap) -> Nearest:
        """Return the training chart with the largest share of this one's notes in the same columns, within 10 ms."""
        run, start_ms = _runs(chart)
        first = np.searchsorted(self._hashes, run, side="left")
        last = np.searchsorted(self._hashes, run, side="right")
        votes: list[np.ndarray] = []
        for low, high, time_ms in zip(first, last, start_ms, strict=True):
            hits = np.unique(np.linspace(low, high - 1, min(high - low, MAX_OCCURRENCES)).astype(np.int64))
            shifts = np.round((self._times_ms[hits] - time_ms) / SHIFT_BIN_MS)
            votes.append(np.stack([self._owners[hits].astype(np.float64), shifts], axis=1))
        found = np.concatenate(votes) if votes else np.empty((0, 2))  # (chart, shift) of every common run
        kinds, counts = np.unique(found, axis=0, return_counts=True)
        best = Nearest("", 0.0)
        for number, shift in kinds[np.argsort(-counts, kind="stable")[:CANDIDATES]]:
            overlap = _overlap(_notes_of(chart), self._notes[int(number)], shift * SHIFT_BIN_MS)
            if overlap > best.overlap:
                best = Nearest(self.names[int(number)], overlap)
        return best


def _runs(chart: Beatmap) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the keys of all runs of RUN_ROWS rows, and their start times."""
    moments, keys = rows_of(chart)
    n_runs = max(len(keys) - RUN_ROWS + 1, 0)
    run = np.zeros(n_runs, dtype=np.uint64)
    for row in range(RUN_ROWS):
        run = run * np.uint64(0x9E3779B97F4A7C15) + keys[row : row + n_runs].astype(np.uint64)
    return run, moments[:n_runs]


def _notes_of(chart: Beatmap) -> tuple[np.ndarray, np.ndarray]:
    notes = sorted(chart.notes)
    return np.array([note.column for note in notes]), np.array([note.start_ms for note in notes])


def _overlap(chart: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], shift_ms: float) -> float:
    """The share of a chart's notes that the other has near a shift, refined by the median of the nearest pairs."""
    columns, times = chart[0], chart[1] + shift_ms
    at = np.clip(np.searchsorted(other[1], times), 1, max(len(other[1]) - 1, 1))
    away = np.stack([other[1][np.minimum(at, len(other[1]) - 1)] - times, other[1][at - 1] - times])
    nearest = np.where(np.abs(away[0]) <= np.abs(away[1]), away[0], away[1])
    close = np.abs(nearest) <= SHIFT_BIN_MS
    times = times + (np.median(nearest[close]) if close.any() else 0.0)
    hits = sum(
        len(match_onsets(other[1][other[0] == column], times[columns == column], NEAR_MS))
        for column in np.unique(columns)
    )
    return hits / len(columns)
