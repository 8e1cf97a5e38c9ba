"""Songs on disk, of any game: their charts with the audio and background beside them, read and written as others.

A song is the charts of one folder (or package) that have the same audio, or the same artist and title if that is
missing.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import (
    PACKAGE_SUFFIXES,
    at_decoded_times,
    files_under,
    find_charts,
    open_charts,
    song_bytes,
)
from mug.charts.file_names import safe_file_name, song_name, unused_name, unused_path
from mug.charts.osz import PACKED_AS, chart_texts, extract_osz, pack_song
from mug.charts.stepmania import STYLES
from mug.errors import ChartError
from mug.files import file_beside

Refuse = Callable[[ChartError], None]  # told about each chart or file that is left out


@dataclass(frozen=True)
class SongFiles:
    """The charts of a song, at times of its decoded audio, and its files."""

    source: str  # for messages
    charts: Sequence[Beatmap]
    audio: Path | None
    background: Path | None


@contextmanager
def unpacked(paths: Iterable[Path], refuse: Refuse) -> Iterator[list[tuple[str, list[Path]]]]:
    """Yield the chart files of files, folders and packages, each group with its name for messages.

    Packages are unpacked for as long as the block runs. Raises ChartError for a missing path.
    """
    paths = list(paths)
    is_package = [path.is_file() and path.suffix.lower() in PACKAGE_SUFFIXES for path in paths]
    packages = [path for path, is_one in zip(paths, is_package, strict=True) if is_one]
    for path in paths:
        packages += files_under(path, PACKAGE_SUFFIXES) if path.is_dir() else []
    loose = find_charts(path for path, is_one in zip(paths, is_package, strict=True) if not is_one)
    groups = [("", loose)] if loose else []
    with tempfile.TemporaryDirectory(prefix="mug-") as scratch:
        for number, package in enumerate(packages):
            try:
                extract_osz(package, Path(scratch, str(number)))
                charts = find_charts([Path(scratch, str(number))])
                if not charts:
                    raise ChartError(f"{package}: holds no chart")
                groups.append((str(package), charts))
            except ChartError as error:
                refuse(error)
        yield groups


def songs_of(name: str, paths: Iterable[Path], refuse: Refuse) -> list[SongFiles]:
    """Return the songs of chart files, in order of their files. `name`: of the package that they come from, if any."""
    songs: dict[tuple[object, ...], SongFiles] = {}
    for path in paths:
        shown = f"{name}/{path.name}" if name else str(path)
        charts, errors = open_charts(path, tuple(STYLES))
        for error in errors:
            refuse(type(error)(str(error).replace(str(path), shown)))
        for chart in charts:
            try:
                audio = file_beside(path, chart.audio_filename) if chart.audio_filename else None
                background = file_beside(path, chart.background) if chart.background else None
                chart = at_decoded_times(chart, path, audio)
            except ChartError as error:
                refuse(error)
                continue
            song = songs.get(key := (path.parent, audio or (chart.artist, chart.title)))
            known = song.charts if song else []
            songs[key] = SongFiles(
                song.source if song else shown, [*known, chart], audio, song.background if song else background
            )
    return [replace(song, charts=_named_apart(song.charts)) for song in songs.values()]


def write_as(song: SongFiles, kind: str, folder: Path, refuse: Refuse) -> tuple[Path, int, tuple[str, ...]] | None:
    """Write a song as a package (osz, qp, mcz, smzip), or its charts (osu, sm...) and files into a folder of its own.

    Both are called "Artist - Title", with a number if `folder` already has one. Charts that the format cannot hold are
    left out. Return the path, the number of charts, and what the format cannot hold of them; None if no chart is left.
    """
    ending = f".{kind}"
    suffix = PACKED_AS.get(ending, ending)
    charts = [chart for chart in song.charts if _fits(chart, suffix, song, refuse)]
    if not charts:
        return None
    try:
        if ending in PACKED_AS:
            if song.audio is None:
                raise ChartError(f"{song.source}: its audio is not beside it, and a package needs it")
            path = unused_path(folder, song_name(charts[0]), ending)
            return path, len(charts), pack_song(path, charts, song.audio, song.background)
        path = unused_path(folder, song_name(charts[0]), "")
        return path, len(charts), _write_folder(replace(song, charts=charts), suffix, path)
    except ChartError as error:
        refuse(error)
        return None


def _fits(chart: Beatmap, suffix: str, song: SongFiles, refuse: Refuse) -> bool:
    try:
        song_bytes([chart], suffix)
    except ChartError as error:
        refuse(ChartError(f"{song.source}: {error}"))
        return False
    return True


def _write_folder(song: SongFiles, suffix: str, folder: Path) -> tuple[str, ...]:
    """Write a song's charts with copies of its files, whole or not at all."""
    taken: set[str] = set()
    copies = {file: unused_name(safe_file_name(file.name), taken) for file in (song.audio, song.background) if file}
    audio_name = copies[song.audio] if song.audio else None
    image = copies[song.background] if song.background else None
    charts = [
        replace(chart, audio_filename=audio_name or chart.audio_filename, background=image or chart.background)
        for chart in song.charts
    ]
    texts, remarks = chart_texts(charts, suffix, song.audio, taken)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        whole = Path(scratch, "song")
        whole.mkdir()
        for file, name in copies.items():
            shutil.copyfile(file, whole / name)
        for name, data in texts.items():
            (whole / name).write_bytes(data)
        whole.rename(folder)
    return remarks


def _named_apart(charts: Sequence[Beatmap]) -> list[Beatmap]:
    """The charts with a number added to the names of difficulties that occur again."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    named = []
    for chart in charts:
        key = (chart.artist, chart.title, chart.creator, chart.version)
        seen[key] += 1
        named.append(replace(chart, version=f"{chart.version} ({seen[key]})") if seen[key] > 1 else chart)
    return named
