"""Where a chart's columns come again: with the music that returns, and as answers within a phrase.

The unit is half a measure, or a measure that cannot be halved into beats. What returns is decided for each idea of the
song once, so it is the same in all charts of that seed, whatever their moments are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.synth.measures import Measure
from mug.synth.tempo import TICKS

RETURNING = (0.5, 1.0)  # shares of ideas whose columns come again with their music, least and most of a chart
ANSWERING = (0.1, 0.5)  # shares of half measures that take up an earlier one of their phrase, least and most of a chart
MIRRORS = 0.45  # of returns are mirrored, by people's half measures
VARIED = 0.25  # of returning ideas get a new ending every other time
ANSWERS = (1, 2, 4)  # an answer takes up the unit so many before it


@dataclass(frozen=True, slots=True)
class Source:
    """The unit whose columns come again."""

    unit: int
    mirrored: bool


def units_of(measures: Sequence[Measure]) -> int:
    """How many units a measure has."""
    return 2 if measures and measures[0].n_ticks % (2 * TICKS) == 0 else 1


def draw_sources(measures: Sequence[Measure], rng: np.random.Generator, share: float = 1.0) -> list[Source | None]:
    """For each unit of a song the earlier one whose columns it takes; None if it is new.

    `share`: times RETURNING and ANSWERING.
    """
    n = units_of(measures)
    returning = share * float(rng.uniform(*RETURNING))
    answering = share * float(rng.uniform(*ANSWERING))
    ideas = dict.fromkeys(measure.idea for measure in measures)
    returns = {idea: _Return(*(rng.random(3) < (returning, MIRRORS, VARIED)).tolist()) for idea in ideas}
    places = dict.fromkeys((measure.idea, measure.place * n + half) for measure in measures for half in range(n))
    answers = {
        place: (int(rng.choice(ANSWERS)) if rng.random() < answering else 0, bool(rng.random() < MIRRORS))
        for place in places
    }
    sources: list[Source | None] = []
    for unit in range(len(measures) * n):
        bar, half = divmod(unit, n)
        measure = measures[bar]
        place = measure.place * n + half
        way, again = returns[measure.idea], measure.time % 2 == 1
        back, mirrored = answers[measure.idea, place]
        if measure.model is not None and way.returns and not (way.varied and again and half == n - 1):
            sources.append(Source(measure.model * n + half, way.mirrors and again))
        elif 0 < back <= place:
            sources.append(Source(unit - back, mirrored))
        else:
            sources.append(None)
    return sources


@dataclass(frozen=True, slots=True)
class _Return:
    """How the columns of an idea come again."""

    returns: bool
    mirrors: bool  # every other time
    varied: bool  # every other time its measures end in a new way
