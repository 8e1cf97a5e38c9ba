"""Finds charts with the same notes, at any offset and speed.

Two charts are the same if, in the same columns, one's times are the other's times a rate plus a shift, up to rounding
to milliseconds. Axes: N notes, H long notes among them, K keys.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.prepare.described import DescribedChart

ROUNDING_MS = 1.5  # error of a time in a file: rounded or truncated, perhaps twice
MAX_RATE = 2.5  # beyond this, a chart at another speed counts as another chart
SAME_RATE = 0.002  # a rate this close to 1 is rounding
MIN_GAPS = 4  # distinct gaps within columns: plain 1-2-3-4 at two speeds is two songs, not one at two rates


@dataclass(frozen=True, slots=True)
class Pattern:
    """A chart's times, [N] heads and [H] tails, column by column, sorted inside each column.

    Rounding and rates never reorder the notes inside a column; they may reorder the notes of a chord.
    """

    counts: tuple[int, ...]  # [2K] notes per column, then long notes per column; shifts, rates and rounding keep them
    times_ms: np.ndarray  # float32 [N + H]

    @property
    def span_ms(self) -> float:
        return float(np.ptp(self.times_ms))

    @property
    def balance(self) -> float:
        """Where the mean time lies between the first and the last, 0 to 1. A shift or a rate does not change it."""
        return float(np.mean(self.times_ms - self.times_ms.min(), dtype=np.float64)) / max(self.span_ms, 1.0)


def pattern_of(chart: DescribedChart) -> Pattern:
    """Return the pattern of a chart that has notes."""
    long = chart.last_ms > chart.start_ms  # [N]
    parts = ((chart.column, chart.start_ms), (chart.column[long], chart.last_ms[long]))
    counts = [np.bincount(column, minlength=chart.keys) for column, _ in parts]
    times_ms = np.concatenate([time_ms[np.lexsort((time_ms, column))] for column, time_ms in parts])
    return Pattern(tuple(np.concatenate(counts).tolist()), (times_ms - times_ms.min()).astype(np.float32))


def relative_rate(first: Pattern, second: Pattern) -> float | None:
    """Return how many times as fast as the first chart the second one is, None if their notes differ."""
    if first.counts != second.counts:
        return None
    x = first.times_ms - first.times_ms.mean(dtype=np.float64)
    y = second.times_ms - second.times_ms.mean(dtype=np.float64)
    spread = float(x @ x)
    stretch = float(x @ y) / spread if spread > 0 else 1.0  # least squares of y = stretch * x
    if not 1 / MAX_RATE <= stretch <= MAX_RATE:
        return None
    if np.abs(y - stretch * x).max() > ROUNDING_MS * (1 + stretch):
        return None
    if abs(stretch - 1) > SAME_RATE and max(map(_different_gaps, (first, second))) < MIN_GAPS:
        return None
    return 1 / stretch


def _different_gaps(pattern: Pattern) -> int:
    """The number of distinct gaps between neighbours in a column, counting gaps within rounding as one."""
    gaps = np.diff(pattern.times_ms)
    gaps = np.unique(gaps[gaps > 0])
    return int(np.count_nonzero(np.diff(gaps) > 2 * ROUNDING_MS)) + 1


def duplicate_groups(patterns: Sequence[Pattern]) -> list[list[int]]:
    """Return groups of two or more charts that are the same, as indices.

    Only charts with equal counts and nearly equal balance are compared: about one comparison per chart.
    """
    same_counts: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, pattern in enumerate(patterns):
        same_counts[pattern.counts].append(i)
    groups: list[list[int]] = []
    for candidates in same_counts.values():
        if len(candidates) > 1:
            groups += _connected(patterns, candidates)
    return sorted(groups)


def _connected(patterns: Sequence[Pattern], candidates: list[int]) -> list[list[int]]:
    """The connected components of two or more charts, in the graph that joins charts that are the same."""
    balance = {i: patterns[i].balance for i in candidates}
    # rounding moves the mean, the first and the last time
    slack = 8 * ROUNDING_MS / max(1.0, min(patterns[i].span_ms for i in candidates))
    part = {i: {i} for i in candidates}
    ordered = sorted(candidates, key=balance.__getitem__)
    for at, i in enumerate(ordered):
        for j in ordered[at + 1 :]:
            if balance[j] - balance[i] > slack:
                break
            if j not in part[i] and relative_rate(patterns[i], patterns[j]) is not None:
                part[i] |= part[j]
                for member in part[j]:
                    part[member] = part[i]
    parts = {id(members): members for members in part.values()}
    return [sorted(members) for members in parts.values() if len(members) > 1]
