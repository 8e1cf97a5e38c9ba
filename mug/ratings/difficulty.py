"""How hard a chart is and of what kind: the features that can be computed from it."""

import importlib.metadata
from collections.abc import Sequence

import numpy as np
import rosu_pp_py

from mug.charts.beatmap import Beatmap
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.ratings.msd.rating import MSD_NAMES, rate_msd

RICE_BELOW = 0.1  # ln_ratio
HYBRID_FROM, HYBRID_TO = 0.1, 0.7
LONG_NOTES_FROM = 0.4
SKILLSETS = ("stamina", "stream", "jumpstream", "handstream", "jackspeed", "chordjack", "technical")
FLAG_WITHIN = 1.0  # MSD below the chart's highest skillset
RATE_FEATURES = ("sr", "ett", *(name for skillset in SKILLSETS for name in (f"{skillset}_ett", skillset)))
Feature = float | str | int | None


def star_rating(source: bytes | Beatmap, rate: float = 1.0) -> float:
    """Return osu!'s star rating of a chart, or of the bytes of a .osu file, played at `rate` times its speed.

    Raises ChartError for a chart that osu! cannot rate, ValueError for a rate that is not positive.
    """
    return star_ratings(source, (rate,))[0]


def star_ratings(source: bytes | Beatmap, rates: Sequence[float]) -> list[float]:
    """Return the star rating at each rate, as `star_rating` does."""
    for rate in rates:
        if not 0.01 <= rate <= 100.0:  # the range the calculator knows
            raise ValueError(f"rate {rate} is not within 0.01 to 100")
    data = source if isinstance(source, bytes) else format_osu(source)
    try:
        beatmap = rosu_pp_py.Beatmap(bytes=data)
        if beatmap.mode != rosu_pp_py.GameMode.Mania:
            raise ChartError("cannot rate the chart: it is not an osu!mania chart")
        if beatmap.is_suspicious():
            raise ChartError("cannot rate the chart: it is too large or too dense to be played")
        return [rosu_pp_py.Difficulty(clock_rate=rate).calculate(beatmap).stars for rate in rates]
    except rosu_pp_py.ParseError as error:
        raise ChartError(f"cannot rate the chart: {error}") from error


def star_rating_or_none(chart: Beatmap) -> float | None:
    """Return the star rating, or None for a chart so dense that the calculator takes it for an attack."""
    try:
        return star_rating(chart)
    except ChartError:
        return None


def star_rating_version() -> str:
    """Name what computes star ratings."""
    return f"rosu-pp-py {importlib.metadata.version('rosu-pp-py')}"


def ln_ratio(beatmap: Beatmap) -> float:
    """Return the share of long notes among the notes, 0 for an empty chart."""
    return beatmap.n_long_notes / len(beatmap.notes) if beatmap.notes else 0.0


def skillset_features(chart: Beatmap, rates: Sequence[float]) -> list[dict[str, Feature]]:
    """Return Etterna's ratings at each rate (`ett`, `stream_ett`...) and which of them stand out (`stream`: 0 or 1).

    All are None where they mean nothing: a chart that is not 4K, or one that the calculator rates 0 (too long, too
    short, too dense).
    """
    column = np.array([note.column for note in chart.notes], dtype=np.int64)
    start_ms = np.array([note.start_ms for note in chart.notes], dtype=np.float64)
    rows = rate_msd(column, start_ms, chart.keys, rates)
    return [_skillsets({})] * len(rates) if rows is None else [_skillsets(_named(row)) for row in rows.tolist()]


def _named(row: list[float]) -> dict[str, float]:
    msd = dict(zip(MSD_NAMES, row, strict=True))
    return msd if msd["overall"] > 0 else {}


def _skillsets(msd: dict[str, float]) -> dict[str, Feature]:
    highest = max(msd.get(skillset, 0.0) for skillset in SKILLSETS)
    features: dict[str, Feature] = {"ett": msd.get("overall")}
    for skillset in SKILLSETS:
        features[f"{skillset}_ett"] = msd.get(skillset)
        features[skillset] = int(msd[skillset] >= highest - FLAG_WITHIN) if msd else None
    return features


def features_at(chart: Beatmap, osu_bytes: bytes, rates: Sequence[float]) -> list[dict[str, Feature]]:
    """Return, for each rate, the features that depend on it: RATE_FEATURES. `osu_bytes` is the chart's file.

    Raises ChartError for a chart that osu! cannot rate.
    """
    stars = star_ratings(osu_bytes, rates)
    return [{"sr": sr, **skillsets} for sr, skillsets in zip(stars, skillset_features(chart, rates), strict=True)]


def chart_features(
    beatmap: Beatmap, osu_bytes: bytes, rank_status: str | None = None, rate: float = 1.0
) -> dict[str, Feature]:
    """Return the prompt that describes a chart at a rate; None for what is not known.

    `osu_bytes` is the chart's file, for its star rating. Raises ChartError for a chart that osu! cannot rate.
    """
    ratio = ln_ratio(beatmap)
    at_rate = features_at(beatmap, osu_bytes, (rate,))[0]
    return {
        "sr": at_rate.pop("sr"),
        "rank_status": rank_status,
        "ln_ratio": ratio,
        "rc": int(ratio < RICE_BELOW),
        "hb": int(HYBRID_FROM <= ratio <= HYBRID_TO),
        "ln": int(ratio >= LONG_NOTES_FROM),
        **at_rate,
    }
