"""From a folder of songs to a training set: beatmap.txt, the charts' files beside it, and features.db."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.data.beatmap import Beatmap
from mug.data.difficulty import chart_features
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.osu import parse_osu, read_osu
from mug.data.osz import extract_osz
from mug.errors import ChartError, DatasetError, MugError
from mug.files import replacing, resolve_inside

BATCH_ROWS = 256  # charts a transaction
NAMED_FILES = 20  # skipped files that a summary names


@dataclass
class Report:
    """What a batch job did: what it took, and what it skipped and why."""

    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (kind of reason, message that names the file)

    def skip(self, kind: str, message: str) -> None:
        self.skipped.append((kind, message))

    def __str__(self) -> str:
        lines = [f"{self.done} charts"]
        if self.skipped:
            kinds = Counter(kind for kind, _ in self.skipped)
            lines[0] += f", {len(self.skipped)} skipped: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            lines += [f"  {message}" for _, message in self.skipped[:NAMED_FILES]]
            if len(self.skipped) > NAMED_FILES:
                lines.append(f"  and {len(self.skipped) - NAMED_FILES} more")
        return "\n".join(lines)


def prepare_beatmap(
    song_dir: str | Path,
    out_dir: str | Path,
    keys: int | None = 4,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Report:
    """Copy the charts under `song_dir` with their audio and background to `out_dir`, and list them in beatmap.txt.

    Reads .osu files and .osz packages in all folders; links where the disk allows, copies otherwise. `keys`: take only
    charts of this many, None for all. Charts that cannot be used are skipped and reported.
    Raises DatasetError for a song folder that is not there, or one without a single usable chart.
    """
    source, target = Path(song_dir), Path(out_dir)
    if not source.is_dir():
        raise DatasetError(f"{song_dir}: no such folder of songs")
    target.mkdir(parents=True, exist_ok=True)
    report = Report()
    listed: list[str] = []
    with tempfile.TemporaryDirectory(dir=target, prefix=".unpacked-") as scratch:
        files = sorted(file for pattern in ("*.osu", "*.osz") for file in source.rglob(pattern) if file.is_file())
        inside_target = [file for file in files if target.resolve() in file.resolve().parents]
        files = [file for file in files if file not in set(inside_target)]
        for chart, relative in _charts(files, source, Path(scratch), report, tqdm_class):
            try:
                listed.append(_take(chart, relative, target, keys))
            except _OtherKeys as error:
                report.skip("other key count", str(error))
            except ChartError as error:
                report.skip("unusable", str(error))
    report.done = len(listed)
    if not listed:
        raise DatasetError(f"{song_dir}: no usable chart in this folder: {report}")
    with replacing(target / "beatmap.txt") as temporary:
        temporary.write_text("".join(f"{line}\n" for line in listed), encoding="utf-8")
    return report


class _OtherKeys(ChartError):
    """A good chart of another number of keys."""


def _charts(
    files: list[Path], source: Path, scratch: Path, report: Report, tqdm_class: Callable[..., Any]
) -> Iterator[tuple[Path, Path]]:
    """Yield every chart's file and where it belongs under the target, unpacking packages on the way."""
    for index, file in enumerate(tqdm_class(files, desc="charts", unit="file")):
        relative = file.relative_to(source)
        if file.suffix == ".osu":
            # a song folder given directly has no set folder of its own to keep
            yield file, relative if len(relative.parts) > 1 else Path(source.resolve().name) / relative
            continue
        folder = scratch / str(index)
        try:
            unpacked = sorted(path for path in extract_osz(file, folder) if path.suffix == ".osu")
        except ChartError as error:
            report.skip("broken package", str(error))
            continue
        for chart in unpacked:
            yield chart, relative.with_suffix("") / chart.relative_to(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _take(chart: Path, relative: Path, target: Path, keys: int | None) -> str:
    """Bring one chart and its files under `target`; return its line of beatmap.txt. Raises ChartError."""
    beatmap = read_osu(chart)
    if keys is not None and beatmap.keys != keys:
        raise _OtherKeys(f"{chart}: {beatmap.keys}K, wanted are {keys}K charts")
    audio = resolve_inside(chart.parent, beatmap.audio_filename)
    if not audio.is_file():
        raise ChartError(f"{chart}: its audio file '{beatmap.audio_filename}' is missing")
    if any(char in str(relative) for char in "\r\n"):
        raise ChartError(f"{chart!r}: a line break in a file's name cannot be listed; rename it")
    _link(chart, target / relative)
    _link(audio, target / relative.parent / audio.relative_to(chart.parent.resolve()))
    if beatmap.background:
        try:
            background = resolve_inside(chart.parent, beatmap.background)
            if background.is_file():
                _link(background, target / relative.parent / background.relative_to(chart.parent.resolve()))
        except ChartError:
            return relative.as_posix()  # a chart is complete without its picture
    return relative.as_posix()


def _link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`: a hard link, or a copy where there can be none."""
    if target.exists() and target.samefile(source):
        return
    with replacing(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def beatmap_paths(beatmap_txt: str | Path) -> list[Path]:
    """Return the charts that a beatmap.txt lists; relative lines start from its own folder.

    Raises DatasetError where there is none, or nothing in it.
    """
    path = Path(beatmap_txt)
    if not path.is_file():
        raise DatasetError(f"{beatmap_txt}: no such list of charts; run scripts/prepare_beatmap.py to make it")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{beatmap_txt}: not a text file in UTF-8: {error}") from error
    charts = [path.parent / line.strip() for line in lines if line.strip()]
    if not charts:
        raise DatasetError(f"{beatmap_txt}: lists no charts; run scripts/prepare_beatmap.py on a folder that has some")
    return charts


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
    statuses = read_ranked_map(ranked_map) if ranked_map is not None else {}
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


def read_ranked_map(path: str | Path) -> dict[int, str]:
    """Read "set_id status" lines. Raises DatasetError that names the line."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a readable list of ranked sets: {error}") from error
    statuses = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        words = line.split()
        if len(words) != 2 or not words[0].isdigit():
            raise DatasetError(f"{path}, line {number}: expected 'set_id status', got '{line.strip()[:80]}'")
        statuses[int(words[0])] = words[1]
    return statuses
