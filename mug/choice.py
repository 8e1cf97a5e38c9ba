"""What of all that an ensemble agrees on becomes the chart: what comes closest to what was asked for."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.consensus import agreements
from mug.data.beatmap import Beatmap, Note
from mug.data.difficulty import star_rating_or_none
from mug.placement.chances import Chances
from mug.placement.density import Density
from mug.prompt_distance import LONG_NOTES, STARS, distance

# How many times as many moments as are usual, as a logarithm, count 1, as in mug.prompt_distance
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
) -> Choice:
    """Choose from what `samples`, at least one of which has notes, agree on: by how its chart fits the wishes, and by
    its density, which samples that are in tune know better than the wishes do. chances, density: see mug.consensus.
    """
    wanted = wishes.get(STARS)
    stars = None if wanted is None else _stars(samples, chart_of)
    in_tune = wanted is None or (stars is not None and abs(stars - wanted) <= IN_TUNE)
    tolerance = DENSITY_TOLERANCE if in_tune else LOOSE_DENSITY_TOLERANCE
    best: Choice | None = None
    most_denser = MOST_DENSER if in_tune else math.inf
    for agreement in agreements(samples, chances, density, by_holding=wishes.get(LONG_NOTES) is not None):
        off = abs(agreement.denser) / tolerance
        if best is None:
            most_denser = max(most_denser, abs(agreement.denser))  # there may be none as dense as is usual
        elif off >= best.distance or abs(agreement.denser) > most_denser:
            break  # those that follow are farther off by their density alone
        chart = chart_of(agreement.notes)
        choice = Choice(chart, distance(chart, wishes) + off, stars, in_tune)
        if best is None or choice.distance < best.distance:
            best = choice
    assert best is not None
    return best


def _stars(samples: Sequence[Sequence[Note]], chart_of: Callable[[Sequence[Note]], Beatmap]) -> float | None:
    rated = [star_rating_or_none(chart_of(sample)) for sample in samples if sample]
    known = [stars for stars in rated if stars is not None]
    return float(np.median(known)) if known else None
