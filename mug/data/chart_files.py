"""Chart files of every kind: which they are, and what is in them."""

from collections.abc import Iterable
from pathlib import Path

from mug.data.beatmap import Beatmap
from mug.data.osu import read_osu
from mug.errors import ChartError

CHART_SUFFIXES = (".osu",)


def read_charts(path: str | Path) -> list[Beatmap]:
    """Return the charts of a file, which may hold several, one a difficulty. Raises ChartError."""
    path = Path(path)
    if path.suffix.lower() not in CHART_SUFFIXES:
        raise ChartError(f"{path}: not a chart file; known are {', '.join(CHART_SUFFIXES)}")
    return [read_osu(path)]


def find_charts(paths: Iterable[str | Path]) -> list[Path]:
    """Return chart files as given, and all under the folders among them, sorted and each once.

    Raises ChartError for what is not there.
    """
    found: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found.update(file for file in path.rglob("*") if file.suffix.lower() in CHART_SUFFIXES and file.is_file())
        elif path.is_file():
            found.add(path)
        else:
            raise ChartError(f"{path}: no such file or folder")
    return sorted(found)
