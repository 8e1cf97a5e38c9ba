"""Choose among an ensemble's candidate charts: the one whose features are closest to the prompt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.generation.consensus import Agreement
from mug.generation.prompt_distance import STARS, measure
from mug.ratings.stars import star_rating_or_none

# Differences in log density that count as 1, like the tolerances of mug.generation.prompt_distance
DENSITY_TOLERANCE = 0.05
LOOSE_DENSITY_TOLERANCE = 0.25  # where the samples are too hard or too easy
MAX_DENSITY_CHANGE = 0.05  # in log density, where the samples fit: beyond it, too many moments are wrong
COARSE = 5  # densities: a chart gets harder with each, so not all of them need to be tried
MAX_STARS_OFF = 0.5  # samples farther than this from the prompt's stars say little about the right density


@dataclass(frozen=True, slots=True)
class Choice:
    """A chart, and its distance from the prompt in tolerances. star_rating: None if osu! cannot rate the chart."""

    chart: Beatmap
    distance: float
    star_rating: float | None


def median_stars(
    samples: Sequence[Sequence[Note]], prompt: Mapping[str, Any], chart_of: Callable[[Sequence[Note]], Beatmap]
) -> float | None:
    """The samples' median star rating; None if the prompt gives no stars or no sample can be rated."""
    if prompt.get(STARS) is None:
        return None
    rated = [star_rating_or_none(chart_of(sample)) for sample in samples if sample]
    known = [stars for stars in rated if stars is not None]
    return float(np.median(known)) if known else None


def choose(
    candidates: Sequence[Agreement],
    stars: float | None,
    prompt: Mapping[str, Any],
    chart_of: Callable[[Sequence[Note]], Beatmap],
) -> Choice:
    """Choose one of `candidates`: at least one agreement of samples, in the order of mug.generation.consensus.

    stars: `median_stars` of the samples.

    The score adds the distance from the prompt and from the expected density. If the samples fit the prompt, they
    determine the density better than the prompt does, so it may hardly change. If not, keeping fewer or more moments
    can still give the right stars. Then the density is chosen first, with the leader that agrees most with the others,
    and then the leader: rating every pair would mean a thousand charts.
    """
    wanted = prompt.get(STARS)
    samples_fit = wanted is None or (stars is not None and abs(stars - wanted) <= MAX_STARS_OFF)
    tolerance = DENSITY_TOLERANCE if samples_fit else LOOSE_DENSITY_TOLERANCE

    def choice_of(agreement: Agreement) -> Choice:
        chart = chart_of(agreement.notes())
        distance, star_rating = measure(chart, prompt)
        return Choice(chart, distance + abs(agreement.density_change) / tolerance, star_rating)

    if samples_fit:
        limit = max(MAX_DENSITY_CHANGE, abs(candidates[0].density_change))  # none may have exactly the expected one
        candidates = [agreement for agreement in candidates if abs(agreement.density_change) <= limit]
    else:
        firsts = [next(group) for _, group in groupby(candidates, key=lambda agreement: agreement.density_change)]
        density_change = _best_density(firsts, choice_of)
        candidates = [agreement for agreement in candidates if agreement.density_change == density_change]
    return _best(candidates, choice_of, tolerance)


def _best_density(candidates: Sequence[Agreement], choice_of: Callable[[Agreement], Choice]) -> float:
    """The best density of candidates that differ in nothing else: of every COARSEth, then of those around the best."""
    by_density = sorted(candidates, key=lambda agreement: agreement.density_change)

    def best_of(places: range) -> int:
        return min(places, key=lambda place: choice_of(by_density[place]).distance)

    coarse = best_of(range(0, len(by_density), COARSE))
    best = best_of(range(max(0, coarse - COARSE + 1), min(coarse + COARSE, len(by_density))))
    return by_density[best].density_change


def _best(candidates: Sequence[Agreement], choice_of: Callable[[Agreement], Choice], tolerance: float) -> Choice:
    """The best candidate. They are sorted by how close their density is to the expected one."""
    chosen = choice_of(candidates[0])
    for agreement in candidates[1:]:
        if abs(agreement.density_change) / tolerance >= chosen.distance:
            break  # the rest are worse by density alone
        choice = choice_of(agreement)
        if choice.distance < chosen.distance:
            chosen = choice
    return chosen
