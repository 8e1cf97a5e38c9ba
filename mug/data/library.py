"""The charts of a prepared folder from features.db, from which datasets make their items.

Axes: N notes, R rates, F features.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.osu import read_osu, set_id_of
from mug.data.audio_cache import AudioCache
from mug.data.entry import Entry, shift_of
from mug.data.split import SplitSpec, set_keys
from mug.errors import ChartError, DatasetError, PromptError
from mug.features import FeatureSpec
from mug.files import file_beside
from mug.parallel import parallel_map
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.chart_record import (
    MSD,
    MSD_FEATURES,
    SR,
    SR_FEATURES,
    Record,
    Task,
    describe_chart,
    digest_of,
    unpack_notes,
    unpack_timing,
)
from mug.prepare.feature_db import RUN_AGAIN, FeatureDB, Key
from mug.ratings.chart_features import RATE_FEATURES
from mug.ratings.msd.rating import calculator_version
from mug.ratings.stars import star_rating_version
from mug.report import Report

NO_IDS = np.empty((0, 0), dtype=np.int32)


@dataclass(frozen=True)
class ChartSource:
    """Where a chart comes from: its file as it is now, and the features.db of its list."""

    path: Path
    digest: str  # of its bytes
    set_id: int  # that its bytes state, 0 where they state none
    database: FeatureDB

    @classmethod
    def read(cls, path: Path, database: FeatureDB) -> "ChartSource":
        try:
            data = path.read_bytes()
        except OSError:
            data = b""  # the split of its folder, and no other, will report it
        return cls(path, digest_of(data), set_id_of(data), database)

    @property
    def key(self) -> Key:
        """The key of its rows in the database."""
        return self.path.name, self.path.parent.name


@dataclass
class _Candidate:
    """A chart that becomes an entry once it has its prompts and its spectrum."""

    source: ChartSource
    entry: Entry
    rated_by: tuple[str | None, str | None]  # what made its star rating and its MSD
    at_rates: dict[float, dict[str, Any]]  # its ratings at rates other than 1


def load_entries(
    beatmap_txts: Sequence[str],
    spec: FeatureSpec,
    keys: int,
    split: str,
    division: SplitSpec,
    cache: AudioCache | None,
    rates: Sequence[float] = (1.0,),
) -> tuple[list[Entry], Report]:
    """Load the usable charts of a split, in the order of their lists, and report which were skipped and why.

    Notes and features come from features.db; a chart whose file has changed since is skipped. `division`: how song sets
    are divided into splits. `cache`: holds spectra; missing ones are computed now, so that files that cannot be decoded
    show before training. None leaves audio out. `rates`: the rates that need prompts; missing ratings are computed now
    and stored in features.db.
    Raises DatasetError for a missing list or database.
    """
    report = Report()
    with ExitStack() as databases:
        sources = _sources(beatmap_txts, spec, databases)
        candidates: list[_Candidate] = []
        for source, set_key in zip(sources, _set_keys(sources), strict=True):
            if division.split_of(set_key) != split:
                continue
            try:
                candidates.append(_candidate(source, keys, with_audio=cache is not None))
            except _Unusable as error:
                report.skip(error.kind, f"{source.path}: {error}")
            except ChartError as error:
                report.skip("unusable", str(error))
    candidates = _rate_at_others(candidates, spec, rates, report)
    entries = _with_prompts(candidates, spec, rates, report)
    if cache is not None:
        entries = _with_spectra(entries, cache, report)
    report.done = len(entries)
    return entries, report


def with_timing(entries: Sequence[Entry], report: Report) -> list[Entry]:
    """The charts that have timing points; reports the others as skipped."""
    for entry in entries:
        if not entry.points:
            report.skip("without timing", f"{entry.path}: has no timing points, so its beats are unknown")
    timed = [entry for entry in entries if entry.points]
    report.done = len(timed)
    return timed


def division_for(
    beatmap_txts: Sequence[str], spec: FeatureSpec, keys: int, division: SplitSpec, split: str
) -> tuple[SplitSpec | None, int]:
    """Return a division that leaves no split empty (None if there are too few sets), and the number of sets.

    `split`: the split that was found empty. The test split may stay empty if its fraction is 0 and it is not `split`.
    Only sets with a chart of this many keys in features.db count.
    """
    with ExitStack() as databases:
        sources = _sources(beatmap_txts, spec, databases)
        rows = [source.database.chart(source.key) for source in sources]
    pairs = zip(_set_keys(sources), rows, strict=True)
    sets = {key for key, row in pairs if row is not None and row["keys"] == keys}
    needs_test = split == "test" or division.test_fraction > 0
    return division.with_no_split_empty(sets, needs_test), len(sets)


def _sources(beatmap_txts: Sequence[str], spec: FeatureSpec, databases: ExitStack) -> list[ChartSource]:
    """The charts of all lists; their databases are open until the stack is closed."""
    sources: list[ChartSource] = []
    for beatmap_txt in beatmap_txts:
        paths = beatmap_paths(beatmap_txt)
        database = databases.enter_context(FeatureDB(Path(beatmap_txt).parent / "features.db", spec.of_charts))
        sources += [ChartSource.read(path, database) for path in paths]
    return sources


def _set_keys(sources: Sequence[ChartSource]) -> list[str]:
    return set_keys([(source.path.parent.name, source.set_id) for source in sources])


class _Unusable(Exception):
    """A valid chart that this training cannot use; `kind` is the reason in two words."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _candidate(source: ChartSource, keys: int, with_audio: bool) -> _Candidate:
    """A chart from its features.db, still without ids and spectrum. Raises _Unusable or ChartError."""
    path, database = source.path, source.database
    row, prompt = database.chart(source.key), database.get(*source.key)
    if row is None or prompt is None or row["digest"] != source.digest:
        chart = read_osu(path)  # raises ChartError for a broken chart, which is the reason to report
        if chart.keys != keys:
            raise _Unusable("other key count", f"{chart.keys}K, but the configuration has keys: {keys}")
        if row is None or prompt is None:
            raise _Unusable("without features", f"not in features.db; {RUN_AGAIN}")
        raise _Unusable("changed", f"features.db describes another chart of this name and folder; {RUN_AGAIN}")
    for made_by, names in ((SR, SR_FEATURES), (MSD, MSD_FEATURES)):
        if row[made_by] is None and not set(names).isdisjoint(database.features):
            raise _Unusable(
                "without features", f"described without {names[0]}; {RUN_AGAIN}, with the yaml of the training"
            )
    if row["keys"] != keys:
        raise _Unusable("other key count", f"{row['keys']}K, but the configuration has keys: {keys}")
    audio = file_beside(path, str(row["audio"])) if with_audio else Path()
    if audio is None:
        raise _Unusable("without audio", f"its audio file '{row['audio']}' is missing")
    try:
        column, points = unpack_notes(row["notes"])[0], unpack_timing(row["timing"])
        if column.max() >= keys:
            raise DatasetError(f"has a note in column {column.max() + 1} of {keys}")
        shift_ms = shift_of(row)
    except DatasetError as error:
        raise DatasetError(f"{database.path}: {path}: {error}; delete the database and {RUN_AGAIN}") from error
    version, set_id, packed = row["version"], row["set_id"], row["notes"]
    entry = Entry(path, source.digest, audio, version, set_id, packed, points, prompt, NO_IDS, Path(), 0)
    return _Candidate(source, entry.shifted(shift_ms), (row[SR], row[MSD]), database.rated(source.key))


def _rate_at_others(
    candidates: list[_Candidate], spec: FeatureSpec, rates: Sequence[float], report: Report
) -> list[_Candidate]:
    """Compute the missing ratings of charts at these rates; return the charts that could be rated.

    Raises DatasetError if that would mix ratings of two calculators.
    """
    wanted = [rate for rate in rates if rate != 1.0 and not spec.blocks.keys().isdisjoint(RATE_FEATURES)]
    tasks: dict[int, Task] = {}  # by the candidate's number
    for number, candidate in enumerate(candidates):
        if missing := tuple(rate for rate in wanted if rate not in candidate.at_rates):
            tasks[number] = Task(candidate.source.path, candidate.source.digest, (SR, MSD), missing)
    if not tasks:
        return candidates
    here = (star_rating_version(), calculator_version())
    for number, task in tasks.items():
        for made_by, calculator in zip(candidates[number].rated_by, here, strict=True):
            if made_by is not None and not str(made_by).startswith(f"{calculator}, "):
                raise DatasetError(f"{task.path}: rated by {made_by}; here is {calculator}; {RUN_AGAIN}")
    records = parallel_map(describe_chart, list(tasks.values()), desc="ratings at other rates", unit="chart")
    rated = dict(zip(tasks, records, strict=True))
    _keep([(candidates[number].source, record) for number, record in rated.items()], spec)
    for number, record in rated.items():
        candidates[number].at_rates |= {row["rate"]: row for row in record.rated}
        if record.error:
            report.skip("unusable", record.error)
    return [candidate for number, candidate in enumerate(candidates) if not rated.get(number, Record()).error]


def _keep(rated: Sequence[tuple[ChartSource, Record]], spec: FeatureSpec) -> None:
    """Write ratings to the databases, so that the next start finds them, unless the disk is read-only."""
    for path in {source.database.path for source, _ in rated}:
        with suppress(DatasetError), FeatureDB(path, spec.of_charts, create=True) as database, database.transaction():
            there = database.versions()
            columns = database.columns("Rated")  # all, or the next training with other features would miss some
            rows: list[dict[str, Any]] = []
            for source, record in rated:
                # another list's, or another run has described other bytes meanwhile
                if source.database.path != path or there.get(source.key, {}).get("digest") != source.digest:
                    continue
                name, set_name = source.key
                rows += [{"name": name, "set_name": set_name, **row} for row in record.rated]
            database.upsert([{name: row[name] for name in row if name in columns} for row in rows], "Rated")


def _with_prompts(
    candidates: Sequence[_Candidate], spec: FeatureSpec, rates: Sequence[float], report: Report
) -> list[Entry]:
    """Add the ids of the prompts at all rates to the entries."""
    complete = []
    for candidate in candidates:
        entry = candidate.entry
        try:
            ids = [spec.encode(_prompt_at(entry.prompt, candidate.at_rates.get(rate, {}))) for rate in rates]
        except PromptError as error:
            report.skip("other features", f"{entry.path}: features.db does not fit the features: {error}")
            continue
        complete.append(replace(entry, ids=np.array(ids, dtype=np.int32)))
    return complete


def _prompt_at(prompt: Mapping[str, Any], rating: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt with the ratings of another rate. What is not given at rate 1 is not given at any rate."""
    return {name: rating.get(name, value) if value is not None else None for name, value in prompt.items()}


def _with_spectra(entries: list[Entry], cache: AudioCache, report: Report) -> list[Entry]:
    there, failed = cache.build(entry.audio for entry in entries)
    for entry in entries:
        if entry.audio in failed:
            report.skip("undecodable audio", f"{entry.path}: {failed[entry.audio]}")
    frames = {audio: cache.open(spectrum).shape[-1] for audio, spectrum in there.items()}
    return [
        replace(entry, spectrum=there[entry.audio], audio_frames=frames[entry.audio])
        for entry in entries
        if entry.audio in there
    ]
