"""Which of the charts that an ensemble agrees on is taken: the one whose features come closest to the prompt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.generation.consensus import Agreement
from mug.generation.prompt_distance import STARS, measure
from mug.ratings.stars import star_rating_or_none

# Differences of the log density that count 1, as the tolerances of mug.generation.prompt_distance
DENSITY_TOLERANCE = 0.05
LOOSE_DENSITY_TOLERANCE = 0.25  # where the samples are too hard or too easy
MAX_DENSITY_CHANGE = 0.05  # of the log density, where they are not: no prompt is worth more wrong moments
MAX_STARS_OFF = 0.5  # samples that are farther off the prompt's stars say little about the right density


@dataclass(frozen=True, slots=True)
class Choice:
    """A chart, and how far it is from the prompt, in tolerances.

    star_rating: of the chart, None where osu! cannot rate it. sample_stars: of the samples by their median; None where
    the prompt gives no stars, or no sample can be rated. samples_fit: whether those are about the prompt's. The stars
    can also be reached from samples that are too hard or too easy, by keeping fewer or more moments, but then the
    chart is no longer as dense as the music and its stars have it.
    """

    chart: Beatmap
    distance: float
    star_rating: float | None
    sample_stars: float | None
    samples_fit: bool

    def is_better_than(self, other: "Choice") -> bool:
        return (not self.samples_fit, self.distance) < (not other.samples_fit, other.distance)


def choose(
    candidates: Sequence[Agreement],
    samples: Sequence[Sequence[Note]],
    prompt: Mapping[str, Any],
    chart_of: Callable[[Sequence[Note]], Beatmap],
) -> Choice:
    """Choose from what `samples` agree on, at least one candidate in the order of mug.generation.consensus.agreements.

    Distance from the prompt and from the expected density are added up. Where the samples fit the prompt, they know the
    density better than the prompt does, and it may hardly change. Where they do not, the density is chosen first, by
    the leader who agrees most, and then the leader: all pairs of both would be a thousand charts to rate.
    """
    wanted = prompt.get(STARS)
    stars = None if wanted is None else _median_stars(samples, chart_of)
    samples_fit = wanted is None or (stars is not None and abs(stars - wanted) <= MAX_STARS_OFF)
    tolerance = DENSITY_TOLERANCE if samples_fit else LOOSE_DENSITY_TOLERANCE

    def choice_of(agreement: Agreement) -> Choice:
        chart = chart_of(agreement.notes())
        distance, star_rating = measure(chart, prompt)
        return Choice(chart, distance + abs(agreement.density_change) / tolerance, star_rating, stars, samples_fit)

    if samples_fit:
        limit = max(MAX_DENSITY_CHANGE, abs(candidates[0].density_change))  # none may have the expected density
        candidates = [agreement for agreement in candidates if abs(agreement.density_change) <= limit]
    else:
        firsts = [next(group) for _, group in groupby(candidates, key=lambda agreement: agreement.density_change)]
        best, _ = _best(firsts, choice_of, tolerance)
        candidates = [agreement for agreement in candidates if agreement.density_change == best.density_change]
    return _best(candidates, choice_of, tolerance)[1]


def _best(
    candidates: Sequence[Agreement], choice_of: Callable[[Agreement], Choice], tolerance: float
) -> tuple[Agreement, Choice]:
    """The best of candidates, which come in the order of how near their density is to the expected one."""
    best, chosen = candidates[0], choice_of(candidates[0])
    for agreement in candidates[1:]:
        if abs(agreement.density_change) / tolerance >= chosen.distance:
            break  # those that follow are farther off by their density alone
        choice = choice_of(agreement)
        if choice.distance < chosen.distance:
            best, chosen = agreement, choice
    return best, chosen


def _median_stars(samples: Sequence[Sequence[Note]], chart_of: Callable[[Sequence[Note]], Beatmap]) -> float | None:
    rated = [star_rating_or_none(chart_of(sample)) for sample in samples if sample]
    known = [stars for stars in rated if stars is not None]
    return float(np.median(known)) if known else None
