"""All figures of a chart, and of the charts in a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import find_charts, open_charts
from mug.charts.rows import CHORD_MS
from mug.errors import ChartError, DatasetError
from mug.metrics.habits import chords, density, hands, long_notes, returning, sequences
from mug.metrics.habits.moments import Moments
from mug.metrics.onsets import match_onsets
from mug.metrics.patterns import Shares, chord_sizes, column_ngrams
from mug.parallel import parallel_map
from mug.prepare.speeds import main_bpm
from mug.ratings.stars import star_rating_or_none

LEAST_NOTES, LEAST_S = 60, 15.0  # shorter charts say little
SPREAD = "moments in the next harder chart"

#: A statistic is a function here. Its figures are rows of the table, under the group's name.
GROUPS: dict[str, Sequence[Callable[[Moments], dict[str, float]]]] = {
    "density": (density.density, density.snaps, density.intervals, density.streams),
    "chords": (chords.sizes, chords.by_place, hands.chord_shapes),
    "columns": (sequences.sequences, sequences.jacks, sequences.anchors, hands.hands),
    "returns": (returning.shares_that_return, returning.periods),
    "long notes": (long_notes.long_notes,),
}


@dataclass(frozen=True)
class Measured:
    """A chart with its figures. `figures`: group -> name -> number, NaN where a chart has nothing to count."""

    keys: int
    stars: float
    figures: dict[str, dict[str, float]]
    shares: dict[str, Shares]  # of chord sizes and column 2-grams
    moments_ms: np.ndarray  # [N]
    song: tuple[object, ...]  # equal for charts of one song and mapper's folder, at one rate
    rows: bytes  # equal for charts that are the same but for their times: rates, and other formats


def measure(chart: Beatmap, folder: Path) -> Measured | None:
    """Measure a chart of a folder. None for one that is too short, has no tempo, or is not rated by osu!."""
    if len(chart.notes) < LEAST_NOTES or chart.last_ms - chart.notes[0].start_ms < LEAST_S * 1000:
        return None
    stars = star_rating_or_none(chart)
    try:
        moments = Moments.of(chart)
    except ChartError:
        return None
    if stars is None:
        return None
    figures = {
        group: {name: value for count in counts for name, value in count(moments).items()}
        for group, counts in GROUPS.items()
    }
    names = (chart.artist.casefold(), chart.title.casefold())
    return Measured(
        keys=chart.keys,
        stars=stars,
        figures={"difficulty": {"stars": stars}, **figures},
        shares={"chord sizes": chord_sizes(chart), "column 2-grams": column_ngrams(chart, 2)},
        moments_ms=moments.times_ms,
        song=(folder, *names, chart.keys, round(main_bpm(chart), 1)),
        rows=moments.rows.tobytes(),
    )


def measure_folder(folder: Path, jobs: int | None = None) -> list[Measured]:
    """Measure the charts under a folder; audio is not read. Of charts that differ in their rate alone, one counts.

    Charts that cannot be read or measured are left out. Raises DatasetError if none is left.
    """
    found = parallel_map(_measure_file, find_charts([folder]), jobs, desc=folder.name, unit=" files")
    once = {(chart.keys, chart.rows): chart for charts in found for chart in charts}
    if not once:
        raise DatasetError(f"{folder}: no charts to measure: a chart needs {LEAST_NOTES} notes and {LEAST_S:g} s")
    return _with_overlaps(list(once.values()))


def _measure_file(path: Path) -> list[Measured]:
    charts = (measure(chart, path.parent) for chart in open_charts(path)[0])
    return [chart for chart in charts if chart is not None]


def _with_overlaps(charts: list[Measured]) -> list[Measured]:
    """Add how many moments of each chart the next harder one of its set has."""
    spreads: dict[tuple[object, ...], list[Measured]] = {}
    for chart in charts:
        chart.figures["difficulty"][SPREAD] = float("nan")
        spreads.setdefault(chart.song, []).append(chart)
    for spread in spreads.values():
        for easier, harder in pairwise(sorted(spread, key=lambda chart: chart.stars)):
            easier.figures["difficulty"][SPREAD] = overlap(easier.moments_ms, harder.moments_ms)
    return charts


def overlap(moments_ms: np.ndarray, harder_ms: np.ndarray) -> float:
    """The share of moments that another chart has, too."""
    return len(match_onsets(harder_ms, moments_ms, CHORD_MS)) / len(moments_ms)
