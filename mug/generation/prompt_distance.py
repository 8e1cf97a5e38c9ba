"""How far a chart is from its prompt, over the features that can be measured, and how to correct the prompt."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mug.charts.beatmap import Beatmap
from mug.errors import ChartError
from mug.ratings.chart_features import NOTE_FEATURES
from mug.ratings.skillsets import SKILLSET_FEATURES, skillset_features
from mug.ratings.stars import star_rating

STARS, LONG_NOTES = "sr", "ln_ratio"
TOLERANCES = {STARS: 0.2, LONG_NOTES: 0.05}  # differences that count as 1
MSD_TOLERANCE = 3.0  # for skillset ratings, which mostly rise and fall together
WRONG_FLAG = 3.0  # for each flag that the chart has and the prompt denies, or the other way round


class Measured(NamedTuple):
    """A chart's distance from a prompt in tolerances, 0 if it is exactly as requested, and its star rating.

    If osu! cannot rate the chart, the distance is infinite and the rating None.
    """

    distance: float
    star_rating: float | None


def measure(chart: Beatmap, prompt: Mapping[str, Any]) -> Measured:
    """Rate a chart and add up how far each of its features is from the prompt's value."""
    try:
        stars = star_rating(chart)
    except ChartError:
        return Measured(float("inf"), None)
    features: dict[str, Any] = {STARS: stars}
    features |= {name: NOTE_FEATURES[name](chart) for name in prompt if name in NOTE_FEATURES}
    if not prompt.keys().isdisjoint(SKILLSET_FEATURES):
        features |= skillset_features(chart, (1.0,))[0]
    total = 0.0
    for name, wanted in prompt.items():
        found = features.get(name)
        if wanted is None or found is None:  # a rank status cannot be measured
            continue
        if name in TOLERANCES or name.endswith("ett"):
            total += abs(float(found) - float(wanted)) / TOLERANCES.get(name, MSD_TOLERANCE)
        else:
            total += WRONG_FLAG * (bool(found) != bool(wanted))
    return Measured(total, stars)


def corrected(conditioning: Mapping[str, Any], stars: float | None, prompt: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the prompt to condition on next, after samples conditioned on `conditioning` came out at `stars`.

    It raises or lowers the requested stars by as much as the samples missed those of `prompt`. None if they are close
    enough or could not be rated, or if the prompt gives no star rating.
    """
    if stars is None or prompt.get(STARS) is None or abs(stars - prompt[STARS]) <= TOLERANCES[STARS]:
        return None
    return {**conditioning, STARS: conditioning[STARS] + prompt[STARS] - stars}
