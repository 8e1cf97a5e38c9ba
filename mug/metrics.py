"""How well one chart agrees with another of the same music, and what chance alone would reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.data.beatmap import Beatmap
from mug.data.difficulty import ln_ratio, star_rating_or_none

CHORD_MS = 10.0  # keys pressed within it are meant as one: networks write the notes of a chord some ms apart


@dataclass(frozen=True)
class Score:
    """Shares in 0..1: `precision` of the estimated onsets that are right, `recall` of the true ones that were found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def match_onsets(reference_ms: np.ndarray, estimated_ms: np.ndarray, tolerance_ms: float) -> list[tuple[int, int]]:
    """Return the largest one-to-one matching of two sorted arrays within the tolerance, as pairs of indices.

    Earliest with earliest is optimal here, because every reference onset accepts an interval of the same width.
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
    """Compare onset times in any order. A chord counts once for every time it is listed; without onsets the score is 0.

    The measure of MIREX and mir_eval (Raffel et al. 2014): each onset takes part in one match at most.
    """
    reference, estimated = np.sort(np.asarray(reference_ms, float)), np.sort(np.asarray(estimated_ms, float))
    if not len(reference) or not len(estimated):
        return Score(0.0, 0.0)
    hits = len(match_onsets(reference, estimated, tolerance_ms))
    return Score(hits / len(estimated), hits / len(reference))


def random_onsets(n: int, start_ms: float, end_ms: float, rng: np.random.Generator) -> np.ndarray:
    """Return `n` sorted times drawn evenly from [start_ms, end_ms): the score that density alone earns."""
    return np.sort(rng.uniform(start_ms, end_ms, n))


@dataclass(frozen=True)
class ChartFigures:
    """What a chart is like, in numbers that can be laid beside those of another."""

    notes_per_second: float
    star_rating: float  # 0 of a chart that osu! does not rate: without notes, or with more than anybody could press
    ln_ratio: float


@dataclass(frozen=True)
class ChartScores:
    """How far a chart is from the human's: the F1 of its moments (1 is best), and absolute errors (0 is best)."""

    onset_f1_20ms: float
    onset_f1_50ms: float
    notes_per_second_error: float
    star_rating_error: float
    ln_ratio_error: float


def chart_figures(chart: Beatmap, span_ms: float) -> ChartFigures:
    """Measure a chart of `span_ms` of music; the rest before its first note and after its last counts as played."""
    return ChartFigures(
        notes_per_second=len(chart.notes) / span_ms * 1000,
        star_rating=star_rating_or_none(chart) or 0.0,
        ln_ratio=ln_ratio(chart),
    )


def chart_scores(human: Beatmap, generated: Beatmap, span_ms: float) -> ChartScores:
    """Compare a chart with the human's of the same `span_ms` of music, both in the same time.

    A chart without notes has no F1 and errors as large as the human's own figures; its share of long notes, which is
    that of nothing, is wrong by 1.
    """
    there, guessed = chart_figures(human, span_ms), chart_figures(generated, span_ms)
    moments, guessed_moments = moments_ms(human), moments_ms(generated)
    return ChartScores(
        onset_f1_20ms=onset_f1(moments, guessed_moments, 20.0).f1,
        onset_f1_50ms=onset_f1(moments, guessed_moments, 50.0).f1,
        notes_per_second_error=abs(guessed.notes_per_second - there.notes_per_second),
        star_rating_error=abs(guessed.star_rating - there.star_rating),
        ln_ratio_error=abs(guessed.ln_ratio - there.ln_ratio) if generated.notes else 1.0,
    )


def moments_ms(chart: Beatmap) -> np.ndarray:
    """Return the times at which a chart asks for keys, sorted, float64 [N]; a chord is one moment, its first note's."""
    moments: list[float] = []
    for start_ms in sorted(note.start_ms for note in chart.notes):
        if not moments or start_ms - moments[-1] > CHORD_MS:
            moments.append(start_ms)
    return np.array(moments)
