"""A 4K chart as rows of notes, for both hands and each hand, and the small patterns that end at each row.

Nothing here depends on the rate, so all rates share it.

Axes: N notes, M rows, E rows of both hands, first all of the left's, then all of the right's, P patterns.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

HANDS = 2
SIZE = np.array([bin(mask).count("1") for mask in range(16)])  # notes of a row
FIRST_GAP_MS = 2000.0  # assumed gap before the first note, and upper limit of gaps
SHORTEST_GAP_MS = 5.0
SAME_GAP = 1.05  # times longer
CLOSEST_MS = 20.0  # smallest gap between notes of a hand that counts
EARLY_ROWS = 6  # of a hand: the reference has not seen enough of its past yet


@dataclass(frozen=True)
class Rows:
    """A chart's rows. Pattern sums over any range of rows are differences of the running sums."""

    time_ms: np.ndarray  # [M] float64
    mask: np.ndarray  # [M] int64, bit k: column k has a note
    gap_ms: np.ndarray  # [M] since the previous row
    hand_time_ms: tuple[np.ndarray, np.ndarray]  # per hand, of the rows in which it plays
    row_sums: np.ndarray  # [M + 1, P] running sums of row_patterns
    mask_sums: np.ndarray  # [M + 1, 16] how often each mask came before a row
    hand_sums: tuple[np.ndarray, np.ndarray]  # per hand [rows + 1, P] running sums of hand_patterns
    hand_before: np.ndarray  # [2, M + 1] rows of a hand before a row
    column_time_ms: tuple[np.ndarray, ...]  # per column


def before(values: np.ndarray, steps: int, fill: float = 0) -> np.ndarray:
    """Return the values of `steps` rows earlier, `fill` before the first."""
    moved = np.empty_like(values)
    moved[:steps] = fill
    moved[steps:] = values[: max(len(values) - steps, 0)]
    return moved


def gaps_ms(time_ms: np.ndarray) -> np.ndarray:
    gap = np.diff(time_ms, prepend=-np.inf)
    return np.clip(gap, SHORTEST_GAP_MS, FIRST_GAP_MS)


def gap_change(gap: np.ndarray) -> np.ndarray:
    """Return the ratio of each gap to the previous one, at least 1; 1 if they only differ by rounding."""
    last = before(gap, 1, FIRST_GAP_MS)
    change = np.maximum(gap, last) / np.minimum(gap, last)
    return np.where(change < SAME_GAP, 1.0, change)


def running_sums(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return [rows + 1, P]: the sums over the rows before each one."""
    rows = len(next(iter(columns.values())))
    table = np.zeros((len(columns), rows + 1))
    for values, column in zip(table, columns.values(), strict=True):
        values[1:] = column
    return np.cumsum(table, axis=1, out=table).T


def row_patterns(mask: np.ndarray, gap: np.ndarray) -> dict[str, np.ndarray]:
    """Return the patterns each row forms with the rows before it, every value [M]."""
    m1, m2, m3, m4 = (before(mask, steps) for steps in (1, 2, 3, 4))
    size, s1, s2 = SIZE[mask], SIZE[m1], SIZE[m2]
    single, chord, chord1 = size == 1, size > 1, s1 > 1
    repeat = SIZE[mask & m1]
    apart = repeat == 0
    trill = (mask == m2) & apart
    change = gap_change(gap)
    return {
        "notes": size,
        "single": single,
        "jump": size == 2,
        "hand": size == 3,
        "quad": size == 4,
        "repeats": repeat,
        "repeat_rows": ~apart,
        "same_row": mask == m1,
        "chord_chord": chord & chord1,
        "chordjacks": chord & chord1 & ~apart,
        "chord_single": (chord != chord1) & apart & (m1 > 0),
        "chord_single_repeat": (chord != chord1) & ~apart,
        "trill": trill & single,
        "jumptrill": trill & chord & chord1,
        "chord_trill": trill & (chord != chord1),
        "long_trill": trill & (m1 == m3),
        "xyyx": (mask == m3) & (m1 == m2) & apart,
        "three_cycle": (mask == m3) & (mask != m1) & (mask != m2) & apart,
        "roll": (mask == m4) & (SIZE[mask & (m1 | m2 | m3)] == 0),
        "triple_single": single & (s1 == 1) & (s2 == 1),
        "linked_chords": chord & (s1 == 1) & (s2 > 1),
        "opposite": (mask | m1) == 15,
        "anchors": SIZE[mask & m2 & ~m1],
        "long_anchors": SIZE[mask & m2 & m4 & ~m1 & ~m3],
        "across_hands": ((mask & 3 > 0) & (mask & 12 > 0)) & chord,
        "irregular": np.minimum(np.log2(change), 2.0),
        "off_beat": np.where(change < 4, np.abs(change - np.round(change)), 0.0),
        "uneven": change > 1.2,
    }


def hand_patterns(mask: np.ndarray, hand: int, index: np.ndarray, time_ms: np.ndarray) -> dict[str, np.ndarray]:
    """Return the patterns each row of a hand forms with its previous rows; `index`: their rows in the chart."""
    own, other = mask >> 2 * hand & 3, mask >> 2 * (1 - hand) & 3
    v = own[index]
    v1, v2, v3, v4 = (before(v, steps) for steps in (1, 2, 3, 4))
    jump, cross = v == 3, v + v1 == 3
    cross &= (v > 0) & (v1 > 0)
    same = (v == v1) & ~jump
    other_before = np.cumsum(other > 0)[index] - (other[index] > 0)
    between = other_before - before(other_before + (other[index] > 0), 1)
    time = time_ms[index]
    gap = gaps_ms(time)
    gap1 = before(gap, 1, FIRST_GAP_MS)
    change = gap_change(gap)
    last = np.empty((2, len(v)))  # time of each column's previous note
    for column in (0, 1):
        played = np.where(v >> column & 1, time, -np.inf)
        last[column] = before(np.maximum.accumulate(played), 1, -np.inf)
    since = np.clip(time - last, SHORTEST_GAP_MS, FIRST_GAP_MS)
    since = np.where(np.isinf(last), since[::-1], since)  # a single column stands for both
    nearest = since.min(axis=0)
    same_ms = np.where(jump, nearest, np.where(v == 1, since[0], since[1]))
    cross_ms = np.where(jump, nearest, np.where(v == 1, since[1], since[0]))
    known = np.isfinite(last).any(axis=0)
    speed = 1000.0 * known / np.sqrt(np.maximum(same_ms, CLOSEST_MS) * np.maximum(cross_ms, CLOSEST_MS))
    mean = (gap + gap1 + before(gap, 2, FIRST_GAP_MS) + before(gap, 3, FIRST_GAP_MS)) / 4
    square = (gap**2 + gap1**2 + before(gap**2, 2, FIRST_GAP_MS**2) + before(gap**2, 3, FIRST_GAP_MS**2)) / 4
    variation = np.minimum(np.sqrt(np.maximum(square - mean**2, 0)) / mean, 1.5)
    xyx = cross & (v == v2)
    return {
        "rows": np.ones(len(v)),
        "notes": 1 + jump,
        "one_column": v & 1,
        "jumps": jump,
        "jumps_in_row": jump & (v1 == 3),
        "same": same,
        "same_thrice": same & (v1 == v2),
        "jump_in": jump & (v1 < 3),
        "cross": cross,
        "xyx": xyx,
        "xyxy": xyx & (v1 == v3),
        "xyxyx": xyx & (v1 == v3) & (v2 == v4),
        "xyyx": cross & (v1 == v2) & (v == v3),
        "alone": between == 0,
        "one_between": between == 1,
        "many_between": between > 2,
        "xyx_alone": xyx & (between == 0),
        "xyx_between": xyx & (between == 1),
        "cross_alone": cross & (between == 0),
        "same_alone": same & (between == 0),
        "together": other[index] > 0,
        "irregular": np.minimum(np.log2(change), 2.0),
        "off_beat": np.where(change < 4, np.abs(change - np.round(change)), 0.0),
        "early": np.arange(len(v)) < EARLY_ROWS,
        "known": known,
        "speed": speed,
        "varied_speed": speed * variation,
        "variation": variation,
    }


HAND_PATTERNS = tuple(hand_patterns(np.zeros(0, np.int64), 0, np.zeros(0, np.int64), np.zeros(0)))


def rows_of(column: np.ndarray, start_ms: np.ndarray) -> Rows:
    """Return the rows of the notes `column` int [N], `start_ms` float [N]: notes at the same ms are a row."""
    order = np.argsort(start_ms, kind="stable")  # so that a row's time is that of its first note
    column, start_ms = column[order], start_ms[order]
    _, first, row = np.unique(np.round(start_ms), return_index=True, return_inverse=True)  # [M], [N]
    time_ms = np.round(start_ms[first], 3)  # without rounding errors
    mask = np.zeros(len(time_ms), dtype=np.int64)
    np.bitwise_or.at(mask, row, 1 << column)
    gap = gaps_ms(time_ms)
    indices = [np.flatnonzero(mask >> 2 * hand & 3) for hand in range(HANDS)]
    counts = np.zeros((HANDS, len(mask) + 1), dtype=np.int64)
    for hand in range(HANDS):
        np.cumsum((mask >> 2 * hand & 3) > 0, out=counts[hand, 1:])
    return Rows(
        time_ms,
        mask,
        gap,
        (time_ms[indices[0]], time_ms[indices[1]]),
        running_sums(row_patterns(mask, gap)),
        running_sums({str(value): mask == value for value in range(16)}),
        (
            running_sums(hand_patterns(mask, 0, indices[0], time_ms)),
            running_sums(hand_patterns(mask, 1, indices[1], time_ms)),
        ),
        counts,
        tuple(time_ms[(mask >> k & 1) > 0] for k in range(4)),
    )
