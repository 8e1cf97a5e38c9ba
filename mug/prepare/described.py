"""Charts for code that goes through a whole list: from features.db, or from the file if the database is out of date.

Axis: N notes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, note_arrays
from mug.charts.osu import parse_osu
from mug.errors import DatasetError
from mug.files import is_beside
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.chart_record import NOTES, RECORD_VERSION, SR, digest_of, read_chart, unpack_notes
from mug.prepare.feature_db import FeatureDB
from mug.prepare.speeds import Speeds, speeds_of
from mug.ratings.stars import star_rating_version


@dataclass(frozen=True, slots=True)
class ListedChart:
    """A chart of a list and its rows of features.db, which may be out of date; None if it has none."""

    path: Path
    row: Mapping[str, Any] | None  # of Chart
    features: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DescribedChart:
    """What filtering and statistics need of a chart, besides its features."""

    path: Path
    artist: str
    title: str
    version: str
    creator: str
    set_id: int
    audio: str  # the file that the chart refers to
    keys: int
    column: np.ndarray  # int64 [N]
    start_ms: np.ndarray  # float64 [N]
    last_ms: np.ndarray  # float64 [N]: the end of a long note, the start of a plain one
    speeds: Speeds

    @classmethod
    def of(cls, path: Path, chart: Beatmap) -> "DescribedChart":
        names = (chart.artist, chart.title, chart.version, chart.creator, chart.beatmap_set_id, chart.audio_filename)
        return cls(path, *names, chart.keys, *note_arrays(chart.notes), speeds_of(chart))

    @property
    def has_audio(self) -> bool:
        return is_beside(self.path, self.audio)


def listed_charts(beatmap_txt: str | Path, database: FeatureDB | None) -> list[ListedChart]:
    """Return the charts of a list, each once, with their rows of the database."""
    rows, features = ({}, {}) if database is None else (database.charts(), database.all())
    paths = dict.fromkeys(beatmap_paths(beatmap_txt))
    keys = {path: (path.name, path.parent.name) for path in paths}
    return [ListedChart(path, rows.get(key), features.get(key)) for path, key in keys.items()]


class ChartReader:
    """Reads one chart of a list. Nothing is parsed if features.db is up to date with it."""

    def __init__(self, listed: ListedChart) -> None:
        """Raises ChartError for a file that cannot be read."""
        self.listed = listed
        self.data = read_chart(listed.path)
        row = listed.row
        self.is_known = row is not None and row["digest"] == digest_of(self.data)

    def chart(self) -> Beatmap:
        """Parse the file. Raises ChartError."""
        return parse_osu(self.data, str(self.listed.path))

    def described(self) -> DescribedChart:
        """Return the chart, from features.db if possible. Raises ChartError."""
        row = self.listed.row
        if row is not None and self.is_known and str(row[NOTES]).startswith(f"version {RECORD_VERSION},"):
            try:
                notes = unpack_notes(row["notes"])
            except DatasetError:  # damaged: read the file instead
                pass
            else:
                speeds = Speeds(row["bpm"], bool(row["changes_tempo"]), bool(row["changes_scroll"]))
                names = (row["artist"], row["title"], row["version"], row["creator"], row["set_id"], row["audio"])
                return DescribedChart(self.listed.path, *names, row["keys"], *notes, speeds)
        return DescribedChart.of(self.listed.path, self.chart())

    @property
    def stars(self) -> float | None:
        """The star rating; None if features.db has none by the installed calculator."""
        row, features = self.listed.row, self.listed.features
        if row is None or features is None or not self.is_known:
            return None
        return features["sr"] if str(row[SR]).startswith(f"{star_rating_version()}, ") else None
