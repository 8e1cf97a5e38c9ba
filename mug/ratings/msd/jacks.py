"""Jackspeed: how fast each hand repeats a column, row by row.

Axes: N notes of a column, E rows of a hand.
"""

from collections.abc import Sequence

import numpy as np

from mug.ratings.msd.rows import HANDS, Rows

SLOWER_BY_MS = 10.0  # a gap this much longer than the last starts a new run
FASTER_BY = 2.34  # and so does one shorter by this factor
BUFFER_MS, BUFFER_GAPS = 25.0, 1.075  # added to a run's length
FROZEN_FROM = 5  # notes; longer runs count the same
SHORTEST_MS = 82.5
PAIR_FACTOR, PAIR_SHORTEST_MS = 1.1, 155.0  # of a run of two notes
NO_JACK_MS = 1e6
DIFFICULTY_MS = 3850.0
RIGHT_FIRST = 0.895  # factor for a hand whose first row lacks its left column


def run_ms(time_ms: np.ndarray) -> np.ndarray:
    """Return [N]: the buffered mean gap of the run that each note of a column continues (NO_JACK_MS for the first)."""
    result = np.full(len(time_ms), NO_JACK_MS)
    if len(time_ms) < 2:
        return result
    gap = np.diff(time_ms)  # before the notes from the second on
    starts = np.ones(len(gap), dtype=bool)
    starts[1:] = (gap[1:] > gap[:-1] + SLOWER_BY_MS) | (gap[1:] * FASTER_BY < gap[:-1])
    index = np.arange(len(gap))
    first = np.maximum.accumulate(np.where(starts, index, 0))  # the run's first gap
    last = np.minimum(index, first + FROZEN_FROM - 2)
    total = time_ms[last + 1] - time_ms[first]
    gaps = last - first + 1
    mean = (total + BUFFER_MS + BUFFER_GAPS * total / gaps) / gaps
    pair = np.maximum(PAIR_FACTOR * mean, PAIR_SHORTEST_MS)
    result[1:] = np.where(gaps == 1, pair, np.maximum(mean, SHORTEST_MS))
    return result


def jack_difficulty(hand_ms: np.ndarray, columns_ms: Sequence[np.ndarray]) -> np.ndarray:
    """Return [E]: the difficulty of a hand's faster column at each of its rows. Times are at the played rate."""
    fastest = np.full(len(hand_ms), NO_JACK_MS)
    for time_ms in columns_ms:
        last = np.searchsorted(time_ms, hand_ms, side="right")  # the column's last note, 1 the first, 0 none
        fastest = np.minimum(fastest, np.concatenate([[NO_JACK_MS], run_ms(time_ms)])[last])
    return DIFFICULTY_MS / fastest


def jacks_of(rows: Rows, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the difficulty [E] of all rows of both hands, with and without the reduction for a hand's first row.

    The reference rates a hand lower if its first row has no note in its left column.
    """
    worn, plain = [], []
    for hand in range(HANDS):
        hand_ms = rows.hand_time_ms[hand] / rate
        columns = [rows.column_time_ms[2 * hand + side] / rate for side in range(2)]
        difficulty = jack_difficulty(hand_ms, columns)
        left_first = len(columns[0]) > 0 and columns[0][0] == hand_ms[0]
        plain.append(difficulty)
        worn.append(difficulty if left_first else RIGHT_FIRST * difficulty)
    return np.concatenate(worn), np.concatenate(plain)
