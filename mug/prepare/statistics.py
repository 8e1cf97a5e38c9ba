"""Statistics of a set of charts, from one pass over its list."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.errors import ChartError, DatasetError
from mug.features import FEATURES_YAML, FeatureSpec
from mug.parallel import parallel_map
from mug.prepare.describe import read_ranked_map
from mug.prepare.described import ChartReader, ListedChart, listed_charts
from mug.prepare.duplicates import Pattern, duplicate_groups, pattern_of
from mug.prepare.feature_db import FeatureDB
from mug.prepare.limits import Traits, rate_in_name, traits_of
from mug.ratings.chart_features import chart_features
from mug.ratings.skillsets import SKILLSETS

QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
# What is measured for every chart -> its title on a page.
MEASURES = {
    "sr": "star rating",
    "ett": "MSD, overall",
    **{f"{name}_ett": f"MSD, {name}" for name in SKILLSETS},
    "ln_ratio": "long notes, share",
    "bpm": "BPM",
    "minutes": "length, minutes",
    "n_notes": "notes",
    "notes_per_s": "notes per second",
}
NOT_KNOWN = "not known"
FAR_MS = 10.0


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """What a page shows of one chart. `features` come from features.db, or are computed if it has none."""

    path: Path
    artist: str
    title: str
    version: str
    creator: str
    set_id: int
    bpm: float  # the tempo that lasts longest, 0 if there is none
    traits: Traits
    pattern: Pattern
    has_audio: bool
    features: dict[str, Any]
    offset_ms: float | None = None  # from the audio, as training sees the chart; None if not measured, or unsure

    def measure(self, name: str) -> float | None:
        """One of MEASURES, None if it is not given."""
        if name == "bpm":
            return self.bpm or None
        if name == "minutes":
            return self.traits.seconds / 60
        if name == "n_notes":
            return float(self.traits.n_notes)
        if name == "notes_per_s":
            return self.traits.n_notes / max(self.traits.seconds, 1.0)
        value = self.features.get(name)
        return None if value is None else float(value)


@dataclass(frozen=True)
class Statistics:
    """The statistics of a set of charts."""

    name: str
    charts: Sequence[ChartFacts]
    unusable: Sequence[tuple[Path, str]]  # and the reason
    undescribed: int  # charts missing from features.db
    licences: Counter[str]  # as stated in SOURCES.tsv beside the list; empty without one

    def measured(self, name: str) -> np.ndarray:
        """One of MEASURES for all charts that have it, float64 [charts]."""
        values = (chart.measure(name) for chart in self.charts)
        return np.array([value for value in values if value is not None], dtype=np.float64)

    @property
    def keys(self) -> Counter[int]:
        return Counter(chart.traits.keys for chart in self.charts)

    @property
    def statuses(self) -> Counter[str]:
        return Counter(chart.features.get("rank_status") or NOT_KNOWN for chart in self.charts)

    @property
    def creators(self) -> Counter[str]:
        return Counter(chart.creator or NOT_KNOWN for chart in self.charts)

    @property
    def songs(self) -> int:
        return len({(chart.artist.casefold(), chart.title.casefold()) for chart in self.charts})

    @property
    def pattern_shares(self) -> dict[str, float]:
        """Skillset -> its share of the charts whose skillset flags are known."""
        known = [chart.features for chart in self.charts if chart.features.get(SKILLSETS[0]) is not None]
        return {name: float(np.mean([bool(f[name]) for f in known])) for name in SKILLSETS} if known else {}

    @cached_property
    def copies(self) -> int:
        """The number of charts that are copies of another one; the one of each group that is kept is not counted."""
        return sum(len(group) - 1 for group in duplicate_groups([chart.pattern for chart in self.charts]))

    @property
    def remarks(self) -> dict[str, int]:
        """Counts that should be zero or small for a good list; offsets only if they were measured."""
        offsets_ms = [chart.offset_ms for chart in self.charts if chart.offset_ms is not None]
        far = {f"over {FAR_MS:g} ms off the audio": sum(abs(offset) > FAR_MS for offset in offsets_ms)}
        return (far if offsets_ms else {}) | {
            "cannot be used": len(self.unusable),
            "without audio": sum(not chart.has_audio for chart in self.charts),
            "not in features.db": self.undescribed,
            "copies of other charts": self.copies,
            "at other speeds by name": sum(
                rate_in_name(f"{chart.title} [{chart.version}]") is not None for chart in self.charts
            ),
            "of changing tempo": sum(chart.traits.changes_tempo for chart in self.charts),
            "of changing scroll speed": sum(chart.traits.changes_scroll for chart in self.charts),
        }

    def headline(self) -> str:
        minutes = sum(chart.traits.seconds for chart in self.charts) / 60
        time = f"{minutes / 60:.1f} hours" if minutes >= 100 else f"{minutes:.0f} minutes"
        notes = sum(chart.traits.n_notes for chart in self.charts)
        mappers = len(set(self.creators) - {NOT_KNOWN})
        counts = (_count(len(self.charts), "chart"), _count(self.songs, "song"), _count(mappers, "mapper"))
        return "{} of {} by {}, {}, {}".format(*counts, time, _count(notes, "note"))


def read_statistics(
    beatmap_txt: str | Path,
    ranked_map: str | Path | None = None,
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Statistics:
    """Read every chart of a list; its features come from features.db beside the list, or are computed if it has none.

    `ranked_map`: a file of "set_id status" lines, for charts without a rank status in features.db.
    Raises DatasetError for a list that is missing or has no usable chart.
    """
    folder = Path(beatmap_txt).parent
    spec = FeatureSpec.from_yaml(FEATURES_YAML)
    if (folder / "features.db").is_file():
        with FeatureDB(folder / "features.db", spec) as database:
            listed = listed_charts(beatmap_txt, database)
    else:
        listed = listed_charts(beatmap_txt, None)
    statuses = read_ranked_map(ranked_map, spec) if ranked_map is not None else {}
    found = list(parallel_map(read_facts, listed, jobs, tqdm_class, desc="charts", unit="chart"))
    charts = [facts for facts in found if isinstance(facts, ChartFacts)]
    unusable = [facts for facts in found if not isinstance(facts, ChartFacts)]
    if not charts:
        raise DatasetError(f"{beatmap_txt}: none of its {len(found)} charts can be used; the first: {unusable[0][1]}")
    for chart in charts:
        chart.features["rank_status"] = chart.features.get("rank_status") or statuses.get(chart.set_id)
    return Statistics(
        name=folder.resolve().name,
        charts=charts,
        unusable=unusable,
        undescribed=sum(chart.features is None for chart in listed),
        licences=_licences(charts, folder),
    )


def read_facts(listed: ListedChart) -> ChartFacts | tuple[Path, str]:
    """Read one chart; if that fails, return its path and the reason."""
    try:
        reader = ChartReader(listed)
        chart = reader.described()
        features = listed.features if reader.is_known or listed.row is None else None  # not those of an older file
        features = dict(features or chart_features(reader.chart(), reader.data))
    except ChartError as error:
        return listed.path, str(error)
    return ChartFacts(
        path=chart.path,
        artist=chart.artist,
        title=chart.title,
        version=chart.version,
        creator=chart.creator,
        set_id=chart.set_id,
        bpm=chart.speeds.bpm,
        traits=traits_of(chart, features["sr"] or 0.0),
        pattern=pattern_of(chart),
        has_audio=chart.has_audio,
        features=features,
        offset_ms=_offset_of(listed.row) if listed.row is not None and reader.is_known else None,
    )


def _offset_of(row: Mapping[str, Any]) -> float | None:
    """The offset from the audio that is left after what `mug offsets --align` removed."""
    offset_ms = row.get("offset_ms")
    return None if offset_ms is None else float(offset_ms - (row["shift_ms"] or 0.0))


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + "s" * (n != 1)


def _licences(charts: Sequence[ChartFacts], folder: Path) -> Counter[str]:
    """Licences from SOURCES.tsv beside the list: its first column is a chart or a folder, another one the licence."""
    try:
        with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, dialect="excel-tab")
    except (OSError, UnicodeDecodeError, ValueError, csv.Error):
        return Counter()
    column = next((i for i, name in enumerate(header) if "licen" in name.lower()), None)
    if column is None:
        return Counter()
    stated = {row[0]: row[column].split(" (")[0].strip() for row in rows if len(row) > column}

    def licence(path: Path) -> str:
        relative = path.relative_to(folder) if path.is_relative_to(folder) else path
        return next((stated[str(p)] for p in (relative, *relative.parents) if stated.get(str(p))), NOT_KNOWN)

    return Counter(licence(chart.path) for chart in charts)
