"""Updates features.db for the charts of a beatmap.txt: computes what is missing or outdated and keeps the rest."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.errors import ChartError, DatasetError, PromptError
from mug.features import FeatureSpec
from mug.parallel import parallel_map
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.chart_record import (
    MSD,
    MSD_FEATURES,
    NOTES,
    RECORD_VERSION,
    SR,
    SR_FEATURES,
    Record,
    Task,
    describe_chart,
    digest_of,
    read_chart,
)
from mug.prepare.feature_db import OFFSET_COLUMNS, FeatureDB, Key
from mug.ratings.chart_features import RATE_FEATURES
from mug.ratings.msd.rating import calculator_version
from mug.ratings.rates import rate_grid
from mug.ratings.stars import star_rating_version
from mug.report import Report

BATCH_CHARTS = 64  # written per transaction; a killed run loses at most these
MAX_ID_DIGITS = 18
RANK_STATUS = "rank_status"
LABELS = {NOTES: "notes and long-note features", SR: "star rating", MSD: "MSD"}
PARTS = tuple(LABELS)


@dataclass
class FeatureReport(Report):
    """Summary of the changes to features.db."""

    new: int = 0
    changed: int = 0  # charts whose file is not the same as before
    unchanged: int = 0
    updated: Counter[str] = field(default_factory=Counter)  # reason -> charts with a part that was recomputed for it
    removed: int = 0
    statuses: int = 0  # known charts whose rank status changed

    def __str__(self) -> str:
        updated = self.done - self.new - self.changed - self.unchanged
        counts = {"new": self.new, "changed": self.changed, "updated": updated, "unchanged": self.unchanged}
        counts["removed"] = self.removed
        said = ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "none described"
        if self.unchanged == self.done and not self.removed and not self.statuses:
            said += "; nothing to do"
        lines = [f"{n} charts: {why}" for why, n in self.updated.items()]
        if self.statuses:
            lines.append(f"{self.statuses} charts: another rank status")
        return "\n".join([super().__str__(), said, *lines])


def prepare_features(
    beatmap_txt: str | Path,
    features_yaml: str | Path,
    ranked_map: str | Path | None = None,
    rates: tuple[float, float] = (1.0, 1.0),
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> FeatureReport:
    """Bring features.db beside `beatmap_txt` up to date with the charts in the list.

    A chart is computed if its bytes are new. A part of its record is computed again if the code for it, the features in
    `features_yaml` or `rates` changed. `ranked_map`: a file of "set_id status" lines; without it the rank status is not
    given. `rates`: the lowest and highest rate to rate charts at besides 1, in steps of 0.05; training adds any others
    it needs. `jobs`: number of processes, None for one per core. The run may be killed at any time, and other runs may
    work beside it.
    Charts that cannot be rated are skipped and reported. Raises DatasetError or ConfigError for unusable input.
    """
    spec = FeatureSpec.from_yaml(features_yaml).of_charts
    charts = beatmap_paths(beatmap_txt)
    statuses = read_ranked_map(ranked_map, spec) if ranked_map is not None else {}
    wanted = versions(spec, rates)
    grid = tuple(rate for rate in rate_grid(*rates) if rate != 1.0)
    report = FeatureReport()
    with FeatureDB(Path(beatmap_txt).parent / "features.db", spec, create=True) as database:
        known = database.versions()
        found = _digests(tqdm_class(charts, desc="charts", unit="chart"), report)
        parts = {key: _outdated(known.get(key), digest, wanted) for key, (_, digest) in found.items()}
        tasks = {key: Task(*found[key], parts[key], grid) for key in found if parts[key]}
        records = parallel_map(describe_chart, list(tasks.values()), jobs, tqdm_class, desc="features", unit="chart")
        for batch in _batches(zip(tasks, records, strict=True)):
            for key in [key for key, record in batch.items() if record.error]:
                report.skip("unusable", batch.pop(key).error)
                del found[key], parts[key]
            before = {key: known.get(key, {}) for key in batch}
            with database.transaction():
                database.remove_rates(list(batch), *rates)
                _write(database, batch, tasks, before, wanted)
            _count(report, tasks, before, wanted)
        gone = [key for key in database.chart_keys() if key not in found]
        database.remove(gone)
        if RANK_STATUS in spec.names:
            report.statuses = _update_statuses(database, statuses, known)
    report.done, report.removed = len(found), len(gone)
    report.unchanged = sum(not these for these in parts.values())
    return report


def versions(spec: FeatureSpec, rates: tuple[float, float]) -> dict[str, str]:
    """The version of each part of a record: what computes it. A part with any other version is computed again."""
    asked = {
        NOTES: [name for name in spec.names if name not in RATE_FEATURES],
        SR: [name for name in spec.names if name in SR_FEATURES],
        MSD: [name for name in spec.names if name in MSD_FEATURES],
    }
    at_rates = "" if rates == (1.0, 1.0) else f", rates {rates[0]:g} to {rates[1]:g}"
    makers = {
        NOTES: f"version {RECORD_VERSION}",
        SR: star_rating_version() + at_rates,
        MSD: calculator_version() + at_rates,
    }
    return {
        part: f"{makers[part]}, features {digest_of(' '.join(names).encode())[:8]}"
        for part, names in asked.items()
        if names or part == NOTES
    }


def _digests(charts: Iterable[Path], report: Report) -> dict[Key, tuple[Path, str]]:
    """Read every chart and return its path and the digest of its bytes, by the key of its row."""
    found: dict[Key, tuple[Path, str]] = {}
    for path in charts:
        try:
            digest = digest_of(read_chart(path))
        except ChartError as error:
            report.skip("unreadable", str(error))
            continue
        first, first_digest = found.setdefault((path.name, path.parent.name), (path, digest))
        if first_digest != digest:
            report.skip(
                "same name and folder",
                f"{path}: {first} has the same name and folder name; rename one of the two folders",
            )
        elif first != path:
            report.skip("there twice", f"{path}: the same chart as {first}")
    return found


def _outdated(known: Mapping[str, Any] | None, digest: str, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of a record that are missing or outdated."""
    if known is None or known["digest"] != digest:
        return tuple(wanted)
    return tuple(part for part, version in wanted.items() if known[part] != version)


def _batches(records: Iterable[tuple[Key, Record]]) -> Iterator[dict[Key, Record]]:
    iterator = iter(records)
    while batch := dict(islice(iterator, BATCH_CHARTS)):
        yield batch


def _write(
    database: FeatureDB,
    batch: Mapping[Key, Record],
    tasks: Mapping[Key, Task],
    before: Mapping[Key, Mapping[str, Any]],
    wanted: Mapping[str, str],
) -> None:
    """Write records into the three tables."""
    charts, features, rated = [], [], []
    # all columns of the tables: a value that is not asked for now must not survive from an older file
    columns = database.columns("Feature") - {"name", "set_name", RANK_STATUS}
    rate_columns = database.columns("Rated") - {"name", "set_name"}
    for key, record in batch.items():
        named = {"name": key[0], "set_name": key[1]}
        # if the file changed, the parts that are not asked for now are outdated
        same = before[key].get("digest") == tasks[key].digest
        made_by = {} if same else dict.fromkeys((*PARTS, *OFFSET_COLUMNS))
        blank = {} if same else dict.fromkeys(name for name in RATE_FEATURES if name in columns)
        charts.append({**named, **record.chart, **made_by, **{part: wanted[part] for part in tasks[key].parts}})
        features.append({**named, **blank, **_only(record.feature, columns)})
        rated += [{**named, **_only(row, rate_columns)} for row in record.rated]
    database.upsert(charts, "Chart")
    database.upsert(features, "Feature")
    database.upsert(rated, "Rated")


def _only(row: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names}


def _count(
    report: FeatureReport,
    tasks: Mapping[Key, Task],
    before: Mapping[Key, Mapping[str, Any]],
    wanted: Mapping[str, str],
) -> None:
    """Add what was written to the report."""
    for key, row in before.items():
        if not row:
            report.new += 1
        elif row["digest"] != tasks[key].digest:
            report.changed += 1
        else:
            report.updated.update(
                f"{LABELS[part]} recomputed with {wanted[part]}; before with {row[part] or 'nothing'}"
                for part in tasks[key].parts
            )


def _update_statuses(database: FeatureDB, statuses: Mapping[int, str], known: Mapping[Key, Any]) -> int:
    """Bring rank_status up to date with the map, without rating anything; return how many known charts changed."""
    there = database.all([RANK_STATUS])
    rows = []
    for key, chart in database.versions().items():
        status = statuses.get(chart["set_id"])
        if key in there and there[key][RANK_STATUS] != status:
            rows.append({"name": key[0], "set_name": key[1], RANK_STATUS: status})
    database.upsert(rows)
    return sum((row["name"], row["set_name"]) in known for row in rows)


def read_ranked_map(path: str | Path, spec: FeatureSpec) -> dict[int, str]:
    """Read "set_id status" lines with statuses that a prompt may have. Raises DatasetError that names the line."""
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
            spec.encode({RANK_STATUS: words[1]})
        except PromptError as error:
            raise DatasetError(f"{path}, line {number}: {error}") from error
        statuses[int(words[0])] = words[1]
    return statuses
