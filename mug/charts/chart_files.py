"""Chart files of every kind: which they are, and what is in them."""

import os
from collections.abc import Iterable
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.malody import read_malody
from mug.charts.osu import read_osu
from mug.charts.quaver import read_quaver
from mug.charts.stepmania import read_stepmania
from mug.errors import ChartError

ONE_CHART = {".osu": read_osu, ".qua": read_quaver, ".mc": read_malody}
CHART_SUFFIXES = (*ONE_CHART, ".sm", ".ssc")
PACKAGE_SUFFIXES = (".osz", ".qp", ".mcz")  # zips


def read_charts(path: str | Path) -> list[Beatmap]:
    """Return the charts of a file, which may hold several, one a difficulty.

    Raises ChartError where there is none; what else is wrong with a file, `open_charts` says.
    """
    charts, errors = open_charts(path)
    if not charts:
        raise errors[0]
    return charts


def open_charts(path: str | Path) -> tuple[list[Beatmap], list[ChartError]]:
    """Return the charts of a file, and why those are left out that cannot be used. One of both is not empty."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in CHART_SUFFIXES:
        return [], [ChartError(f"{path}: not a chart file; known are {', '.join(CHART_SUFFIXES)}")]
    try:
        return ([ONE_CHART[suffix](path)], []) if suffix in ONE_CHART else read_stepmania(path)
    except ChartError as error:
        return [], [error]


def find_charts(paths: Iterable[str | Path]) -> list[Path]:
    """Return chart files as given, and all under the folders among them, sorted and each once.

    Of a song in .sm and .ssc the .ssc counts. Raises ChartError for what is not there.
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
    """Return the files under a folder that end so, sorted. Links to files count, links to folders are not followed."""
    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(suffixes) and os.path.isfile(os.path.join(parent, name))
    )


def without_sm_twins(files: Iterable[Path]) -> list[Path]:
    """Leave each .sm out that has a .ssc of its name beside it: the same song, and the .ssc says more."""
    files = list(files)
    newer = {(file.parent, file.stem) for file in files if file.suffix.lower() == ".ssc"}
    return [file for file in files if file.suffix.lower() != ".sm" or (file.parent, file.stem) not in newer]
