"""Rules, what they check, and what they find."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from mug.charts.beatmap import Beatmap, Note
from mug.lint.criteria import level_of


class Severity(StrEnum):
    """How bad a finding is: unrankable or unplayable; against a guideline; something to know before uploading."""

    PROBLEM = "problem"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True)
class Checked:
    """A chart to check. `stars`: its rating, None if osu! does not rate it. `audio_ms`: its song's length, if known."""

    chart: Beatmap
    stars: float | None
    audio_ms: float | None = None

    @property
    def level(self) -> str:
        return level_of(self.stars)

    @cached_property
    def columns(self) -> list[list[Note]]:
        """The notes of each column, sorted."""
        columns: list[list[Note]] = [[] for _ in range(self.chart.keys)]
        for note in sorted(self.chart.notes):
            columns[note.column].append(note)
        return columns


class Spot(NamedTuple):
    """Where a rule is broken, and how. `moment_ms`: if it is not the first note's. Without both it is all the chart."""

    message: str
    notes: tuple[Note, ...] = ()
    moment_ms: float | None = None

    @property
    def time_ms(self) -> float | None:
        """The time of the place, None for the whole chart."""
        return self.notes[0].start_ms if self.moment_ms is None and self.notes else self.moment_ms


@dataclass(frozen=True)
class Rule:
    """A rule of the criteria. `name`: what it finds, such as "minijack"."""

    id: str
    name: str
    severity: Severity
    check: Callable[[Checked], Iterator[Spot]]


class Finding(NamedTuple):
    """A rule and where it is broken."""

    rule: Rule
    spot: Spot

    def __str__(self) -> str:
        place = timestamp(self.spot)
        return f"{place + ' - ' if place else ''}{self.rule.severity}: {self.spot.message} [{self.rule.id}]"


def timestamp(spot: Spot) -> str:
    """Return a place as osu!'s editor writes it, which it jumps to when pasted: "00:12:345 (12345|2)".

    "" for the whole chart.
    """
    time_ms = spot.time_ms
    if time_ms is None:
        return ""
    minutes, rest = divmod(abs(round(time_ms)), 60_000)
    clock = f"{'-' if time_ms < 0 else ''}{minutes:02}:{rest // 1000:02}:{rest % 1000:03}"
    notes = ",".join(f"{round(note.start_ms)}|{note.column}" for note in spot.notes)
    return f"{clock} ({notes})" if notes else clock
