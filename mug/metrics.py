"""How well the times of one chart agree with those of another, and what chance alone would reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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
