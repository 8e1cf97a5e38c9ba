"""From a folder of songs to a prepared one: the charts, the files that they name beside them, and beatmap.txt."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.data.chart_list import write_beatmap_txt
from mug.data.osu import OtherModeError, read_osu
from mug.data.osz import extract_osz
from mug.data.report import Report
from mug.errors import ChartError, DatasetError
from mug.files import file_beside, replacing, resolve_inside


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
    write_beatmap_txt(target / "beatmap.txt", listed)
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
