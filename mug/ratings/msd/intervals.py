"""Half-second intervals of a chart at a rate: each hand's notes and patterns in them.

Axes: H hands (2), I intervals, P patterns, F features.
"""

from typing import NamedTuple

import numpy as np

from mug.ratings.msd.rows import HAND_PATTERNS, HANDS, Rows

INTERVAL_MS = 500.0
FLAM_MS = 35.0  # rows closer than this are played as one
NPS_SCALE = 6.16  # base difficulty per note of a hand in an interval
SPEED_SCALE = 4.36  # base difficulty of a hand's row 1 s after the previous one
WIDE = 5  # intervals over which patterns are also averaged
KNOWN = HAND_PATTERNS.index("known")
SPEED = HAND_PATTERNS.index("speed")
SPEEDS = [SPEED, HAND_PATTERNS.index("varied_speed")]
ONE_COLUMN = HAND_PATTERNS.index("one_column")


class Intervals(NamedTuple):
    """Inputs for the difficulty of each hand's intervals."""

    notes: np.ndarray  # [H, I]
    base: np.ndarray  # [H, I] difficulty by the number of notes
    speed: np.ndarray  # [H, I] difficulty by the gaps between a hand's notes
    hand: np.ndarray  # [H, I, F] float32 features of a hand
    both: np.ndarray  # [I, F] float32 features of both


def smooth(values: np.ndarray, steps: int = 3, axis: int = -1) -> np.ndarray:
    """Average an axis over an interval and the `steps` - 1 before it, with zeros before the first."""
    values = np.moveaxis(values, axis, 0)
    total = values.copy()
    for step in range(1, min(steps, len(values))):
        total[step:] += values[:-step]
    total /= steps
    return np.moveaxis(total, 0, axis)


def between(sums: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return [..., I, P]: the sum of each pattern in each interval, from running sums and edges [..., I + 1]."""
    at = sums[edges]
    return at[..., 1:, :] - at[..., :-1, :]


def shares(sums: np.ndarray) -> np.ndarray:
    """Return each pattern's share of the first one's count, in an interval and over the last WIDE."""
    wide = smooth(sums, WIDE, axis=-2) * WIDE
    narrow = sums[..., 1:] / np.maximum(sums[..., :1], 1.0)
    return np.concatenate([narrow, wide[..., 1:] / np.maximum(wide[..., :1], 1.0)], axis=-1)


def intervals_of(rows: Rows, rate: float) -> Intervals:
    """Return the intervals of a chart with notes, at a rate."""
    width = INTERVAL_MS * rate  # ms at 1.0x
    starts = np.arange(int(rows.time_ms[-1] / width) + 2) * width
    edges = np.searchsorted(rows.time_ms, starts)  # [I + 1] the first row of each

    flams = np.maximum(0.0, 1 - rows.gap_ms / (FLAM_MS * rate))
    flam = between(np.concatenate([[0.0], np.cumsum(flams)])[:, None], edges)
    distinct = np.count_nonzero(between(rows.mask_sums, edges), axis=-1)[:, None]
    whole = np.concatenate([between(rows.row_sums, edges), flam], axis=-1)
    hands = np.stack([between(rows.hand_sums[h], rows.hand_before[h][edges]) for h in range(HANDS)])
    hands[..., SPEEDS] *= rate

    notes = hands[..., 1]
    base = NPS_SCALE * smooth(notes)
    three = smooth(hands[..., [1, KNOWN, SPEED, ONE_COLUMN]], axis=-2)
    speed = SPEED_SCALE * hands[..., SPEED] / np.maximum(hands[..., KNOWN], 1)
    smooth_speed = SPEED_SCALE * three[..., 2] / np.maximum(three[..., 1], 0.1)
    balance = np.abs(2 * three[..., 3] / np.maximum(three[..., 0], 0.1) - 1)
    levels = np.log1p(np.stack([notes, base, base[::-1], speed, smooth_speed, balance], axis=-1))
    hand = np.concatenate([shares(hands), levels], axis=-1)
    both = np.concatenate([shares(whole), np.log1p(whole[:, :1]), np.minimum(distinct, 8) / 8], axis=-1)
    return Intervals(notes, base, speed, hand.astype(np.float32), both.astype(np.float32))
