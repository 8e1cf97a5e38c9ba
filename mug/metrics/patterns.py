"""Pattern statistics: chord sizes and column n-grams, and distances between two sets of charts.

Axes: K keys, N moments of a chart, G kinds of pattern.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.rows import rows_of

Shares = Mapping[int, float]  # kind of pattern -> its share of a chart, summing to 1; empty for an empty chart


def chord_sizes(chart: Beatmap) -> Shares:
    """Return the shares of moments with 1, 2... K notes."""
    return _shares([int(keys).bit_count() for keys in rows_of(chart)[1].tolist()])


def column_ngrams(chart: Beatmap, n: int) -> Shares:
    """Return the share of each sequence of n moments by their keys: jacks, trills, rolls, at any speed.

    A sequence is coded as the keys of its moments as bits, the first moment's highest.
    """
    rows = rows_of(chart)[1].tolist()
    runs = []
    for first in range(len(rows) - n + 1):
        run = 0
        for keys in rows[first : first + n]:
            run = run << chart.keys | keys
        runs.append(run)
    return _shares(runs)


def _shares(kinds: Sequence[int]) -> Shares:
    return {kind: count / len(kinds) for kind, count in Counter(kinds).items()}


def as_arrays(*sets: Sequence[Shares]) -> list[np.ndarray]:
    """Return each set of charts as float64 [charts, G], with the same order of kinds for all."""
    seen = sorted({kind for charts in sets for shares in charts for kind in shares})
    kinds = {kind: i for i, kind in enumerate(seen)}
    arrays = []
    for charts in sets:
        array = np.zeros((len(charts), len(kinds)))
        for row, shares in zip(array, charts, strict=True):
            for kind, share in shares.items():
                row[kinds[kind]] = share
        arrays.append(array)
    return arrays


def js_distance(p: np.ndarray, q: np.ndarray) -> float:
    """Return the Jensen-Shannon distance of two unnormalised histograms [G], 0 (equal) to 1 (nothing in common).

    The square root of the divergence in bits (Endres and Schindelin 2003), a metric. NaN if one of them is empty.
    """
    if p.shape != q.shape:
        raise ValueError(f"expected histograms of the same kinds, got {p.shape} and {q.shape}")
    if not (p.sum() > 0 and q.sum() > 0):
        return float("nan")
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def divergence(x: np.ndarray) -> float:
        some = x > 0
        return float(x[some] @ np.log2(x[some] / middle[some]))

    return float(np.sqrt(min(max((divergence(p) + divergence(q)) / 2, 0.0), 1.0)))


def ln_length_distance_ms(reference: Beatmap, estimated: Beatmap) -> float:
    """Return the Wasserstein-1 distance between the lengths of long notes of the two charts, in ms.

    NaN if a chart has no long notes.
    """
    from scipy.stats import wasserstein_distance  # here: it takes half a second

    there, guessed = (
        [note.last_ms - note.start_ms for note in chart.notes if note.is_long] for chart in (reference, estimated)
    )
    return float(wasserstein_distance(there, guessed)) if there and guessed else float("nan")
