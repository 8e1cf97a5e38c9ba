"""Charts a synthesised song the way a mapper does: which moments, how many notes, which columns, which long notes.

The moments of a chart follow from the audible sounds and the chart's level and pattern alone; randomness only decides
between equally good columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.ratings.stars import star_rating_or_none
from mug.synth.columns import place
from mug.synth.composition import Composition
from mug.synth.long_notes import hold
from mug.synth.moment import Moment
from mug.synth.patterns import COLUMN_GAP_MS, GAP_MS, HANDS_FROM, LEAST_MS, LONG_MS, THRESHOLD, Pattern, at_level
from mug.synth.salience import Hit, find_hits, pick_hits

TRIES = 4
CLOSE = 0.06  # stars; this close to the target is close enough
BEYOND = 1.0  # how far above its pattern's levels a chart may go in calm music
CHORD_REST_MS = 200.0  # between chords, for patterns without chord runs


@dataclass(frozen=True)
class Plan:
    """What a chart should be like."""

    pattern: Pattern
    hardness: float  # 0 to 1: from the easiest chart of the pattern to the hardest that the music allows
    ln_ratio: float = 0.0


def chart(composition: Composition, plan: Plan, keys: int, rng: np.random.Generator) -> tuple[list[Note], float]:
    """Chart a song at the planned difficulty, measured by osu!'s star rating.

    Returns the notes, sorted by (start_ms, column), and their stars. Times are the exact times of the events, not
    rounded.
    """
    hits = find_hits(composition)
    seed = int(rng.integers(2**32))

    def at(level: float, stars: float) -> tuple[list[Note], float]:
        notes = chart_at(level, stars, hits, composition, plan, keys, seed)
        return notes, star_rating_or_none(Beatmap(keys, notes, [])) or 0.0

    easiest, hardest = plan.pattern.levels
    low, high = easiest - 1, hardest + BEYOND
    reach = min(at(high, hardest)[1], hardest)
    wanted = easiest + plan.hardness * max(reach - easiest, 0.0)
    level = wanted if wanted < reach - CLOSE else high
    tried: list[tuple[list[Note], float]] = []
    while len(tried) < TRIES:
        tried.append(at(level, wanted))
        excess = tried[-1][1] - wanted
        if abs(excess) < CLOSE:
            break
        low, high = (level, high) if excess < 0 else (low, level)
        level -= excess
        if not low < level < high:
            level = (low + high) / 2
    return min(tried, key=lambda chart: abs(chart[1] - wanted))


def chart_at(
    level: float, stars: float, hits: Sequence[Hit], composition: Composition, plan: Plan, keys: int, seed: int
) -> list[Note]:
    """Chart a song at a level: about the target `stars`, or higher in calm music. Beginner rules depend on `stars`."""
    pattern = plan.pattern
    column_gap_ms = at_level(COLUMN_GAP_MS, level) * pattern.column_gap
    least_ms = max(at_level(LEAST_MS, level) * pattern.least, column_gap_ms * pattern.apart)
    threshold = at_level(THRESHOLD, level) * pattern.threshold
    chosen = pick_hits(hits, threshold, at_level(GAP_MS, level) * pattern.gap, least_ms)
    sizes = _sizes(chosen, pattern, level, keys)
    if stars < HANDS_FROM:
        sizes = [min(size, 3 if keys >= 7 else 2) for size in sizes]
    moments = [Moment(hit, size) for hit, size in zip(chosen, sizes, strict=True)]
    columns = place(moments, composition.measures, pattern, level, keys, seed)
    rows = list(zip(chosen, columns, strict=True))
    return hold(rows, composition, plan.ln_ratio, at_level(LONG_MS, stars), at_level(COLUMN_GAP_MS, level))


def _sizes(hits: Sequence[Hit], pattern: Pattern, level: float, keys: int) -> list[int]:
    """The number of notes of each hit: the strongest ones are chords, with the pattern's shares."""
    sizes = [1] * len(hits)
    order = sorted(range(len(hits)), key=lambda i: (-hits[i].strength, hits[i].level, i))
    wide = 1 if keys >= 6 else 0
    for shares, size in ((pattern.jumps, 2), (pattern.hands, 3), (pattern.quads, 4)):
        left = round(pattern.share(shares, level) * len(hits))
        for i in order:
            if left <= 0:
                break
            if sizes[i] == size - 1 and (pattern.chords_follow or _stands_alone(i, hits, sizes)):
                sizes[i] = size
                left -= 1
    return [min(size + wide * (size > 1), keys) for size in sizes]


def _stands_alone(i: int, hits: Sequence[Hit], sizes: Sequence[int]) -> bool:
    """Whether the neighbouring hits are single notes, or far away."""
    return all(
        sizes[j] == 1 or abs(hits[j].time_ms - hits[i].time_ms) >= CHORD_REST_MS
        for j in (i - 1, i + 1)
        if 0 <= j < len(hits)
    )
