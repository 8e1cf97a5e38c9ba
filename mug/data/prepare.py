"""From a folder of songs to a training set: beatmap.txt, the charts' files beside it, and features.db."""

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.data.beatmap import Beatmap
from mug.data.difficulty import chart_features
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.osu import OtherModeError, parse_osu, read_osu
from mug.data.osz import extract_osz
from mug.errors import ChartError, DatasetError, MugError, PromptError
from mug.files import replacing, resolve_inside

BATCH_ROWS = 256  # charts a transaction
MAX_ID_DIGITS = 18
NAMED_FILES = 20  # skipped files of a kind that a summary names


@dataclass
class Report:
    """What a batch job did: what it took, and what it skipped and why."""

    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (kind of reason, message that names the file)

    def skip(self, kind: str, message: str) -> None:
        printable = message.encode("utf-8", "backslashreplace").decode()  # file names may be any bytes
        self.skipped.append((kind, printable))

    def __str__(self) -> str:
        lines = [f"{self.done} charts"]
        if self.skipped:
            kinds = Counter(kind for kind, _ in self.skipped)
            lines[0] += f", {len(self.skipped)} skipped: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            for kind, n in kinds.items():
                messages = [message for other, message in self.skipped if other == kind]
                lines += [f"  {message}" for message in messages[:NAMED_FILES]]
                if n > NAMED_FILES:
                    lines.append(f"  and {n - NAMED_FILES} more: {kind}")
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
    listed: dict[str, None] = {}  # an ordered set
    with tempfile.TemporaryDirectory(dir=target, prefix=".unpacked-") as scratch:
        files = sorted(file for file in source.rglob("*") if file.suffix.lower() in (".osu", ".osz") and file.is_file())
        files = [file for file in files if target.resolve() not in file.resolve().parents]
        for chart, relative in _charts(files, source, Path(scratch), report, tqdm_class):
            line = relative.as_posix()
            try:
                if line in listed:
                    raise _Unwanted("there twice", f"{chart}: in a folder and in a package of one name")
                _take(chart, relative, target, keys)
                listed[line] = None
            except (_Unwanted, ChartError, OSError) as error:
                # a chart of a package is known by the package, not by where that was unpacked
                report.skip(_kind(error), str(error).replace(scratch, str(source)))
    report.done = len(listed)
    if not listed:
        raise DatasetError(f"{song_dir}: no usable chart in this folder: {report}")
    with replacing(target / "beatmap.txt") as temporary:
        temporary.write_text("".join(f"{line}\n" for line in listed), encoding="utf-8", newline="\n")
    return report


class _Unwanted(Exception):
    """A good chart that is left out; `kind` says in a few words why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _kind(error: Exception) -> str:
    """The kind of reason under which a summary counts a skipped chart."""
    if isinstance(error, _Unwanted):
        return error.kind
    if isinstance(error, OtherModeError):
        return "not osu!mania"
    return "unusable" if isinstance(error, ChartError) else "unreadable"


def _charts(
    files: list[Path], source: Path, scratch: Path, report: Report, tqdm_class: Callable[..., Any]
) -> Iterator[tuple[Path, Path]]:
    """Yield every chart's file and where it belongs under the target, unpacking packages on the way."""
    for file in tqdm_class(files, desc="charts", unit="file"):
        relative = file.relative_to(source)
        if any(part.startswith(".") for part in relative.parts):
            report.skip("hidden", f"{file}: hidden, as what an interrupted program leaves behind; rename it to take it")
            continue
        if file.suffix.lower() == ".osu":
            # a song folder given directly has no set folder of its own to keep
            yield file, relative if len(relative.parts) > 1 else Path(source.resolve().name) / relative
            continue
        folder = scratch / relative
        try:
            unpacked = extract_osz(file, folder)
        except ChartError as error:
            report.skip("broken package", str(error))
            continue
        for chart in unpacked:
            yield chart, relative.with_suffix("") / chart.relative_to(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _take(chart: Path, relative: Path, target: Path, keys: int | None) -> None:
    """Bring one chart and its files under `target`. Raises ChartError, _Unwanted, OSError."""
    if re.search("[\r\n\ud800-\udfff]", str(relative)):
        raise ChartError(f"{str(chart)!r}: a name with a line break, or not in UTF-8, cannot be listed; rename it")
    beatmap = read_osu(chart)
    if keys is not None and beatmap.keys != keys:
        raise _Unwanted("other key count", f"{chart}: {beatmap.keys}K, wanted are {keys}K charts")
    audio = file_beside(chart, beatmap.audio_filename)
    if audio is None:
        raise ChartError(f"{chart}: its audio file '{beatmap.audio_filename}' is missing")
    _link(chart, target / relative)
    _link(audio, resolve_inside(target / relative.parent, beatmap.audio_filename))
    if beatmap.background:
        with suppress(ChartError):  # a chart is complete without its picture
            background = file_beside(chart, beatmap.background)
            if background is not None:
                _link(background, resolve_inside(target / relative.parent, beatmap.background))


def file_beside(chart: Path, name: str) -> Path | None:
    """Return the file that a chart names, None where there is none. Raises ChartError for a name that leads out.

    Case does not count where nothing has the very name and one file has it otherwise: charts are made on Windows.
    """
    try:
        path = resolve_inside(chart.parent, name)
    except ChartError as error:
        raise ChartError(f"{chart}: names a file that is not beside it: {error}") from error
    if path.is_file():
        return path
    if not path.parent.is_dir():
        return None
    same = [file for file in path.parent.iterdir() if file.name.lower() == path.name.lower() and file.is_file()]
    return same[0] if len(same) == 1 else None


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
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # names may hold what Unicode calls a line break
    except UnicodeDecodeError as error:
        raise DatasetError(f"{beatmap_txt}: not a text file in UTF-8: {error}") from error
    charts = [path.parent / line.rstrip() for line in lines if line.strip()]
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
