"""The features of a prompt that are computed from a chart.

A feature computed from the notes is one line of NOTE_FEATURES and one entry in the features yaml.
"""

from collections.abc import Callable, Mapping, Sequence

from mug.charts.beatmap import Beatmap
from mug.ratings.long_notes import is_hybrid, is_long_notes, is_rice, ln_ratio
from mug.ratings.skillsets import SKILLSET_FEATURES, skillset_features
from mug.ratings.stars import star_ratings

FeatureValue = float | str | int | None
# Features of the notes, the same at every rate: name -> function, which may return None, "not given".
NOTE_FEATURES: dict[str, Callable[[Beatmap], FeatureValue]] = {
    "ln_ratio": ln_ratio,
    "rc": is_rice,
    "hb": is_hybrid,
    "ln": is_long_notes,
}
RATE_FEATURES = ("sr", *SKILLSET_FEATURES)  # features that depend on the rate


def note_features(chart: Beatmap) -> dict[str, FeatureValue]:
    """Return the features that depend on the notes alone, at any rate."""
    return {name: function(chart) for name, function in NOTE_FEATURES.items()}


def features_at(chart: Beatmap, osu_bytes: bytes, rates: Sequence[float]) -> list[dict[str, FeatureValue]]:
    """Return, for each rate, the features that depend on it: RATE_FEATURES. `osu_bytes` is the chart's file.

    Raises ChartError for a chart that osu! cannot rate.
    """
    stars = star_ratings(osu_bytes, rates)
    skillsets: list[Mapping[str, FeatureValue]] = [*skillset_features(chart, rates)]
    return [{"sr": sr, **features} for sr, features in zip(stars, skillsets, strict=True)]


def chart_features(
    chart: Beatmap, osu_bytes: bytes, rank_status: str | None = None, rate: float = 1.0
) -> dict[str, FeatureValue]:
    """Return the prompt that describes a chart at a rate; None for unknown features.

    `osu_bytes` is the chart's file, for its star rating. Raises ChartError for a chart that osu! cannot rate.
    """
    at_rate = features_at(chart, osu_bytes, (rate,))[0]
    return {"sr": at_rate.pop("sr"), "rank_status": rank_status, **note_features(chart), **at_rate}
