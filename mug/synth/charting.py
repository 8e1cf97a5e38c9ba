"""Charts a synthesised song the way a mapper does: which moments, how many notes, which columns, which long notes.

The moments of a chart follow from the audible sounds and the chart's level and pattern alone; randomness only decides
between equally good columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.ratings.stars import star_rating_or_none
from mug.synth.accents import by_phrase, chord_sizes
from mug.synth.columns import place
from mug.synth.composition import Composition
from mug.synth.habits import HABITS
from mug.synth.long_notes import ALL_FROM, hold, plan_holds
from mug.synth.moment import Moment
from mug.synth.patterns import COLUMN_GAP_MS, GAP_MS, LEAST_MS, LONG_MS, THRESHOLD, Pattern, at_level
from mug.synth.pulse import shaped, with_usual
from mug.synth.runs import with_runs
from mug.synth.salience import Hit, find_hits, pick_hits, recall, vary

TRIES = 5
CLOSE = 0.1  # stars; this close to the target is close enough
EASIEST, HARDEST = -1.0, 10.0  # levels
STEP, LEAST_STEP = 1.5, 0.3  # levels to go up for a missing star, and at least


@dataclass(frozen=True)
class Plan:
    """What a chart should be like."""

    pattern: Pattern
    stars: float  # the target; calm music allows less
    ln_ratio: float = 0.0


def chart(
    moments: Sequence[Hit], composition: Composition, plan: Plan, keys: int, rng: np.random.Generator
) -> tuple[list[Note], float]:
    """Chart a song at the planned difficulty, measured by osu!'s star rating, with notes on some of `moments`.

    Returns the notes, sorted by (start_ms, column), and their stars. Times are the exact times of the events, not
    rounded.
    """
    seed = int(rng.integers(2**32))
    below, above = (EASIEST, 0.0), (HARDEST, float("inf"))  # the closest levels tried, and their stars
    level = plan.stars
    tried: list[tuple[list[Note], float]] = []
    while len(tried) < TRIES:
        notes = chart_at(level, moments, composition, plan, keys, seed)
        stars = star_rating_or_none(Beatmap(keys, notes, [])) or 0.0
        tried.append((notes, stars))
        if abs(stars - plan.stars) < CLOSE or level == (HARDEST if stars < plan.stars else EASIEST):
            break
        below, above = ((level, stars), above) if stars < plan.stars else (below, (level, stars))
        level = _between(below, above, plan.stars)
    return min(tried, key=lambda chart: abs(chart[1] - plan.stars))


def _between(below: tuple[float, float], above: tuple[float, float], stars: float) -> float:
    """The level to try between two levels of which the stars are known, by interpolation; up to HARDEST at first."""
    if above[1] == float("inf"):
        return min(below[0] + max(STEP * (stars - below[1]), LEAST_STEP), HARDEST)
    share = (stars - below[1]) / max(above[1] - below[1], 1e-6)
    return below[0] + min(max(share, 0.3), 0.7) * (above[0] - below[0])


def moments_of(composition: Composition, rng: np.random.Generator) -> list[Hit]:
    """What charts of a song can have notes on, in order of time: its sounds, and moments between them."""
    hits = recall(with_runs(find_hits(composition), composition), composition)
    return with_usual(by_phrase(vary(hits, composition, rng), composition, rng), composition)


def chart_at(
    level: float, hits: Sequence[Hit], composition: Composition, plan: Plan, keys: int, seed: int
) -> list[Note]:
    """Chart a song at a level: about its stars, lower in calm music. Rules for beginners go by the planned stars."""
    pattern = plan.pattern
    column_gap_ms = at_level(COLUMN_GAP_MS, level) * pattern.column_gap
    least_ms = max(at_level(LEAST_MS, level) * pattern.least, column_gap_ms * pattern.apart)
    threshold = at_level(THRESHOLD, level) * pattern.threshold
    chosen = pick_hits(shaped(hits, level), threshold, at_level(GAP_MS, level) * pattern.gap, least_ms)
    sizes = chord_sizes(chosen, pattern, level, plan.stars, keys)
    shortest_ms = at_level(LONG_MS, plan.stars)
    many = plan.ln_ratio >= ALL_FROM
    holds = plan_holds(chosen, sizes, composition, 0.0 if many else plan.ln_ratio, shortest_ms, keys)
    moments = [Moment(*moment) for moment in zip(chosen, sizes, holds, strict=True)]
    columns = place(moments, composition.measures, HABITS[pattern.name], column_gap_ms, keys, seed)
    if many:
        rows = list(zip(chosen, columns, strict=True))
        return hold(rows, composition, plan.ln_ratio, shortest_ms, at_level(COLUMN_GAP_MS, level))
    return sorted(
        Note(moment.hit.time_ms, column, moment.holds[i] if i < len(moment.holds) else None)
        for moment, row in zip(moments, columns, strict=True)
        for i, column in enumerate(row)
    )
