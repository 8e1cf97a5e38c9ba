"""The two hands: how evenly they are used, how often they change, and which chords they hold.

The left hand has the first half of the columns, the right hand the last; with an odd number, the middle one is the
thumb's. Axes: N moments, K keys.
"""

import numpy as np

from mug.metrics.habits.moments import RUN_BEATS, Moments
from mug.metrics.habits.sequences import ANCHOR_NOTES, columns_by_measure

NAN = float("nan")


def hands(moments: Moments) -> dict[str, float]:
    """Hand balance, alternation and the middle column. NaN where a chart has nothing to count, and all for 1K."""
    half = moments.keys // 2
    by_measure = columns_by_measure(moments)
    left, right = by_measure[:, :half].sum(axis=1), by_measure[:, moments.keys - half :].sum(axis=1)
    full = left + right >= ANCHOR_NOTES
    return {
        "hand balance": _imbalance(left.sum(), right.sum()),
        "hand balance in a measure": _mean(abs(left - right)[full] / (left + right)[full]),
        "hands change": _changes(moments, half),
        "in the middle column": float(by_measure[:, half].sum() / by_measure.sum()) if moments.keys % 2 else NAN,
    }


def chord_shapes(moments: Moments) -> dict[str, float]:
    """Of the chords of two: the share with both notes in one hand, and with neighbouring columns."""
    half = moments.keys // 2
    pairs = moments.rows[moments.sizes == 2]
    if not len(pairs) or not half:
        return {"jumps of one hand": NAN, "jumps of neighbours": NAN}
    lows, highs = (pairs & -pairs), pairs - (pairs & -pairs)
    one_hand = (pairs < 1 << half) | (lows >= 1 << (moments.keys - half))
    return {"jumps of one hand": float(one_hand.mean()), "jumps of neighbours": float((highs == 2 * lows).mean())}


def _imbalance(left: int, right: int) -> float:
    """The difference of the hands as a share of their notes: 0 is even."""
    return float(abs(left - right) / (left + right)) if left + right else NAN


def _changes(moments: Moments, half: int) -> float:
    """The share of single notes that follow a single note of the other hand. Notes of the thumb do not count."""
    single = (moments.sizes == 1) & ~((moments.rows == 1 << half) & (moments.keys % 2 == 1))
    right = moments.rows >= 1 << (moments.keys - half)
    pairs = single[1:] & single[:-1] & (moments.gaps <= RUN_BEATS)
    return _mean((right[1:] != right[:-1])[pairs])


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else NAN
