"""Rolls, stairs, trills, jacks and anchors: sequences of columns, whatever their rhythm.

Moments further apart than a beat do not form a sequence. Shares are of notes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np

from mug.metrics.habits.moments import Moments

STAIR = 4  # moments, or as many as there are columns
TRILL = 4  # moments
ANCHOR_NOTES = 8  # in a measure, for its most used column to be counted
JACKS = {"of 2": (2, 2), "of 3": (3, 3), "of 4 and more": (4, 10**9)}


def sequences(moments: Moments) -> dict[str, float]:
    """Shares of notes in stairs, rolls and trills. A note may be in several."""
    total = int(moments.sizes.sum())
    counts: Counter[str] = Counter()
    for run in moments.runs:
        marks = {
            "stairs": stairs(run, moments.keys),
            "rolls": rolls(run, moments.keys),
            "trills": trills(run, chords=False),
            "chord trills": trills(run, chords=True),
        }
        for name, marked in marks.items():
            counts[name] += sum(row.bit_count() for row, is_marked in zip(run, marked, strict=True) if is_marked)
    return {f"in {name}": counts[name] / total for name in ("stairs", "rolls", "trills", "chord trills")}


def stairs(run: Sequence[int], keys: int) -> list[bool]:
    """Which moments are single notes of at least four in a row that go one column on each, in one direction."""
    columns = [row.bit_length() - 1 if row.bit_count() == 1 else None for row in run]
    steps = [b - a if a is not None and b is not None and abs(b - a) == 1 else 0 for a, b in pairwise(columns)]
    return _marked(len(run), ((at, n + 1) for at, n, step in _groups(steps) if step and n + 1 >= min(STAIR, keys)))


def rolls(run: Sequence[int], keys: int) -> list[bool]:
    """Which moments are single notes that run through at least three columns the same way, twice or more."""
    marked = [False] * len(run)
    for length in range(3, keys + 1):
        repeats = [run[i] == run[i + length] and _goes_one_way(run[i : i + length]) for i in range(len(run) - length)]
        found = ((at, n + length) for at, n, repeated in _groups(repeats) if repeated and n >= length)
        marked = [a or b for a, b in zip(marked, _marked(len(run), found), strict=True)]
    return marked


def _goes_one_way(rows: Sequence[int]) -> bool:
    """Whether single notes rise or fall, with one jump back at most: 2-3-4-1 is 1-2-3-4, begun later."""
    if any(row.bit_count() != 1 for row in rows) or len(set(rows)) < len(rows):
        return False
    following = [*rows[1:], rows[0]]
    return sum(b > a for a, b in zip(rows, following, strict=True)) in (1, len(rows) - 1)


def trills(run: Sequence[int], chords: bool) -> list[bool]:
    """Which moments alternate between two rows without a common column, four in a row or more.

    chords: count those with chords in them, else those of single notes.
    """
    returns = [
        run[i] == run[i + 2]
        and not run[i] & run[i + 1]
        and chords == (run[i].bit_count() > 1 or run[i + 1].bit_count() > 1)
        for i in range(len(run) - 2)
    ]
    return _marked(len(run), ((at, n + 2) for at, n, returned in _groups(returns) if returned and n + 2 >= TRILL))


def jacks(moments: Moments) -> dict[str, float]:
    """Shares of notes in columns that are hit 2, 3, or 4 and more moments in a row."""
    lengths: Counter[int] = Counter()
    for run in moments.runs:
        for column in range(moments.keys):
            for _, length, hit in _groups([row >> column & 1 for row in run]):
                lengths[length] += hit * length
    total = lengths.total()
    return {
        f"in jacks {name}": sum(count for n, count in lengths.items() if low <= n <= high) / total
        for name, (low, high) in JACKS.items()
    }


def anchors(moments: Moments) -> dict[str, float]:
    """The share of notes that is in a measure's most used column: mean of the measures with at least 8 notes."""
    shares = [counts.max() / counts.sum() for counts in columns_by_measure(moments) if counts.sum() >= ANCHOR_NOTES]
    return {"anchor": float(np.mean(shares)) if shares else float("nan")}


def columns_by_measure(moments: Moments) -> np.ndarray:
    """How often each column is hit in each measure that has notes, int64 [measures, K]."""
    hit = moments.rows[:, None] >> np.arange(moments.keys) & 1  # [N, K]
    _, numbers = np.unique(moments.measures, return_inverse=True)
    counts = np.zeros((numbers.max() + 1, moments.keys), dtype=np.int64)
    np.add.at(counts, numbers, hit)
    return counts


def _groups(values: Sequence[int]) -> list[tuple[int, int, int]]:
    """Runs of equal values: where each begins, its length, and the value."""
    found, at = [], 0
    for value, group in groupby(values):
        length = len(list(group))
        found.append((at, length, value))
        at += length
    return found


def _marked(length: int, spans: Iterable[tuple[int, int]]) -> list[bool]:
    """A list of `length` that is true in each (begin, length) span."""
    marked = [False] * length
    for at, n in spans:
        marked[at : at + n] = [True] * n
    return marked
