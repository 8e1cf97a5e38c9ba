"""features.db of the charts that a beatmap.txt lists."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.data.beatmap import Beatmap
from mug.data.chart_list import beatmap_paths
from mug.data.difficulty import chart_features
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.osu import parse_osu
from mug.data.report import Report
from mug.errors import ChartError, DatasetError, MugError, PromptError

BATCH_ROWS = 256  # charts a transaction
MAX_ID_DIGITS = 18


def prepare_features(
    beatmap_txt: str | Path,
    features_yaml: str | Path,
    ranked_map: str | Path | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Report:
    """Compute the features of every chart that `beatmap_txt` lists into features.db beside it.

    `ranked_map`: a file of "set_id status" lines; without it the rank status is "not given".
    Charts that cannot be rated are skipped and reported. Raises DatasetError or ConfigError for unusable input.
    """
    spec = FeatureSpec.from_yaml(features_yaml)
    charts = beatmap_paths(beatmap_txt)
    statuses = read_ranked_map(ranked_map, spec) if ranked_map is not None else {}
    report = Report()
    rows: list[dict[str, Any]] = []
    with FeatureDB(Path(beatmap_txt).parent / "features.db", spec, create=True) as database:
        for chart in tqdm_class(charts, desc="features", unit="chart"):
            try:
                rows.append(_features_of(chart, statuses))
                report.done += 1
            except MugError as error:
                report.skip("unusable", str(error))
            if len(rows) >= BATCH_ROWS:
                database.upsert(rows)
                rows = []
        database.upsert(rows)
    return report


def _features_of(chart: Path, statuses: Mapping[int, str]) -> dict[str, Any]:
    try:
        data = chart.read_bytes()
    except OSError as error:
        raise ChartError(f"{chart}: cannot be read: {error.strerror}") from error
    beatmap: Beatmap = parse_osu(data, str(chart))
    try:
        features = chart_features(beatmap, data, statuses.get(beatmap.beatmap_set_id))
    except ChartError as error:
        raise ChartError(f"{chart}: {error}") from error
    return {"name": chart.name, "set_name": chart.parent.name, **features}


def read_ranked_map(path: str | Path, spec: FeatureSpec) -> dict[int, str]:
    """Read "set_id status" lines, of statuses that a prompt knows. Raises DatasetError that names the line."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a readable list of ranked sets: {error}") from error
    statuses = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        words = line.split()
        if len(words) != 2 or not words[0].isdecimal() or len(words[0]) > MAX_ID_DIGITS:
            raise DatasetError(f"{path}, line {number}: expected 'set_id status', got '{line.strip()[:80]}'")
        try:
            spec.encode({"rank_status": words[1]})
        except PromptError as error:
            raise DatasetError(f"{path}, line {number}: {error}") from error
        statuses[int(words[0])] = words[1]
    return statuses
