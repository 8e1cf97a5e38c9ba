"""Properties of a chart that decide whether it is worth training on, and limits on them.

Axis: N notes.
"""

import math
import re
from dataclasses import asdict, dataclass

import numpy as np

from mug.errors import ConfigError
from mug.prepare.described import DescribedChart

MAX_GAP_S = 180.0  # a note this long after the previous one was left behind by accident
MAX_OVERLAPPING = 0.01  # of the notes; a stray one is a mapper's slip, more make a chart unplayable
ROUNDING_MS = 1.0  # a tail and the next head, both rounded, may overlap by this

_DECIMAL = r"(\d)[.,](\d{1,3})"
_RATE_NAMES = [
    re.compile(rf"(?<![a-z0-9.,]){_DECIMAL}\s?[x×](?![a-z0-9])", re.IGNORECASE),  # 1.1x, [0,9x], 1.05x (150bpm)
    re.compile(rf"(?<![a-z0-9])[x×]\s?{_DECIMAL}(?![\d.,])", re.IGNORECASE),  # x1.25
    re.compile(rf"\brate[\s:(=-]*{_DECIMAL}(?![\d.,])", re.IGNORECASE),  # Rate 1.2
    re.compile(rf"(?<![\d.,]){_DECIMAL}\s?rate\b", re.IGNORECASE),  # 1.2 rate
]
_RATES = (0.4, 2.5)  # numbers outside are versions, stars, seconds


def rate_in_name(name: str) -> float | None:
    """Return the rate that a difficulty's name states for a speed-changed copy; None if it states none, or 1.0."""
    for pattern in _RATE_NAMES:
        for found in pattern.finditer(name):
            rate = float(f"{found[1]}.{found[2]}")
            if rate != 1.0 and _RATES[0] <= rate <= _RATES[1]:
                return rate
    return None


@dataclass(frozen=True, slots=True)
class Traits:
    """The limited properties of a chart. Times in seconds; shares from 0 to 1."""

    keys: int
    n_notes: int
    seconds: float  # from the first note to the end of the last
    stars: float
    ln_ratio: float
    overlapping: float  # share of notes that begin before the previous note in their column ends, or with it
    longest_gap_s: float
    density: float  # notes per second and key in the busiest second
    changes_tempo: bool
    changes_scroll: bool


def traits_of(chart: DescribedChart, stars: float) -> Traits:
    """Measure a chart with at least one note; its notes are sorted by time."""
    column, start_ms, last_ms = chart.column, chart.start_ms, chart.last_ms
    ends_ms = np.maximum.accumulate(last_ms)  # [N]
    busiest = (np.searchsorted(start_ms, start_ms + 1000.0) - np.arange(len(start_ms))).max()
    n_overlapping = sum(_overlapping(start_ms[column == k], last_ms[column == k]) for k in range(chart.keys))
    return Traits(
        keys=chart.keys,
        n_notes=len(start_ms),
        seconds=float(ends_ms[-1] - start_ms[0]) / 1000,
        stars=stars,
        ln_ratio=int(np.count_nonzero(last_ms > start_ms)) / len(start_ms),
        overlapping=n_overlapping / len(start_ms),
        longest_gap_s=float(np.max(start_ms[1:] - ends_ms[:-1], initial=0.0)) / 1000,
        density=float(busiest) / chart.keys,
        changes_tempo=chart.speeds.changes_tempo,
        changes_scroll=chart.speeds.changes_scroll,
    )


def _overlapping(start_ms: np.ndarray, last_ms: np.ndarray) -> int:
    """How many of a column's notes [N] begin before every earlier one has ended, or together with the previous one."""
    over_ms = np.maximum.accumulate(last_ms)[:-1]
    gap_ms = start_ms[1:] - over_ms
    return int(np.sum((gap_ms < -ROUNDING_MS) | (np.diff(start_ms) <= ROUNDING_MS)))


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on a chart. None: no limit. The defaults leave out only unplayable charts.

    Raises ConfigError for a limit that is not a number.
    """

    min_seconds: float | None = 15.0
    max_seconds: float | None = None
    min_notes: int | None = 50
    min_stars: float | None = None
    max_stars: float | None = None
    min_ln_ratio: float | None = None
    max_ln_ratio: float | None = None
    keys: tuple[int, ...] | None = None
    max_density: float | None = 20.0  # notes per second and key
    steady_tempo: bool = False
    steady_scroll: bool = False

    def __post_init__(self) -> None:
        for name, limit in asdict(self).items():
            if isinstance(limit, float) and math.isnan(limit):
                raise ConfigError(f"{name}: nan is not a limit; leave it out for no limit")

    def broken(self, traits: Traits) -> tuple[str, str] | None:
        """Return the kind of reason and the reason for leaving a chart out, None if it is within the limits."""
        t = traits
        for kind, failed, reason in (
            ("other key count", self.keys is not None and t.keys not in self.keys, f"{t.keys}K"),
            ("too few notes", _below(t.n_notes, self.min_notes), f"{t.n_notes} notes"),
            ("too short", _below(t.seconds, self.min_seconds), f"{t.seconds:.1f} s from first note to last"),
            ("too long", _above(t.seconds, self.max_seconds), f"{t.seconds:.0f} s from first note to last"),
            (
                "overlapping notes",
                t.overlapping > MAX_OVERLAPPING,
                f"{t.overlapping:.1%} of the notes begin before the one before them in their column is over",
            ),
            ("a stray note", t.longest_gap_s > MAX_GAP_S, f"{t.longest_gap_s:.0f} s without a note"),
            (
                "too dense",
                _above(t.density, self.max_density),
                f"{t.density:.1f} notes per second in every column at the densest; unplayable",
            ),
            ("too easy", _below(t.stars, self.min_stars), f"{t.stars:.2f} stars"),
            ("too hard", _above(t.stars, self.max_stars), f"{t.stars:.2f} stars"),
            ("too few long notes", _below(t.ln_ratio, self.min_ln_ratio), f"{t.ln_ratio:.0%} long notes"),
            ("too many long notes", _above(t.ln_ratio, self.max_ln_ratio), f"{t.ln_ratio:.0%} long notes"),
            ("changes tempo", self.steady_tempo and t.changes_tempo, "its tempo changes"),
            ("changes scroll speed", self.steady_scroll and t.changes_scroll, "its scroll speed changes"),
        ):
            if failed:
                return kind, reason
        return None


def _below(value: float, limit: float | None) -> bool:
    return limit is not None and value < limit


def _above(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit
