"""Find, read and write chart files of every format."""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.malody import read_malody, read_malody_timing
from mug.charts.malody_writing import format_malody
from mug.charts.mp3_delay import shifted, shifted_points, stepmania_delay_ms
from mug.charts.osu import format_osu, read_osu, read_osu_timing
from mug.charts.quaver import read_quaver, read_quaver_timing
from mug.charts.quaver_writing import format_quaver
from mug.charts.remarks import Remarks
from mug.charts.sm_writing import format_sm, format_ssc
from mug.charts.stepmania import FOUR_PANELS, read_stepmania, read_stepmania_timing
from mug.errors import ChartError
from mug.files import replacing

ONE_CHART = {".osu": read_osu, ".qua": read_quaver, ".mc": read_malody}
CHART_SUFFIXES = (*ONE_CHART, ".sm", ".ssc")
TIMING_READERS: dict[str, Callable[[Path], list[TimingPoint]]] = {
    ".osu": read_osu_timing,
    ".qua": read_quaver_timing,
    ".mc": read_malody_timing,
    ".sm": read_stepmania_timing,
    ".ssc": read_stepmania_timing,
}
#: To add an export format, write a function in its own file and add a line here. It returns the file's bytes, and adds
#: to the remarks what the format cannot hold. Packages of charts and audio are in mug/charts/osz.py.
WRITERS: dict[str, Callable[[Beatmap, Remarks], bytes]] = {
    ".osu": lambda chart, _: format_osu(chart),
    ".qua": format_quaver,
    ".mc": format_malody,
}
#: The same for formats whose files hold all charts of a song.
SONG_WRITERS: dict[str, Callable[[Sequence[Beatmap], Remarks], bytes]] = {".sm": format_sm, ".ssc": format_ssc}
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


def open_charts(path: str | Path, styles: Collection[str] = FOUR_PANELS) -> tuple[list[Beatmap], list[ChartError]]:
    """Return the usable charts of a file, and an error for each of the others. At least one list is not empty.

    styles: of StepMania's, those to read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in CHART_SUFFIXES:
        return [], [_unknown(path)]
    try:
        return ([ONE_CHART[suffix](path)], []) if suffix in ONE_CHART else read_stepmania(path, styles)
    except ChartError as error:
        return [], [error]


def at_decoded_times(chart: Beatmap, path: str | Path, audio: Path | None) -> Beatmap:
    """Return a file's chart with its times moved to where the notes sound in the decoded audio.

    Only StepMania charts of an mp3 move: that game plays an mp3 later (mp3_delay.py). Raises ChartError for audio that
    cannot be read.
    """
    return shifted(chart, -_delay_ms(Path(path).suffix, audio))


def _delay_ms(suffix: str, audio: Path | None) -> float:
    if audio is None or suffix.lower() not in SONG_WRITERS:
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
    return shifted_points(points, -_delay_ms(path.suffix, audio))


def write_chart(chart: Beatmap, path: str | Path) -> tuple[str, ...]:
    """Write a chart in the format that the path's suffix names, whole or not at all.

    Return a line for each kind of thing that the format cannot hold. Raises ChartError for an unknown format, and for a
    chart that the format cannot hold.
    """
    return write_song([chart], path)


def write_song(charts: Sequence[Beatmap], path: str | Path, audio: Path | None = None) -> tuple[str, ...]:
    """Write the charts of one song into one file, as `write_chart` does.

    audio: the song, at whose decoded times the charts are; in a StepMania file of an mp3 they are moved to when that
    game plays it. Raises ChartError for several charts in a format that holds one, too.
    """
    path = Path(path)
    data, remarks = song_bytes(charts, path.suffix, audio)
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return remarks


def song_bytes(charts: Sequence[Beatmap], suffix: str, audio: Path | None = None) -> tuple[bytes, tuple[str, ...]]:
    """Return what `write_song` writes, and the remarks on it."""
    suffix, remarks = suffix.lower(), Remarks()
    if suffix in SONG_WRITERS and charts:
        delay_ms = _delay_ms(suffix, audio)
        return SONG_WRITERS[suffix]([shifted(chart, delay_ms) for chart in charts], remarks), remarks.lines()
    if suffix not in WRITERS:
        raise ChartError(f"charts are written as {', '.join((*WRITERS, *SONG_WRITERS))}, not as '{suffix}'")
    if len(charts) != 1:
        raise ChartError(f"{len(charts)} charts for one {suffix} file, which holds one")
    return WRITERS[suffix](charts[0], remarks), remarks.lines()


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
