"""From the times of beats to stretches of constant tempo: as few as the beats need.

Axes: N beats, P stretches.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mug.charts.beatmap import beat_ms_of, bpm_of

SPREAD_MS = 4.0  # how far onsets on the beat usually are from it
STRAY_MS = 12.0  # onsets further from all that their neighbours predict are of something else
PENALTY = 40.0  # what a stretch costs, in squared deviations of SPREAD_MS
OFF_MEASURE = 6.0  # what it costs in addition if it does not begin with a measure
ROBUST_STEPS = 4
LEAST_WEIGHT = 1e-3  # of a beat at which nothing was heard
MOVES = 4  # beats that a change of tempo moves at most
BREAK_MS = 15.0  # lines further apart than this do not join
MEASURE_MS = 5.0  # lines of two tempos may be this far apart where they change, if a measure starts there
ROUND_DRIFT_MS = 2.5  # a rounder tempo is taken if it moves no beat of its stretch by more than this


@dataclass(frozen=True)
class Stretch:
    """Beats from `first` up to the next stretch's: beat n lies at time_ms + (n - first) * beat_ms."""

    first: int
    time_ms: float
    beat_ms: float

    def at(self, beats: np.ndarray | float) -> np.ndarray:
        """The times in ms of beats."""
        return self.time_ms + (np.asarray(beats, np.float64) - self.first) * self.beat_ms


def without_strays(times_ms: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weights [N], 0 where the onset agrees with nothing that its neighbours predict.

    Beats before and after predict a beat: the middle between them, or the line through two on one side, so that a
    change of tempo is no stray.
    """
    n = len(times_ms)
    padded = np.pad(times_ms, 4, mode="reflect", reflect_type="odd")
    here = slice(4, 4 + n)

    def shifted(by: int) -> np.ndarray:
        return padded[here.start + by : here.stop + by]

    middles = [(shifted(-d) + shifted(d)) / 2 for d in (1, 2, 3, 4)]
    lines = [2 * shifted(s) - shifted(2 * s) for s in (-1, 1)] + [
        (4 * shifted(s) - shifted(4 * s)) / 3 for s in (-1, 1)
    ]
    away = np.abs(np.stack(middles + lines) - times_ms).min(axis=0)
    return np.where(away <= STRAY_MS, weights, 0.0)


def partition(times_ms: np.ndarray, weights: np.ndarray, starts_measure: np.ndarray) -> list[int]:
    """Return the first beat of each stretch: the partition with the least squared error and cost of its stretches.

    starts_measure [N]: bool, where a measure starts. Optimal partitioning (Jackson et al. 2005), with the squared error
    of a line through the beats of each stretch.
    """
    n = len(times_ms)
    x = np.arange(n, dtype=np.float64)
    line = np.polyfit(x, times_ms, 1) if n > 1 else np.array([0.0, times_ms[0]])
    y = (times_ms - np.polyval(line, x)) / SPREAD_MS  # small numbers: sums of squares stay exact
    w = weights + LEAST_WEIGHT
    sums = np.stack([w, w * x, w * y, w * x * x, w * x * y, w * y * y])
    sums = np.concatenate([np.zeros((6, 1)), np.cumsum(sums, axis=1)], axis=1)  # [6, N + 1]
    begins = PENALTY + np.where(starts_measure, 0.0, OFF_MEASURE)
    best = np.full(n + 1, np.inf)
    best[0] = -PENALTY
    came = np.zeros(n + 1, np.int64)
    for end in range(1, n + 1):
        sw, sx, sy, sxx, sxy, syy = sums[:, end : end + 1] - sums[:, :end]  # [end] each
        spread = sxx - sx * sx / sw
        rise = np.where(spread > 1e-9, (sxy - sx * sy / sw) ** 2 / np.maximum(spread, 1e-9), 0.0)
        error = np.maximum(syy - sy * sy / sw - rise, 0.0)
        total = best[:end] + begins[:end] + error
        came[end] = int(total.argmin())
        best[end] = total[came[end]]
    firsts = []
    end = n
    while end > 0:
        end = int(came[end])
        firsts.append(end)
    return firsts[::-1]


def fit_tempos(
    times_ms: np.ndarray, weights: np.ndarray, starts_measure: np.ndarray | None = None, firsts: list[int] | None = None
) -> list[Stretch]:
    """Return the stretches of constant tempo behind the onsets at beats.

    times_ms, weights [N]: see `onset_times`. starts_measure [N]: bool, where a measure starts, if known. firsts: the
    first beat of each stretch, up to some beats; by default they are found, too.
    """
    if starts_measure is None:
        starts_measure = np.ones(len(times_ms), bool)
    weights = without_strays(times_ms, weights)
    if firsts is None:
        firsts = partition(times_ms, weights, starts_measure)
    stretches: list[Stretch] = []
    for chain in unbroken(times_ms, weights, firsts, starts_measure):
        inside = slice(chain[0], chain[-1])
        fitted = fit_stretches(times_ms[inside], weights[inside], [first - chain[0] for first in chain[:-1]])
        fitted = rounded(fitted, chain[-1] - chain[0])
        stretches += [Stretch(stretch.first + chain[0], stretch.time_ms, stretch.beat_ms) for stretch in fitted]
    return stretches


def unbroken(
    times_ms: np.ndarray, weights: np.ndarray, firsts: list[int], starts_measure: np.ndarray
) -> list[list[int]]:
    """Return chains of stretches that join: the first beat of each, and last the end of the chain.

    A change of tempo moves to the beat at which the lines of both tempos meet, or to a measure start beside it. Where
    they meet nowhere near, as in a medley, a new chain begins.
    """
    n = len(times_ms)
    edges = [*firsts, n]
    lines = [_line(times_ms, weights, low, high) for low, high in pairwise(edges)]
    chains = [[firsts[0]]]
    for i in range(1, len(firsts)):
        (start_a, beat_a), (start_b, beat_b) = lines[i - 1], lines[i]
        candidates = np.arange(max(chains[-1][-1] + 1, firsts[i] - MOVES), min(firsts[i] + MOVES + 1, edges[i + 1]))
        gap_ms = np.abs((start_a - start_b) + (beat_a - beat_b) * candidates)
        best = int((gap_ms + np.where(starts_measure[candidates], 0.0, MEASURE_MS)).argmin())
        if gap_ms[best] <= BREAK_MS:
            chains[-1].append(int(candidates[best]))
        else:
            chains[-1].append(firsts[i])
            chains.append([firsts[i]])
    chains[-1].append(n)
    return chains


def _line(times_ms: np.ndarray, weights: np.ndarray, low: int, high: int) -> tuple[float, float]:
    """The time of beat 0 and the length of a beat, of the robust line through the beats from `low` up to `high`."""
    stretch = fit_stretches(times_ms[low:high], weights[low:high], [0])[0]
    return stretch.time_ms - low * stretch.beat_ms, stretch.beat_ms


def fit_stretches(times_ms: np.ndarray, weights: np.ndarray, firsts: list[int]) -> list[Stretch]:
    """Fit one unbroken line, with a bend at the first beat of each stretch, to the beats: robust least squares."""
    n = len(times_ms)
    x = np.arange(n, dtype=np.float64)
    design = np.stack([np.ones(n), x, *(np.maximum(x - first, 0.0) for first in firsts[1:])], axis=1)  # [N, P + 1]
    w = weights + LEAST_WEIGHT
    for _ in range(ROBUST_STEPS):
        root = np.sqrt(w)
        coefficients = np.linalg.lstsq(design * root[:, None], times_ms * root, rcond=None)[0]
        away = (times_ms - design @ coefficients) / SPREAD_MS
        w = (weights + LEAST_WEIGHT) / (1 + (away / 2) ** 2) ** 2  # far onsets count less and less
    beat_ms = np.cumsum(coefficients[1:])
    line = design @ coefficients
    return [Stretch(first, float(line[first]), float(beat)) for first, beat in zip(firsts, beat_ms, strict=True)]


def rounded(stretches: list[Stretch], end: int) -> list[Stretch]:
    """Return stretches with rounder tempos, which join as before. end: the beat after the last one.

    No beat moves by more than ROUND_DRIFT_MS. A tempo that cannot be rounded takes back what those before it moved.
    """
    result: list[Stretch] = []
    for stretch, high in zip(stretches, [*(after.first for after in stretches[1:]), end], strict=True):
        beats = high - stretch.first
        if not result:
            middle = beats / 2  # of the first stretch, which keeps its place
            start_ms = stretch.time_ms
        else:
            middle = 0.0
            start_ms = float(result[-1].at(stretch.first))
        stop_ms = float(stretch.at(high))
        bpm = bpm_of((stop_ms - start_ms) / beats)
        for digits in range(4):
            beat_ms = beat_ms_of(max(round(bpm_of(stretch.beat_ms), digits), 1.0))
            begin_ms = start_ms + middle * (stretch.beat_ms - beat_ms)
            if max(abs(begin_ms + beats * beat_ms - stop_ms), abs(begin_ms - start_ms)) <= ROUND_DRIFT_MS:
                break
        else:
            begin_ms, beat_ms = start_ms, beat_ms_of(round(bpm, 3))
        result.append(Stretch(stretch.first, begin_ms, beat_ms))
    return result
