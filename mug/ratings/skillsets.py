"""Etterna's skillsets: a chart's rating in each, and the flags of those that stand out."""

from collections.abc import Sequence

from mug.charts.beatmap import Beatmap, note_arrays
from mug.ratings.msd.rating import MSD_NAMES, rate_msd

SKILLSETS = ("stamina", "stream", "jumpstream", "handstream", "jackspeed", "chordjack", "technical")
SKILLSET_FEATURES = ("ett", *(name for skillset in SKILLSETS for name in (f"{skillset}_ett", skillset)))
FLAG_WITHIN = 1.0  # MSD below the chart's highest skillset


def skillset_features(chart: Beatmap, rates: Sequence[float]) -> list[dict[str, float | int | None]]:
    """Return Etterna's ratings at each rate (`ett`, `stream_ett`...) and the flags of skillsets that stand out
    (`stream`: 0 or 1).

    All are None if undefined: for a chart that is not 4K, or that the calculator rates 0 (too long, short or dense).
    """
    column, start_ms, _ = note_arrays(chart.notes)
    ratings = rate_msd(column, start_ms, chart.keys, rates)  # [R, names], or None
    if ratings is None:
        return [_features({}) for _ in rates]
    return [_features(_by_name(rating)) for rating in ratings.tolist()]


def _by_name(rating: list[float]) -> dict[str, float]:
    msd = dict(zip(MSD_NAMES, rating, strict=True))
    return msd if msd["overall"] > 0 else {}


def _features(msd: dict[str, float]) -> dict[str, float | int | None]:
    highest = max(msd.get(skillset, 0.0) for skillset in SKILLSETS)
    features: dict[str, float | int | None] = {"ett": msd.get("overall")}
    for skillset in SKILLSETS:
        features[f"{skillset}_ett"] = msd.get(skillset)
        features[skillset] = int(msd[skillset] >= highest - FLAG_WITHIN) if msd else None
    return features
