"""The part of a chart that an edit draws anew: spans of time, in all columns or some."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mug.charts.beatmap import Note
from mug.errors import PromptError

Interval = tuple[float, float]  # from its first moment up to but not including its last, in ms


@dataclass(frozen=True)
class Span:
    """Notes that start at `start_ms` or later, and before `end_ms`. columns: which, from 0; None is all of them.

    Raises PromptError for a span without length.
    """

    start_ms: float
    end_ms: float
    columns: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if not self.start_ms < self.end_ms:  # also refuses NaN
            raise PromptError(f"from {self.start_ms / 1000:g} to {self.end_ms / 1000:g} s: give an end after the start")


@dataclass(frozen=True)
class Region:
    """The spans of a chart that are drawn anew; keep_only: the only ones that are not. Without spans, that is all."""

    spans: Sequence[Span] = ()
    keep_only: bool = False

    def opened(self, keys: int, end_ms: float) -> "OpenPart":
        """The part to be drawn of a chart with these keys, of a song that ends at `end_ms`.

        Raises PromptError for columns that the chart does not have, and if nothing is left to draw.
        """
        if not self.spans:
            return OpenPart(tuple([(-math.inf, math.inf)] for _ in range(keys)))
        given: list[list[Interval]] = [[] for _ in range(keys)]
        for span in self.spans:
            for column in range(keys) if span.columns is None else span.columns:
                if not 0 <= column < keys:
                    raise PromptError(f"column {column + 1}: the chart has columns 1 to {keys}")
                given[column].append((span.start_ms, span.end_ms))
        columns = tuple(_joined(intervals) for intervals in given)
        if self.keep_only:
            columns = tuple(_gaps(intervals) for intervals in columns)
        if not any(start < end_ms and end > 0 for intervals in columns for start, end in intervals):
            raise PromptError(f"nothing of the song is left to draw: it is {end_ms / 1000:.1f} s long")
        return OpenPart(columns)


@dataclass(frozen=True)
class OpenPart:
    """The part of a chart that is drawn anew. columns: the intervals of each column, in order and apart."""

    columns: tuple[list[Interval], ...]

    def end_of(self, start_ms: float, column: int) -> float | None:
        """When the interval ends that a note starts in; None for a note outside, which is kept."""
        intervals = self.columns[column]
        index = bisect_right(intervals, (start_ms, math.inf)) - 1
        return intervals[index][1] if index >= 0 and start_ms < intervals[index][1] else None

    def has(self, note: Note) -> bool:
        """Whether a note is in the part to be drawn."""
        return self.end_of(note.start_ms, note.column) is not None

    @property
    def times(self) -> list[Interval]:
        """When any column is drawn."""
        return _joined(interval for intervals in self.columns for interval in intervals)

    @property
    def has_all_columns(self) -> bool:
        """Whether all columns are drawn at the same times."""
        return all(intervals == self.columns[0] for intervals in self.columns)

    def share(self, end_ms: float) -> float:
        """The share of a song's time in which anything is drawn, between the first and the last such moment."""
        within = [(max(start, 0.0), min(end, end_ms)) for start, end in self.times if start < end_ms and end > 0]
        return sum(end - start for start, end in within) / (within[-1][1] - within[0][0])


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals in order, with those that touch or overlap as one."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _gaps(intervals: Sequence[Interval]) -> list[Interval]:
    """What lies between, before and after joined intervals."""
    edges = [-math.inf, *(edge for interval in intervals for edge in interval), math.inf]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
