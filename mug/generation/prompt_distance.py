"""How far a chart is from what was asked for, by what can be measured of both, and what to ask for instead."""

from collections.abc import Mapping
from typing import Any

from mug.charts.beatmap import Beatmap
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.ratings.chart_features import chart_features

STARS, LONG_NOTES = "sr", "ln_ratio"
TOLERANCES = {STARS: 0.2, LONG_NOTES: 0.05}  # differences that count 1
MSD_TOLERANCE = 3.0  # of ratings that mostly go up and down together
WRONG_FLAG = 3.0  # a chart is of the kind that was asked for, or it is not


def distance(chart: Beatmap, wishes: Mapping[str, Any]) -> float:
    """How far a chart is from what was asked for: the sum over the wishes, in tolerances. 0 is exactly as asked.

    Of a chart that osu! cannot rate it is infinite.
    """
    try:
        features = chart_features(chart, format_osu(chart))
    except ChartError:
        return float("inf")
    total = 0.0
    for name, wish in wishes.items():
        given = features.get(name)
        if wish is None or given is None:  # of a rank status people decide
            continue
        if name in TOLERANCES or name.endswith("ett"):
            total += abs(float(given) - float(wish)) / TOLERANCES.get(name, MSD_TOLERANCE)
        else:
            total += WRONG_FLAG * (bool(given) != bool(wish))
    return total


def ask_again(asked: Mapping[str, Any], stars: float | None, wishes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what to ask for after `asked` brought charts of `stars`: as many less or more as they are off the wishes.

    None where they are near enough, could not be rated, or no star rating was wished for.
    """
    if stars is None or wishes.get(STARS) is None or abs(stars - wishes[STARS]) <= TOLERANCES[STARS]:
        return None
    return {**asked, STARS: asked[STARS] + wishes[STARS] - stars}
