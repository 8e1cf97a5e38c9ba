"""How hard a chart is and of what kind: the features that can be computed from it."""

import rosu_pp_py

from mug.data.beatmap import Beatmap
from mug.data.osu import format_osu
from mug.errors import ChartError

RICE_BELOW = 0.1  # ln_ratio
HYBRID_FROM, HYBRID_TO = 0.1, 0.7
LONG_NOTES_FROM = 0.4
SKILLSETS = ("stamina", "stream", "jumpstream", "handstream", "jackspeed", "chordjack", "technical")


def star_rating(source: bytes | Beatmap, rate: float = 1.0) -> float:
    """Return osu!'s star rating of a chart, or of the bytes of a .osu file, played at `rate` times its speed.

    Raises ChartError for a chart that osu! cannot rate, ValueError for a rate that is not positive.
    """
    if not 0.01 <= rate <= 100.0:  # the range the calculator knows
        raise ValueError(f"rate {rate} is not within 0.01 to 100")
    data = source if isinstance(source, bytes) else format_osu(source)
    try:
        beatmap = rosu_pp_py.Beatmap(bytes=data)
        if beatmap.mode != rosu_pp_py.GameMode.Mania:
            raise ChartError("cannot rate the chart: it is not an osu!mania chart")
        if beatmap.is_suspicious():
            raise ChartError("cannot rate the chart: it is too large or too dense to be played")
        return rosu_pp_py.Difficulty(clock_rate=rate).calculate(beatmap).stars
    except rosu_pp_py.ParseError as error:
        raise ChartError(f"cannot rate the chart: {error}") from error


def star_rating_or_none(chart: Beatmap) -> float | None:
    """Return the star rating, or None for a chart so dense that the calculator takes it for an attack."""
    try:
        return star_rating(chart)
    except ChartError:
        return None


def ln_ratio(beatmap: Beatmap) -> float:
    """Return the share of long notes among the notes, 0 for an empty chart."""
    return beatmap.n_long_notes / len(beatmap.notes) if beatmap.notes else 0.0


def chart_features(
    beatmap: Beatmap, osu_bytes: bytes, rank_status: str | None = None, rate: float = 1.0
) -> dict[str, float | str | int | None]:
    """Return the prompt that describes a chart at a rate; None for what is not known.

    `osu_bytes` is the chart's file, for its star rating. The skillsets' MSD is left open: it needs a calculator.
    Raises ChartError for a chart that osu! cannot rate.
    """
    ratio = ln_ratio(beatmap)
    skillsets = dict.fromkeys(name for skillset in SKILLSETS for name in (f"{skillset}_ett", skillset))
    return {
        "sr": star_rating(osu_bytes, rate),
        "rank_status": rank_status,
        "ln_ratio": ratio,
        "rc": int(ratio < RICE_BELOW),
        "hb": int(HYBRID_FROM <= ratio <= HYBRID_TO),
        "ln": int(ratio >= LONG_NOTES_FROM),
        "ett": None,
        **skillsets,
    }
