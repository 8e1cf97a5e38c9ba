"""How far a chart is from its prompt, by what can be measured of both, and how to correct the prompt."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mug.charts.beatmap import Beatmap
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.ratings.chart_features import chart_features

STARS, LONG_NOTES = "sr", "ln_ratio"
TOLERANCES = {STARS: 0.2, LONG_NOTES: 0.05}  # differences that count 1
MSD_TOLERANCE = 3.0  # of ratings that mostly go up and down together
WRONG_FLAG = 3.0  # what a flag counts that the chart has and the prompt denies, or the other way round


class Measured(NamedTuple):
    """A chart's distance from a prompt, in tolerances, 0 where it is exactly as requested; and its star rating.

    Of a chart that osu! cannot rate the distance is infinite and the rating is None.
    """

    distance: float
    star_rating: float | None


def measure(chart: Beatmap, prompt: Mapping[str, Any]) -> Measured:
    """Rate a chart and add up how far each of its features is from the prompt's value."""
    try:
        features: Mapping[str, Any] = chart_features(chart, format_osu(chart))
    except ChartError:
        return Measured(float("inf"), None)
    total = 0.0
    for name, wanted in prompt.items():
        found = features.get(name)
        if wanted is None or found is None:  # nobody can measure a rank status
            continue
        if name in TOLERANCES or name.endswith("ett"):
            total += abs(float(found) - float(wanted)) / TOLERANCES.get(name, MSD_TOLERANCE)
        else:
            total += WRONG_FLAG * (bool(found) != bool(wanted))
    return Measured(total, float(features[STARS]))


def corrected(conditioning: Mapping[str, Any], stars: float | None, prompt: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the prompt to condition on next, after samples conditioned on `conditioning` came out at `stars`: with as
    many stars more as they are too easy for `prompt`, or fewer.

    None where they are near enough, could not be rated, or the prompt gives no star rating.
    """
    if stars is None or prompt.get(STARS) is None or abs(stars - prompt[STARS]) <= TOLERANCES[STARS]:
        return None
    return {**conditioning, STARS: conditioning[STARS] + prompt[STARS] - stars}
