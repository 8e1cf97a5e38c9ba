"""osu!'s star rating of a chart, at any rate, by rosu-pp."""

import importlib.metadata
from collections.abc import Sequence

import rosu_pp_py

from mug.charts.beatmap import Beatmap
from mug.charts.osu import format_osu
from mug.errors import ChartError


def star_rating(source: bytes | Beatmap, rate: float = 1.0) -> float:
    """Return osu!'s star rating of a chart, or of the bytes of a .osu file, played at `rate` times its speed.

    Raises ChartError for a chart that osu! cannot rate, ValueError for a rate that is not positive.
    """
    return star_ratings(source, (rate,))[0]


def star_ratings(source: bytes | Beatmap, rates: Sequence[float]) -> list[float]:
    """Return the star rating at each rate, as `star_rating` does."""
    for rate in rates:
        if not 0.01 <= rate <= 100.0:  # the range the calculator accepts
            raise ValueError(f"rate {rate} is not within 0.01 to 100")
    beatmap = ratable(source)
    return [rosu_pp_py.Difficulty(clock_rate=rate).calculate(beatmap).stars for rate in rates]


def ratable(source: bytes | Beatmap) -> rosu_pp_py.Beatmap:
    """Return a chart, or the bytes of a .osu file, as the calculator reads it. Raises ChartError if it cannot."""
    data = source if isinstance(source, bytes) else format_osu(source)
    try:
        beatmap = rosu_pp_py.Beatmap(bytes=data)
    except rosu_pp_py.ParseError as error:
        raise ChartError(f"cannot rate the chart: {error}") from error
    if beatmap.mode != rosu_pp_py.GameMode.Mania:
        raise ChartError("cannot rate the chart: it is not an osu!mania chart")
    if beatmap.is_suspicious():
        raise ChartError("cannot rate the chart: it is too large or too dense to be played")
    return beatmap


def star_rating_or_none(chart: Beatmap) -> float | None:
    """Return the star rating, or None for a chart so dense that the calculator refuses it."""
    try:
        return star_rating(chart)
    except ChartError:
        return None


def star_rating_version() -> str:
    """Return the name and version of the star rating calculator."""
    return f"rosu-pp-py {importlib.metadata.version('rosu-pp-py')}"
