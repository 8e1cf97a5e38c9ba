"""Rows of the page's tables: what was asked for and what came out."""

from collections.abc import Mapping
from typing import Any

from mug.features import Feature
from mug.generation.request import GeneratedChart
from mug.ratings.long_notes import ln_ratio
from mug.webui.feature_words import words_of
from mug.webui.prompt_controls import Given

RESULT_COLUMNS = ["Chart", "Stars", "Stars requested", "LN ratio", "LN ratio requested", "Notes", "Notes per second"]


def result_row(chart: GeneratedChart, prompt: Mapping[str, Given]) -> list[Any]:
    """Return a row of the table: the chart's features beside the requested ones."""
    first_ms = min((note.start_ms for note in chart.notes), default=0.0)
    seconds = max(1.0, (chart.last_ms - first_ms) / 1000)
    requested = ["any" if prompt.get(name) is None else f"{prompt[name]:.2f}" for name in ("sr", "ln_ratio")]
    achieved = ["too dense" if chart.star_rating is None else f"{chart.star_rating:.2f}", f"{ln_ratio(chart):.2f}"]
    notes = len(chart.notes)
    return [chart.version, achieved[0], requested[0], achieved[1], requested[1], notes, f"{notes / seconds:.1f}"]


def feature_row(feature: Feature, value: Given) -> list[str]:
    """Return a row of the feature table."""
    if feature.type == "bool":
        return [words_of(feature.name).label, "yes" if value else "no"]
    return [words_of(feature.name).label, f"{value:.2f}" if isinstance(value, float) else str(value)]
