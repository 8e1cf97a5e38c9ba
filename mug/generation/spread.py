"""Spreads: difficulties of one song, named and set up as players know them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mug.charts.rows import CHORD_MS
from mug.generation.request import GeneratedChart
from mug.metrics.onsets import match_onsets, moments_ms

MAX_SPREAD = 16


class Difficulty(NamedTuple):
    """A difficulty of osu!, with the HP drain and overall difficulty that its charts have: people's medians."""

    name: str
    below_stars: float
    hp_drain: float
    overall_difficulty: float


# Medians of 271 charts of people (docs/log.md); the star ratings are those of osu!'s difficulty icons.
DIFFICULTIES = (
    Difficulty("Easy", 2.0, 7.0, 7.0),
    Difficulty("Normal", 2.7, 7.5, 7.1),
    Difficulty("Hard", 4.0, 8.0, 7.8),
    Difficulty("Insane", 5.3, 8.0, 8.0),
    Difficulty("Expert", 6.5, 8.0, 8.0),
    Difficulty("Expert+", float("inf"), 8.0, 8.0),
)


def difficulty_of(stars: float | None) -> Difficulty:
    """The difficulty of a star rating; the hardest for a chart too dense to be rated."""
    return next(
        (difficulty for difficulty in DIFFICULTIES if stars is not None and stars < difficulty.below_stars),
        DIFFICULTIES[-1],
    )


def set_up(charts: Sequence[GeneratedChart]) -> list[GeneratedChart]:
    """Return the charts of a spread, easiest first, named by their stars, with HP drain and overall difficulty.

    Several of one difficulty are numbered: Hard, Hard 2. The charts are changed.
    """
    ordered = sorted(charts, key=lambda chart: float("inf") if chart.star_rating is None else chart.star_rating)
    counts: dict[str, int] = {}
    for chart in ordered:
        name, _, chart.hp_drain, chart.overall_difficulty = difficulty_of(chart.star_rating)
        counts[name] = counts.get(name, 0) + 1
        chart.version = name if counts[name] == 1 else f"{name} {counts[name]}"
    for easier, harder in pairwise(ordered):
        moments = moments_ms(easier)
        easier.in_harder = len(match_onsets(moments_ms(harder), moments, CHORD_MS)) / len(moments)
    return ordered
