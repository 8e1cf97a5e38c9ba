"""Find, read and write chart files of every format."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.malody import read_malody, read_malody_timing
from mug.charts.mp3_delay import shifted, shifted_points, stepmania_delay_ms
from mug.charts.osu import read_osu, read_osu_timing, write_osu
from mug.charts.quaver import read_quaver, read_quaver_timing
from mug.charts.stepmania import read_stepmania, read_stepmania_timing
from mug.errors import ChartError

ONE_CHART = {".osu": read_osu, ".qua": read_quaver, ".mc": read_malody}
CHART_SUFFIXES = (*ONE_CHART, ".sm", ".ssc")
TIMING_READERS: dict[str, Callable[[Path], list[TimingPoint]]] = {
    ".osu": read_osu_timing,
    ".qua": read_quaver_timing,
    ".mc": read_malody_timing,
    ".sm": read_stepmania_timing,
    ".ssc": read_stepmania_timing,
}
#: To add an export format, write a function in its own file and add a line here. Packages of charts and audio (.osz)
#: are in mug/charts/osz.py.
WRITERS: dict[str, Callable[[Beatmap, Path], None]] = {".osu": write_osu}
PACKAGE_SUFFIXES = (".osz", ".olz", ".qp", ".mcz", ".smzip", ".zip")  # all of them zips
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst", ".osz2")  # not read


def read_charts(path: str | Path) -> list[Beatmap]:
    """Return the charts of a file; some formats hold one per difficulty.

    Raises ChartError if no chart can be used; `open_charts` also reports the unusable ones.
    """
    charts, errors = open_charts(path)
    if not charts:
        raise errors[0]
    return charts


def open_charts(path: str | Path) -> tuple[list[Beatmap], list[ChartError]]:
    """Return the usable charts of a file, and an error for each of the others. At least one list is not empty."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in CHART_SUFFIXES:
        return [], [_unknown(path)]
    try:
        return ([ONE_CHART[suffix](path)], []) if suffix in ONE_CHART else read_stepmania(path)
    except ChartError as error:
        return [], [error]


def at_decoded_times(chart: Beatmap, path: str | Path, audio: Path | None) -> Beatmap:
    """Return a file's chart with its times moved to where the notes sound in the decoded audio.

    Only StepMania charts of an mp3 move: that game plays an mp3 later (mp3_delay.py). Raises ChartError for audio that
    cannot be read.
    """
    return shifted(chart, -_delay_ms(Path(path), audio))


def _delay_ms(path: Path, audio: Path | None) -> float:
    if audio is None or path.suffix.lower() not in (".sm", ".ssc"):
        return 0.0
    try:
        return stepmania_delay_ms(audio)
    except OSError as error:
        raise ChartError(f"{audio}: cannot be read: {error.strerror}") from error


def read_timing(path: str | Path, audio: Path | None = None) -> list[TimingPoint]:
    """Return the tempo changes of a chart file, by time. The chart may be of any mode and may have no notes.

    `audio`: the song; a StepMania file's times are moved to its decoded audio. Raises ChartError for a file without a
    tempo.
    """
    path = Path(path)
    if path.suffix.lower() not in TIMING_READERS:
        raise _unknown(path)
    points = TIMING_READERS[path.suffix.lower()](path)
    if not points:
        raise ChartError(f"{path}: no tempo in it; set one in the game's editor first (in osu!: a red line)")
    return shifted_points(points, -_delay_ms(path, audio))


def write_chart(chart: Beatmap, path: str | Path) -> None:
    """Write a chart in the format that the path's suffix names, whole or not at all.

    Raises ChartError for an unknown format, and for a chart that the format cannot hold.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITERS:
        raise ChartError(f"{path}: charts are written as {', '.join(WRITERS)}")
    WRITERS[path.suffix.lower()](chart, path)


def _unknown(path: Path) -> ChartError:
    return ChartError(f"{path}: not a chart file; known are {', '.join(CHART_SUFFIXES)}")


def find_charts(paths: Iterable[str | Path]) -> list[Path]:
    """Return the given chart files and all chart files under the given folders, sorted, without repeats.

    Where a song has both .sm and .ssc, only the .ssc is returned. Raises ChartError for a missing path.
    """
    found: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found.update(without_sm_twins(files_under(path, CHART_SUFFIXES)))
        elif path.is_file():
            found.add(path)
        else:
            raise ChartError(f"{path}: no such file or folder")
    return sorted(found)


def files_under(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files under a folder that have one of the suffixes, sorted.

    Links to files are returned, links to folders are not followed.
    """
    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(suffixes) and os.path.isfile(os.path.join(parent, name))
    )


def without_sm_twins(files: Iterable[Path]) -> list[Path]:
    """Drop each .sm that has a .ssc of the same name beside it: it is the same song, with less information."""
    files = list(files)
    newer = {(file.parent, file.stem) for file in files if file.suffix.lower() == ".ssc"}
    return [file for file in files if file.suffix.lower() != ".sm" or (file.parent, file.stem) not in newer]
