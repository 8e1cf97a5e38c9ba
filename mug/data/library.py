"""The charts of a prepared folder, parsed once and kept small: what a dataset makes its items from.

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
)
from mug.prepare.feature_db import RUN_AGAIN, FeatureDB
from mug.ratings.chart_features import RATE_FEATURES
from mug.ratings.msd.rating import calculator_version
from mug.ratings.stars import star_rating_version
from mug.report import Report

NO_IDS = np.empty((0, 0), dtype=np.int32)


@dataclass(frozen=True)
class Entry:
    """A chart: its notes [N], its song's spectrum on disk, and its prompt."""

    path: Path
    digest: str  # of its bytes
    rated_by: tuple[str | None, str | None]  # what made its star rating and its MSD
    audio: Path  # Path() where there is none and none is wanted
    version: str
    set_id: int
    column: np.ndarray  # int64 [N]
    start_ms: np.ndarray  # float64 [N]
    last_ms: np.ndarray  # float64 [N]
    prompt: dict[str, Any]
    ids: np.ndarray  # int32 [R, F], of the prompt at each rate
    spectrum: Path  # .npy of the audio cache
    audio_frames: int  # of the spectrum, 0 where audio is left out


def load_entries(
    beatmap_txts: Sequence[str],
    spec: FeatureSpec,
    keys: int,
    split: str,
    division: SplitSpec,
    cache: AudioCache | None,
    rates: Sequence[float] = (1.0,),
) -> tuple[list[Entry], Report]:
    """Take the usable charts of a split, in the order of their lists, and say which were skipped and why.

    A chart's notes and features are those of features.db, where its bytes are still those that were described.
    `division`: how song sets are divided into splits. `cache`: where spectra are, or are made now, so
    that a file that cannot be decoded shows before training; None leaves audio out. `rates`: at which prompts are
    wanted; ratings that features.db has not are computed now and kept there.
    Raises DatasetError for a list or a database that is not there.
    """
    report = Report()
    entries: list[Entry] = []
    ratings: list[dict[float, dict[str, Any]]] = []  # of each entry, what features.db has at rates other than 1
    homes: list[Path] = []  # of each entry, the database
    charts: list[tuple[Path, str, FeatureDB]] = []  # with the digest of its bytes and the database of its list
    sets: list[tuple[str, int]] = []
    with ExitStack() as databases:
        for beatmap_txt in beatmap_txts:
            paths = beatmap_paths(beatmap_txt)
            database = databases.enter_context(FeatureDB(Path(beatmap_txt).parent / "features.db", spec.of_charts))
            for path in paths:
                try:
                    data = path.read_bytes()
                except OSError:
                    data = b""  # so that the split of its folder, and no other, reports it below
                sets.append((path.parent.name, set_id_of(data)))
                charts.append((path, digest_of(data), database))
        for (path, digest, database), set_key in zip(charts, set_keys(sets), strict=True):
            if division.split_of(set_key) != split:
                continue
            try:
                entries.append(_entry(path, digest, database, keys, with_audio=cache is not None))
                ratings.append(database.rated((path.name, path.parent.name)))
                homes.append(database.path)
            except _Unusable as error:
                report.skip(error.kind, f"{path}: {error}")
            except ChartError as error:
                report.skip("unusable", str(error))
    rated = _rate_at_others(entries, ratings, spec, rates)
    _keep(rated, entries, homes, spec)
    entries = _with_prompts(entries, ratings, rated, spec, rates, report)
    if cache is not None:
        entries = _with_spectra(entries, cache, report)
    report.done = len(entries)
    return entries, report


class _Unusable(Exception):
    """A good chart that does not fit; `kind` says in two words why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _entry(path: Path, digest: str, database: FeatureDB, keys: int, with_audio: bool) -> Entry:
    """A chart as features.db has it, still without ids and spectrum. Raises _Unusable or ChartError."""
    key = (path.name, path.parent.name)
    row, prompt = database.chart(key), database.get(*key)
    if row is None or prompt is None or row["digest"] != digest:
        chart = read_osu(path)  # where it is broken, that is the reason to give
        if chart.keys != keys:
            raise _Unusable("other key count", f"{chart.keys}K, the configuration says keys: {keys}")
        if row is None or prompt is None:
            raise _Unusable("without features", f"not in features.db; {RUN_AGAIN}")
        raise _Unusable("changed", f"features.db describes another chart of this name and folder; {RUN_AGAIN}")
    for made_by, names in ((SR, SR_FEATURES), (MSD, MSD_FEATURES)):
        if row[made_by] is None and not set(names).isdisjoint(database.features):
            raise _Unusable(
                "without features", f"described without {names[0]}; {RUN_AGAIN}, with the yaml of the training"
            )
    if row["keys"] != keys:
        raise _Unusable("other key count", f"{row['keys']}K, the configuration says keys: {keys}")
    audio = file_beside(path, str(row["audio"])) if with_audio else Path()
    if audio is None:
        raise _Unusable("without audio", f"its audio file '{row['audio']}' is missing")
    try:
        notes = unpack_notes(row["notes"])
        if notes[0].max() >= keys:
            raise DatasetError(f"has a note in column {notes[0].max() + 1} of {keys}")
    except DatasetError as error:
        raise DatasetError(f"{database.path}: {path}: {error}; delete the database and {RUN_AGAIN}") from error
    made = (row[SR], row[MSD])
    return Entry(path, digest, made, audio, row["version"], row["set_id"], *notes, prompt, NO_IDS, Path(), 0)


def _rate_at_others(
    entries: list[Entry], ratings: list[dict[float, dict[str, Any]]], spec: FeatureSpec, rates: Sequence[float]
) -> dict[int, Record]:
    """Rate charts at those of the rates at which they have no rating yet; return the records by the entry's number.

    Raises DatasetError where ratings of two calculators would be mixed.
    """
    wanted = [rate for rate in rates if rate != 1.0 and not spec.blocks.keys().isdisjoint(RATE_FEATURES)]
    lacking = [tuple(rate for rate in wanted if rate not in rating) for rating in ratings]
    tasks = {
        number: Task(entry.path, entry.digest, (SR, MSD), missing)
        for number, (entry, missing) in enumerate(zip(entries, lacking, strict=True))
        if missing
    }
    if not tasks:
        return {}
    here = (star_rating_version(), calculator_version())
    for number in tasks:
        for made_by, calculator in zip(entries[number].rated_by, here, strict=True):
            if made_by is not None and not str(made_by).startswith(f"{calculator}, "):
                raise DatasetError(f"{entries[number].path}: rated by {made_by}; here is {calculator}; {RUN_AGAIN}")
    records = parallel_map(describe_chart, list(tasks.values()), desc="ratings at other rates", unit="chart")
    return dict(zip(tasks, records, strict=True))


def _keep(rated: Mapping[int, Record], entries: list[Entry], homes: list[Path], spec: FeatureSpec) -> None:
    """Write ratings to the databases, so that the next start finds them; not where a disk is read-only."""
    for home in {homes[number] for number in rated}:
        with suppress(DatasetError), FeatureDB(home, spec.of_charts, create=True) as database, database.transaction():
            there = database.versions()
            columns = database.columns("Rated")  # all, or the next training with other features would miss some
            rows = []
            for number in (number for number in rated if homes[number] == home):
                entry = entries[number]
                key = (entry.path.name, entry.path.parent.name)
                if there.get(key, {}).get("digest") != entry.digest:  # another run has described other bytes meanwhile
                    continue
                rows += [{"name": key[0], "set_name": key[1], **row} for row in rated[number].rated]
            database.upsert([{name: row[name] for name in row if name in columns} for row in rows], "Rated")


def _with_prompts(
    entries: list[Entry],
    ratings: list[dict[float, dict[str, Any]]],
    rated: Mapping[int, Record],
    spec: FeatureSpec,
    rates: Sequence[float],
    report: Report,
) -> list[Entry]:
    """Give entries the ids of their prompts at all rates, by what features.db has and what was `rated` just now."""
    complete = []
    for number, (entry, rating) in enumerate(zip(entries, ratings, strict=True)):
        record = rated.get(number, Record())
        if record.error:
            report.skip("unusable", record.error)
            continue
        at_rates = rating | {row["rate"]: row for row in record.rated}
        try:
            ids = [spec.encode(_prompt_at(entry.prompt, at_rates.get(rate, {}))) for rate in rates]
        except PromptError as error:
            report.skip("other features", f"{entry.path}: features.db does not fit the features: {error}")
            continue
        complete.append(replace(entry, ids=np.array(ids, dtype=np.int32)))
    return complete


def _prompt_at(prompt: Mapping[str, Any], rating: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt with the ratings of another rate; what it does not give at rate 1 it gives at no rate."""
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
