"""The charts of a prepared folder, parsed once and kept small: what a dataset makes its items from.

Axis: N notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.data.audio_cache import AudioCache
from mug.data.beatmap import Beatmap
from mug.data.chart_list import beatmap_paths
from mug.data.convertor import note_arrays
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.osu import read_osu
from mug.data.report import Report
from mug.data.split import set_id_of, set_keys, split_of
from mug.errors import ChartError, PromptError
from mug.files import file_beside


@dataclass(frozen=True)
class Entry:
    """A chart: its notes [N], its song's spectrum on disk, and its prompt."""

    path: Path
    audio: Path
    version: str
    set_id: int
    column: np.ndarray  # int64 [N]
    start_ms: np.ndarray  # float64 [N]
    last_ms: np.ndarray  # float64 [N]
    prompt: dict[str, Any]
    spectrum: Path  # .npy of the audio cache
    audio_frames: int  # of the spectrum, 0 where audio is left out


def load_entries(
    beatmap_txts: Sequence[str],
    spec: FeatureSpec,
    keys: int,
    split: str,
    fractions: tuple[float, float, str],
    cache: AudioCache | None,
) -> tuple[list[Entry], Report]:
    """Read the usable charts of a split, in the order of their lists, and say which were skipped and why.

    `fractions`: valid_fraction, test_fraction and salt of `split_of`. `cache`: where spectra are, or are made now, so
    that a file that cannot be decoded shows before training; None leaves audio out.
    Raises DatasetError for a list or a database that is not there.
    """
    report = Report()
    entries: list[Entry] = []
    charts: list[tuple[Path, dict[tuple[str, str], dict[str, Any]]]] = []  # with the database of their list
    sets: list[tuple[str, int]] = []
    for beatmap_txt in beatmap_txts:
        paths = beatmap_paths(beatmap_txt)
        with FeatureDB(Path(beatmap_txt).parent / "features.db", spec) as database:
            rows = database.all()
        for path in paths:
            try:
                set_id = set_id_of(path.read_bytes())
            except OSError:
                set_id = 0  # so that the split of its folder, and no other, reports it below
            sets.append((path.parent.name, set_id))
            charts.append((path, rows))
    for (path, rows), key in zip(charts, set_keys(sets), strict=True):
        if split_of(key, *fractions) != split:
            continue
        try:
            entries.append(_entry(path, keys, spec, rows))
        except _Unusable as error:
            report.skip(error.kind, f"{path}: {error}")
        except ChartError as error:
            report.skip("unusable", str(error))
    if cache is not None:
        entries = _with_spectra(entries, cache, report)
    report.done = len(entries)
    return entries, report


class _Unusable(Exception):
    """A good chart that does not fit; `kind` says in two words why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _entry(path: Path, keys: int, spec: FeatureSpec, rows: dict[tuple[str, str], dict[str, Any]]) -> Entry:
    beatmap: Beatmap = read_osu(path)
    if beatmap.keys != keys:
        raise _Unusable("other key count", f"{beatmap.keys}K, the configuration says keys: {keys}")
    prompt = rows.get((path.name, path.parent.name))
    if prompt is None:
        raise _Unusable("without features", "not in features.db; run scripts/prepare_beatmap_features.py again")
    try:
        spec.encode(prompt)
    except PromptError as error:
        raise _Unusable("other features", f"features.db does not fit the features: {error}") from error
    audio = file_beside(path, beatmap.audio_filename)
    if audio is None:
        raise _Unusable("without audio", f"its audio file '{beatmap.audio_filename}' is missing")
    column, start_ms, last_ms = note_arrays(beatmap.notes)
    return Entry(
        path, audio, beatmap.version, beatmap.beatmap_set_id, column, start_ms, last_ms, prompt, Path(), audio_frames=0
    )


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
