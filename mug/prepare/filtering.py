"""Filters a list of charts for training, with a reason for each chart that is left out."""

import csv
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.errors import ChartError, DatasetError
from mug.features import FEATURES_YAML, FeatureSpec
from mug.files import replacing
from mug.parallel import parallel_map
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.described import ChartReader, ListedChart, listed_charts
from mug.prepare.duplicates import SAME_RATE, Pattern, duplicate_groups, pattern_of, relative_rate
from mug.prepare.feature_db import FeatureDB
from mug.prepare.limits import Limits, Traits, rate_in_name, traits_of
from mug.ratings.stars import star_rating
from mug.report import Report

STATUS_ORDER = ("ranked", "loved")  # charts that were reviewed come before others
NO_SET_ID = 10**18


@dataclass(frozen=True, slots=True)
class ReadChart:
    """What is needed to decide about a chart; small, since it goes between processes."""

    path: Path
    name: str  # title and difficulty
    set_id: int
    has_audio: bool
    traits: Traits
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Dropped:
    """A chart that is left out: the kind of reason, the reason, and the chart kept in its place, if any."""

    path: Path
    kind: str
    reason: str
    kept: Path | None = None


def filter_beatmap(
    beatmap_txt: str | Path,
    out_txt: str | Path,
    limits: Limits,
    statuses: dict[int, str] | None = None,
    keep_rate_edits: bool = False,
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Report:
    """Write the charts of a list that are worth training on to `out_txt`, in the list's order.

    Charts are read from features.db beside the list if it is up to date with them, else from their files.
    Left out are charts that cannot be read, that `limits` exclude, that have the notes of another chart at any shift
    and rate, and, unless `keep_rate_edits`, those whose names say that they are copies at another speed. `statuses`:
    set id -> rank status, to decide which of several equal charts is kept. `<stem of out_txt>.dropped.tsv` is written
    beside it: chart, kind of reason, reason, and the chart kept instead. Both files are written whole or not at all.
    Raises DatasetError for a list that is missing or empty, or if no chart would be left.
    """
    if Path(out_txt).is_dir():
        raise DatasetError(f"{out_txt}: is a folder; give a file name for the list")
    listed = _listed_with_stars(beatmap_txt)
    charts: list[ReadChart] = []
    dropped: list[Dropped] = []
    for chart in parallel_map(read_for_filter, listed, jobs, tqdm_class, desc="charts", unit="chart"):
        if isinstance(chart, Dropped):
            dropped.append(chart)
        elif (broken := limits.broken(chart.traits)) is not None:
            dropped.append(Dropped(chart.path, *broken))
        else:
            charts.append(chart)
    copies = find_copies(charts, statuses or {})
    dropped += copies
    gone = {drop.path for drop in copies}
    if not keep_rate_edits:
        for chart in charts:
            rate = rate_in_name(chart.name)
            if rate is not None and chart.path not in gone:
                dropped.append(Dropped(chart.path, "rate edit", f"its name says {rate:g} times the song's speed"))

    gone = {drop.path for drop in dropped}
    kept = [chart.path for chart in listed if chart.path not in gone]
    report = Report(done=len(kept))
    for drop in dropped:
        report.skip(drop.kind, f"{drop.path}: {drop.reason}")
    if not kept:
        raise DatasetError(f"{beatmap_txt}: no chart is left, so nothing was written: {report}")
    list_folder, out = Path(beatmap_txt).parent, Path(out_txt)
    dropped.sort(key=lambda drop: (drop.kind, drop.path))
    _write_reasons(out.with_suffix(".dropped.tsv"), dropped, list_folder)
    write_beatmap_txt(out, [_line(path, list_folder, out.parent) for path in kept])
    return report


def read_for_filter(listed: ListedChart) -> ReadChart | Dropped:
    """Read and measure one chart."""
    try:
        reader = ChartReader(listed)
        chart = reader.described()
        stars = star_rating(reader.data) if reader.stars is None else reader.stars
    except ChartError as error:
        return Dropped(listed.path, "unusable", str(error).removeprefix(f"{listed.path}: "))
    name = f"{chart.title} [{chart.version}]"
    return ReadChart(listed.path, name, chart.set_id, chart.has_audio, traits_of(chart, stars), pattern_of(chart))


def _listed_with_stars(beatmap_txt: str | Path) -> list[ListedChart]:
    """The charts of a list, with their rows of the features.db beside it, if there is one that has stars."""
    stars = FeatureSpec(feature for feature in FeatureSpec.from_yaml(FEATURES_YAML).features if feature.name == "sr")
    database_path = Path(beatmap_txt).parent / "features.db"
    with suppress(DatasetError), FeatureDB(database_path, stars) as database:
        return listed_charts(beatmap_txt, database)
    return listed_charts(beatmap_txt, None)


def find_copies(charts: list[ReadChart], statuses: dict[int, str]) -> list[Dropped]:
    """Return the charts that are copies of another one that is kept.

    Kept is a chart with audio before one without; then one whose name states no other speed; then ranked before loved
    before others; then the lowest set id, which is the oldest; then the first path. The order of `charts` does not
    matter.
    """

    def preference(chart: ReadChart) -> tuple[bool, bool, int, int, str]:
        status = statuses.get(chart.set_id)
        rank = STATUS_ORDER.index(status) if status in STATUS_ORDER else len(STATUS_ORDER)
        set_id = chart.set_id if chart.set_id > 0 else NO_SET_ID
        return not chart.has_audio, rate_in_name(chart.name) is not None, rank, set_id, str(chart.path)

    copies = []
    for group in duplicate_groups([chart.pattern for chart in charts]):
        best, *others = sorted((charts[i] for i in group), key=preference)
        for chart in others:
            rate = relative_rate(best.pattern, chart.pattern)
            speed = "" if rate is None or abs(rate - 1) < SAME_RATE else f", {rate:.3g} times as fast"
            copies.append(Dropped(chart.path, "duplicate", f"the notes of {best.path}{speed}", best.path))
    return copies


def _line(path: Path, list_folder: Path, out_folder: Path) -> str:
    """The line for a chart in a list in `out_folder`: as it was, or relative to that folder."""
    if out_folder.resolve() == list_folder.resolve():
        return path.relative_to(list_folder).as_posix() if path.is_relative_to(list_folder) else str(path)
    return Path(os.path.relpath(path, out_folder)).as_posix()


def _write_reasons(path: Path, dropped: list[Dropped], folder: Path) -> None:
    def shown(chart: Path | None) -> str:
        if chart is None:
            return ""
        return chart.relative_to(folder).as_posix() if chart.is_relative_to(folder) else str(chart)

    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="", errors="replace") as file:
        table = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        table.writerow(["chart", "kind", "reason", "stays"])
        table.writerows((shown(drop.path), drop.kind, drop.reason, shown(drop.kept)) for drop in dropped)
