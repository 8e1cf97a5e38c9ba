"""Whether notes are where the human's are: precision, recall and F1 of onsets, also by column.

Axes: K keys, N moments of a chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.rows import rows_of


@dataclass(frozen=True)
class Score:
    """Shares in 0..1: `precision`, estimated onsets that are correct; `recall`, true onsets that were found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def match_onsets(reference_ms: np.ndarray, estimated_ms: np.ndarray, tolerance_ms: float) -> list[tuple[int, int]]:
    """Return the largest one-to-one matching of two sorted arrays within the tolerance, as pairs of indices.

    Matching earliest with earliest is optimal because all reference onsets accept intervals of the same width.
    """
    pairs = []
    i = j = 0
    while i < len(reference_ms) and j < len(estimated_ms):
        difference_ms = estimated_ms[j] - reference_ms[i]
        if abs(difference_ms) <= tolerance_ms:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif difference_ms < 0:
            j += 1
        else:
            i += 1
    return pairs


def onset_f1(
    reference_ms: Sequence[float] | np.ndarray, estimated_ms: Sequence[float] | np.ndarray, tolerance_ms: float
) -> Score:
    """Compare onset times in any order. Repeated times count repeatedly; without onsets the score is 0.

    The measure of MIREX and mir_eval (Raffel et al. 2014): each onset is in at most one match.
    """
    reference, estimated = np.sort(np.asarray(reference_ms, float)), np.sort(np.asarray(estimated_ms, float))
    if not len(reference) or not len(estimated):
        return Score(0.0, 0.0)
    hits = len(match_onsets(reference, estimated, tolerance_ms))
    return Score(hits / len(estimated), hits / len(reference))


def random_onsets(n: int, start_ms: float, end_ms: float, rng: np.random.Generator) -> np.ndarray:
    """Return `n` sorted times drawn uniformly from [start_ms, end_ms), to measure what density alone scores."""
    return np.sort(rng.uniform(start_ms, end_ms, n))


def moments_ms(chart: Beatmap) -> np.ndarray:
    """Return the times at which notes start, sorted, float64 [N]; a chord is one moment, at its first note."""
    return rows_of(chart)[0]


def column_f1(reference: Beatmap, estimated: Beatmap, tolerance_ms: float, mirrored: bool = False) -> float:
    """Return the F1 of notes at the right time in the right column, with hits and notes of all columns added up.

    mirrored: the better of the chart and its mirror image, since a mirrored chart is as good. 0 if a chart has no
    notes. Raises ValueError for different key counts.
    """
    if reference.keys != estimated.keys:
        raise ValueError(f"expected charts with the same number of keys, got {reference.keys}K and {estimated.keys}K")
    n_notes = len(reference.notes) + len(estimated.notes)
    there, guessed = _by_column(reference), _by_column(estimated)
    hits = _hits(there, guessed, tolerance_ms)
    if mirrored:
        hits = max(hits, _hits(there, guessed[::-1], tolerance_ms))
    return 2 * hits / n_notes if n_notes else 0.0


def _by_column(chart: Beatmap) -> list[np.ndarray]:
    starts: list[list[float]] = [[] for _ in range(chart.keys)]
    for note in chart.notes:
        starts[note.column].append(note.start_ms)
    return [np.sort(np.array(times, np.float64)) for times in starts]


def _hits(there: Sequence[np.ndarray], guessed: Sequence[np.ndarray], tolerance_ms: float) -> int:
    return sum(len(match_onsets(a, b, tolerance_ms)) for a, b in zip(there, guessed, strict=True))
