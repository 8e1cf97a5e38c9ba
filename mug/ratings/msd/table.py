"""Tables of rated charts, as text and CSV."""

import csv
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import open_charts
from mug.charts.osu import OtherModeError
from mug.cli import printable
from mug.errors import ChartError, DatasetError
from mug.files import replacing
from mug.parallel import parallel_map
from mug.ratings.long_notes import ln_ratio
from mug.ratings.msd.rating import MSD_NAMES, rate_msd
from mug.ratings.stars import star_rating
from mug.report import Report

BROKEN, OTHER_MODE = "broken", "another mode"  # why a chart is left out; charts of other modes are normal
COLUMNS = ("path", "keys", "n_notes", "n_long_notes", "rate", "sr", "ln_ratio", *MSD_NAMES)


class RatedChart(NamedTuple):
    """One chart at one rate. If a file has several, the path ends in # and the chart's name."""

    path: str
    keys: int
    n_notes: int
    n_long_notes: int
    rate: float
    sr: float | None  # None if the calculator refuses the chart
    ln_ratio: float
    msd: tuple[float, ...] | None  # by MSD_NAMES, None if the chart is not 4K

    def cells(self) -> list[str]:
        """Return the values of COLUMNS; missing ones are empty."""
        stars = "" if self.sr is None else f"{self.sr:.4f}"
        msd = [""] * len(MSD_NAMES) if self.msd is None else [f"{value:.3f}" for value in self.msd]
        counts = [str(count) for count in (self.keys, self.n_notes, self.n_long_notes)]
        return [self.path, *counts, f"{self.rate:g}", stars, f"{self.ln_ratio:.4f}", *msd]


class RatedFile(NamedTuple):
    """What became of a file."""

    charts: list[RatedChart]
    skipped: list[tuple[str, str]]  # why others are not rated: (OTHER_MODE or BROKEN, message)
    remarks: list[str]  # what was left out of the charts that are


def rate_file(path: Path, rate: float) -> RatedFile:
    """Rate the charts of a file."""
    try:
        charts, errors = open_charts(path)
        several = len(charts) + len(errors) > 1
        names = [f"{path}#{chart.version}" if several else str(path) for chart in charts]
        return RatedFile(
            [_rated(name, path, chart, rate) for name, chart in zip(names, charts, strict=True)],
            [(OTHER_MODE if isinstance(error, OtherModeError) else BROKEN, str(error)) for error in errors],
            [f"{name}: {remark}" for name, chart in zip(names, charts, strict=True) for remark in chart.remarks],
        )
    except OSError as error:
        return RatedFile([], [(BROKEN, f"{path}: cannot be read: {error.strerror}")], [])


def _rated(name: str, path: Path, chart: Beatmap, rate: float) -> RatedChart:
    source = path.read_bytes() if path.suffix.lower() == ".osu" else chart
    try:
        stars = star_rating(source, rate)
    except ChartError:
        stars = None
    column = np.array([note.column for note in chart.notes], dtype=np.int64)
    start_ms = np.array([note.start_ms for note in chart.notes], dtype=np.float64)
    rows = rate_msd(column, start_ms, chart.keys, [rate])
    msd = None if rows is None else tuple(float(value) for value in rows[0])
    return RatedChart(name, chart.keys, len(chart.notes), chart.n_long_notes, rate, stars, ln_ratio(chart), msd)


def rate_files(
    paths: Sequence[Path], rate: float, jobs: int | None = None, tqdm_class: Callable[..., Any] = tqdm
) -> tuple[list[RatedChart], Report]:
    """Return all charts of the files at a rate, in order, and what was skipped and why."""
    rated: list[RatedChart] = []
    report = Report()
    files = parallel_map(partial(rate_file, rate=rate), paths, jobs, tqdm_class, desc="rate", unit="file")
    for file in files:
        rated += file.charts
        report.done += len(file.charts)
        for kind, message in file.skipped:
            report.skip(kind, message)
        for remark in file.remarks:
            report.remark(remark)
    return rated, report


def write_csv(path: Path, rated: Sequence[RatedChart]) -> None:
    """Write the charts, one line each, with COLUMNS as header. Raises DatasetError if the file cannot be written."""
    try:
        with (
            replacing(path) as temporary,
            temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out,
        ):
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            writer.writerows(chart.cells() for chart in rated)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written: {error.strerror}") from error


def text_table(rated: Sequence[RatedChart]) -> str:
    """Return the charts as lines for a terminal, the path last; "-" if missing."""
    lines = [["stars", "LN", *MSD_NAMES, "chart"]]
    for chart in rated:
        stars = "-" if chart.sr is None else f"{chart.sr:.2f}"
        msd = ["-"] * len(MSD_NAMES) if chart.msd is None else [f"{value:.2f}" for value in chart.msd]
        lines.append([stars, f"{chart.ln_ratio:.0%}", *msd, printable(chart.path).replace("\n", "\\n")])
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=True)), line[-1]])
        for line in lines
    )
