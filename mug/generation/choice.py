"""What of all that an ensemble agrees on becomes the chart: what comes closest to what was asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.charts.playability import JACK_INTERVAL_MS
from mug.generation.consensus import Agreement, agreements
from mug.generation.prompt_distance import LONG_NOTES, STARS, distance
from mug.placement.chances import Chances
from mug.placement.density import Density
from mug.ratings.stars import star_rating_or_none

# How many times as many moments as are usual, as a logarithm, count 1, as in mug.generation.prompt_distance
DENSITY_TOLERANCE = 0.05
LOOSE_DENSITY_TOLERANCE = 0.25  # where the samples are too hard or too easy
MOST_DENSER = 0.05  # or sparser, where they are not: no wish is worth more wrong moments
IN_TUNE = 0.5  # stars: of samples that are farther off from what was asked for, the density says little


@dataclass(frozen=True, slots=True)
class Choice:
    """A chart, and how far it is from what was asked for, in tolerances.

    stars: of the samples by their median; None where no stars were asked for, or no sample can be rated.
    in_tune: whether that is about what was asked for. Stars can be had from samples that are not, by other numbers of
    votes, but then the chart is no longer as dense as the music and its stars have it.
    """

    chart: Beatmap
    distance: float
    stars: float | None
    in_tune: bool

    def is_better_than(self, other: "Choice") -> bool:
        return (not self.in_tune, self.distance) < (not other.in_tune, other.distance)


def choose(
    samples: Sequence[Sequence[Note]],
    wishes: Mapping[str, Any],
    chart_of: Callable[[Sequence[Note]], Beatmap],
    chances: Chances | None = None,
    density: Density | None = None,
    jack_interval_ms: float = JACK_INTERVAL_MS,
) -> Choice:
    """Choose from what `samples`, at least one of which has notes, agree on: by how its chart fits the wishes, and by
    its density, which samples that are in tune know better than the wishes do. Of samples that are not, the density is
    chosen first, by the leader who agrees most, and then the leader: all of both are a thousand charts to rate.
    chances, density, jack_interval_ms: see mug.generation.consensus.
    """
    wanted = wishes.get(STARS)
    stars = None if wanted is None else _stars(samples, chart_of)
    in_tune = wanted is None or (stars is not None and abs(stars - wanted) <= IN_TUNE)
    tolerance = DENSITY_TOLERANCE if in_tune else LOOSE_DENSITY_TOLERANCE
    candidates = list(agreements(samples, chances, density, wishes.get(LONG_NOTES) is not None, jack_interval_ms))

    def choice_of(agreement: Agreement) -> Choice:
        chart = chart_of(agreement.notes())
        return Choice(chart, distance(chart, wishes) + abs(agreement.denser) / tolerance, stars, in_tune)

    if in_tune:
        most_denser = max(MOST_DENSER, abs(candidates[0].denser))  # there may be none as dense as is usual
        candidates = [agreement for agreement in candidates if abs(agreement.denser) <= most_denser]
    else:
        firsts = [next(agreed) for _, agreed in groupby(candidates, key=lambda agreement: agreement.denser)]
        dense, _ = _best(firsts, choice_of, tolerance)
        candidates = [agreement for agreement in candidates if agreement.denser == dense.denser]
    return _best(candidates, choice_of, tolerance)[1]


def _best(
    candidates: Sequence[Agreement], choice_of: Callable[[Agreement], Choice], tolerance: float
) -> tuple[Agreement, Choice]:
    """The best of agreements, which come by how near their density is to the usual one."""
    best, chosen = candidates[0], choice_of(candidates[0])
    for agreement in candidates[1:]:
        if abs(agreement.denser) / tolerance >= chosen.distance:
            break  # those that follow are farther off by their density alone
        choice = choice_of(agreement)
        if choice.distance < chosen.distance:
            best, chosen = agreement, choice
    return best, chosen


def _stars(samples: Sequence[Sequence[Note]], chart_of: Callable[[Sequence[Note]], Beatmap]) -> float | None:
    rated = [star_rating_or_none(chart_of(sample)) for sample in samples if sample]
    known = [stars for stars in rated if stars is not None]
    return float(np.median(known)) if known else None
