"""Folders of charts side by side: medians beside people's quartiles, by stars."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mug.metrics.bands import LIMITS, band_of
from mug.metrics.habits.measured import Measured
from mug.metrics.patterns import as_arrays, js_distance
from mug.metrics.report import markdown_table

BANDS = tuple(dict.fromkeys(map(band_of, (0.0, *LIMITS[:-1]))))
LEAST_CHARTS = 3  # with a figure, for its quartiles
SPLITS = 20
DISTANCES = ("chord sizes", "column 2-grams")
SHOWN = 0.005  # half of the last digit that is shown
NOTHING = "-"


@dataclass(frozen=True)
class Band:
    """The charts of one number of keys and one range of stars: people's, and those of each other folder."""

    people: Sequence[Measured]
    composed: Mapping[str, Sequence[Measured]]

    @property
    def sides(self) -> list[Sequence[Measured]]:
        """People's charts, then those of each folder."""
        return [self.people, *self.composed.values()]

    def within(self, group: str, name: str) -> list[bool | None]:
        """Whether each folder's median is within people's quartiles, as they are shown; None where one is missing."""
        people, *composed = (quartiles(side, group, name) for side in self.sides)
        if people is None:
            return [None] * len(composed)
        low, high = people[0] - SHOWN, people[2] + SHOWN
        return [None if own is None else bool(low <= own[1] <= high) for own in composed]

    def distances(self, kind: str) -> list[float]:
        """Jensen-Shannon distances: of people from each other, and of each folder from people.

        Each chart counts the same. People's own is the mean over splits of their songs in two halves.
        """
        songs = sorted({repr(chart.song) for chart in self.people})
        rng, own = random.Random(0), []
        for _ in range(SPLITS):
            half = set(rng.sample(songs, len(songs) // 2))
            some, others = ([c for c in self.people if (repr(c.song) in half) is is_in] for is_in in (True, False))
            own.append(_distance(some, others, kind))
        return [float(np.mean(own)), *(_distance(self.people, charts, kind) for charts in self.composed.values())]


def bands_of(people: Sequence[Measured], composed: Mapping[str, Sequence[Measured]], keys: int) -> dict[str, Band]:
    """The charts with this number of keys, by their range of stars; ranges without people's charts are left out."""

    def of(charts: Sequence[Measured], band: str) -> list[Measured]:
        return [chart for chart in charts if chart.keys == keys and band_of(chart.stars) == band]

    bands = {name: Band(of(people, name), {folder: of(c, name) for folder, c in composed.items()}) for name in BANDS}
    return {name: band for name, band in bands.items() if len(band.people) >= LEAST_CHARTS}


def quartiles(charts: Sequence[Measured], group: str, name: str) -> np.ndarray | None:
    """The lower quartile, median and upper quartile of a figure, [3]; None if fewer than three charts have it."""
    values = np.array([chart.figures[group][name] for chart in charts], dtype=np.float64)
    values = values[~np.isnan(values)]
    return np.quantile(values, (0.25, 0.5, 0.75)) if len(values) >= LEAST_CHARTS else None


def comparison_table(bands: Mapping[str, Band]) -> str:
    """A table in Markdown: people's quartiles / the median of each folder, by stars. * is outside the quartiles."""
    some = next(iter(bands.values()))
    rows = [[" / ".join(["people's quartiles", *some.composed]), *bands]]
    rows.append(["charts", *(" / ".join(str(len(side)) for side in band.sides) for band in bands.values())])
    for kind in DISTANCES:
        distances = [" / ".join(map(_number, band.distances(kind))) for band in bands.values()]
        rows.append([f"{kind}, JS distance", *distances])
    for group, figures in some.people[0].figures.items():
        rows.append([f"**{group}**", *("" for _ in bands)])
        cells = [[name, *(_cell(band, group, name) for band in bands.values())] for name in figures]
        rows += [row for row in cells if set(row[1:]) != {NOTHING}]
    if some.composed:
        rows.append(["**within people's quartiles**", *map(_count_within, bands.values())])
    return markdown_table(rows)


def _cell(band: Band, group: str, name: str) -> str:
    people, *composed = (quartiles(side, group, name) for side in band.sides)
    if people is None:
        return NOTHING
    cells = [" ".join(map(_number, people))]
    for own, is_within in zip(composed, band.within(group, name), strict=True):
        cells.append(NOTHING if own is None else _number(own[1]) + ("" if is_within else "*"))
    return " / ".join(cells)


def _count_within(band: Band) -> str:
    """How many figures of each folder are within people's quartiles, of those that both have."""
    figures = [(group, name) for group, names in band.people[0].figures.items() for name in names]
    folders = zip(*(band.within(*figure) for figure in figures), strict=True)
    return " / ".join(f"{flags.count(True)} of {len(flags) - flags.count(None)}" for flags in folders)


def _distance(some: Sequence[Measured], others: Sequence[Measured], kind: str) -> float:
    """The distance of the mean shares of two sides' charts; NaN if one has none."""
    if not some or not others:
        return float("nan")
    sides = ([chart.shares[kind] for chart in side] for side in (some, others))
    return js_distance(*(array.mean(axis=0) for array in as_arrays(*sides)))


def _number(value: float) -> str:
    if np.isnan(value):
        return NOTHING
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
