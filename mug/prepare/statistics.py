"""What is in a set of charts: one pass over its list, and the numbers that a page about it shows."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.charts.osu import parse_osu
from mug.charts.tempo_map import TempoMap
from mug.config import PROJECT_ROOT
from mug.errors import ChartError, DatasetError
from mug.features import FeatureSpec
from mug.files import is_beside
from mug.parallel import parallel_map
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.describe import read_ranked_map
from mug.prepare.duplicates import Pattern, duplicate_groups, pattern_of
from mug.prepare.feature_db import FeatureDB
from mug.prepare.limits import Traits, rate_in_name, traits_of
from mug.ratings.chart_features import chart_features
from mug.ratings.skillsets import SKILLSETS

FEATURES_YAML = PROJECT_ROOT / "configs/mug/mania_beatmap_features.yaml"
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
# What is measured of every chart, and how a page calls it.
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


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """What a page says of one chart. `features` are those of features.db, or computed where it has none."""

    path: Path
    artist: str
    title: str
    version: str
    creator: str
    set_id: int
    bpm: float  # the tempo that lasts longest, 0 where there is none
    traits: Traits
    pattern: Pattern
    has_audio: bool
    features: Mapping[str, Any]

    def measure(self, name: str) -> float | None:
        """One of MEASURES, None where it is not given."""
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
    """A set of charts in numbers."""

    name: str
    charts: Sequence[ChartFacts]
    unusable: Sequence[tuple[Path, str]]  # with the reason
    undescribed: int  # charts that features.db lacks
    licences: Counter[str]  # as SOURCES.tsv beside the list states them; empty where there is none

    def measured(self, name: str) -> np.ndarray:
        """One of MEASURES of all charts that have it, float64 [charts]."""
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
        """Skillset -> share of the charts whose flags are known that are charts of this skillset."""
        known = [chart.features for chart in self.charts if chart.features.get(SKILLSETS[0]) is not None]
        return {name: float(np.mean([bool(f[name]) for f in known])) for name in SKILLSETS} if known else {}

    @cached_property
    def copies(self) -> int:
        """Charts that have the notes of another one, the one of each group that would stay not counted."""
        return sum(len(group) - 1 for group in duplicate_groups([chart.pattern for chart in self.charts]))

    @property
    def remarks(self) -> dict[str, int]:
        """What a list should have none of, or few."""
        return {
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
    """Read every chart of a list, with its features from features.db beside it, computed where it has none.

    `ranked_map`: a file of "set_id status" lines for charts whose rank status features.db does not know.
    Raises DatasetError for a list that is missing, or that has not one usable chart.
    """
    paths = list(dict.fromkeys(beatmap_paths(beatmap_txt)))
    folder = Path(beatmap_txt).parent
    spec = FeatureSpec.from_yaml(FEATURES_YAML)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    if (folder / "features.db").is_file():
        with FeatureDB(folder / "features.db", spec) as database:
            rows = database.all()
    statuses = read_ranked_map(ranked_map, spec) if ranked_map is not None else {}
    tasks = [(path, rows.get((path.name, path.parent.name)), statuses) for path in paths]
    found = list(parallel_map(read_facts, tasks, jobs, tqdm_class, desc="charts", unit="chart"))
    charts = [facts for facts in found if isinstance(facts, ChartFacts)]
    unusable = [facts for facts in found if not isinstance(facts, ChartFacts)]
    if not charts:
        raise DatasetError(f"{beatmap_txt}: none of its {len(found)} charts can be used; the first: {unusable[0][1]}")
    return Statistics(
        name=folder.resolve().name,
        charts=charts,
        unusable=unusable,
        undescribed=sum(row is None for _, row, _ in tasks),
        licences=_licences(charts, folder),
    )


def read_facts(task: tuple[Path, dict[str, Any] | None, Mapping[int, str]]) -> ChartFacts | tuple[Path, str]:
    """Read one chart; what is wrong with it comes back with its path."""
    path, features, statuses = task
    try:
        data = path.read_bytes()
        chart = parse_osu(data, str(path))
        features = dict(features or chart_features(chart, data))
        features["rank_status"] = features.get("rank_status") or statuses.get(chart.beatmap_set_id)
    except ChartError as error:
        return path, str(error)
    except OSError as error:
        return path, f"{path}: cannot be read: {error.strerror}"
    return ChartFacts(
        path=path,
        artist=chart.artist,
        title=chart.title,
        version=chart.version,
        creator=chart.creator,
        set_id=chart.beatmap_set_id,
        bpm=main_bpm(chart),
        traits=traits_of(chart, features["sr"] or 0.0),
        pattern=pattern_of(chart),
        has_audio=is_beside(path, chart.audio_filename),
        features=features,
    )


def main_bpm(chart: Beatmap) -> float:
    """The tempo that lasts longest between the first note and the end of the last, 0 where there is none."""
    if not chart.timing_points:
        return 0.0
    tempo = TempoMap.of_points(chart.timing_points)
    first_ms = min(note.start_ms for note in chart.notes)
    lasting: defaultdict[float, float] = defaultdict(float)
    held_ms = tempo.lasting(first_ms, max(chart.last_ms, first_ms + 1))
    for beat_ms, lasts_ms in zip(tempo.lengths.tolist(), held_ms.tolist(), strict=True):
        lasting[round(60_000.0 / beat_ms, 2)] += lasts_ms
    return max(lasting, key=lasting.__getitem__)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + "s" * (n != 1)


def _licences(charts: Sequence[ChartFacts], folder: Path) -> Counter[str]:
    """Licences by SOURCES.tsv beside the list: its first column is a chart or a folder, another one is the licence."""
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
