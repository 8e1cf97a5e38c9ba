"""What of all that an ensemble agrees on becomes the chart: what comes closest to what was asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.consensus import agreements
from mug.data.beatmap import Beatmap, Note
from mug.data.difficulty import star_rating_or_none
from mug.prompt_distance import STARS, distance

DENSITY_TOLERANCE = 0.03  # three moments in a hundred more or less than a sample has count 1, as in prompt_distance
TRUSTED = 0.5  # stars: of samples that are farther off from what was asked for, the density says nothing


@dataclass(frozen=True, slots=True)
class Choice:
    """A chart, and how far it is from what was asked for, in tolerances."""

    chart: Beatmap
    distance: float


def choose(
    samples: Sequence[Sequence[Note]], wishes: Mapping[str, Any], chart_of: Callable[[Sequence[Note]], Beatmap]
) -> Choice:
    """Choose from what `samples`, at least one of which has notes, agree on: by how its chart fits the wishes, and by
    its density.

    How dense a chart should be its samples know best, as long as their own stars are about those asked for.
    """
    weight = 1 / DENSITY_TOLERANCE if _as_hard_as_asked(samples, wishes, chart_of) else 0.0
    charts = [(chart_of(agreement.notes), weight * abs(agreement.denser)) for agreement in agreements(samples)]
    choices = [Choice(chart, distance(chart, wishes) + other_density) for chart, other_density in charts]
    return min(choices, key=lambda choice: choice.distance)


def _as_hard_as_asked(
    samples: Sequence[Sequence[Note]], wishes: Mapping[str, Any], chart_of: Callable[[Sequence[Note]], Beatmap]
) -> bool:
    """Whether the samples are about as hard as was asked for, by their median."""
    if wishes.get(STARS) is None:
        return True
    stars = [star_rating_or_none(chart_of(sample)) for sample in samples if sample]
    known = [each for each in stars if each is not None]
    return bool(known) and bool(abs(np.median(known) - wishes[STARS]) <= TRUSTED)
