"""How even a chart is: easy ones keep to the metre and the usual rhythm of a part, hard ones come in bursts.

People's 4K charts below 1.5 stars have the rhythm of 84 % of their half measures again within eight measures. Above 6
stars the densest eight measures have 1.6 times the notes of the average, below 1.5 stars 1.3 times. Below one star they
have notes on 87 % of first beats, on 35 % of those in the middle of a measure, and on 19 % of the others.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mug.synth.composition import Composition
from mug.synth.patterns import EVEN, METRIC, SWING, at_level
from mug.synth.returns import units_of
from mug.synth.salience import Hit

MIDDLE, OTHER = 0.8, 0.72  # what the middle of a measure and other places count in the easiest charts
FULL = 0.85  # quantile of the drive of a song's hits that hard charts do not lower


def with_usual(hits: Sequence[Hit], composition: Composition) -> list[Hit]:
    """Give each hit the mean salience of its place in the half measures of such parts: of all verses, all choruses.

    It also gets what its place in the measure counts.
    """
    n = units_of(composition.measures)
    unit = composition.bar_ticks // n
    half = composition.bar_ticks / 2
    kinds = [composition.parts[measure.part].kind for measure in composition.measures for _ in range(n)]
    n_units = Counter(kinds)
    total: defaultdict[tuple[str, int], float] = defaultdict(float)
    places = [(kinds[min(hit.tick // unit, len(kinds) - 1)], hit.tick % unit) for hit in hits]
    for hit, place in zip(hits, places, strict=True):
        total[place] += hit.salience
    return [
        replace(
            hit,
            usual=total[place] / n_units[place[0]],
            metre=1.0 if hit.level == 0 else MIDDLE if hit.tick % composition.bar_ticks == half else OTHER,
        )
        for hit, place in zip(hits, places, strict=True)
    ]


def shaped(hits: Sequence[Hit], level: float) -> list[Hit]:
    """The hits with the salience that they have in a chart of this level."""
    even, swing, metric = at_level(EVEN, level), at_level(SWING, level), at_level(METRIC, level)
    full = float(np.quantile([hit.drive for hit in hits], FULL)) if hits else 1.0
    return [
        replace(
            hit,
            salience=(hit.salience + even * (hit.usual - hit.salience))
            * (hit.drive / full) ** swing
            * hit.metre**metric,
        )
        for hit in hits
    ]
