"""What a visitor takes from the page: a chart or all of a song's, in the format that is asked for. No layout."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import write_song
from mug.charts.file_names import FILE_LETTERS, chart_name, safe_name, song_name
from mug.charts.osu import read_osu
from mug.errors import StudioError
from mug.generation.edit_names import unused_version
from mug.generation.package import write_package
from mug.generation.recipe_file import RECIPE, from_values, write_recipe
from mug.pictures.charts import draw_chart
from mug.ratings.stars import star_rating_or_none
from mug.webui.own_song import OwnSong
from mug.webui.versions import Version

Written = tuple[Path, Sequence[str]]  # a file, and what its user should know of it


@dataclass(frozen=True)
class Format:
    """What a version can be taken as. name: for visitors. write: writes versions of a song into a folder.

    holds_all: whether a file holds several versions.
    """

    name: str
    write: Callable[[Sequence[Version], OwnSong, Path], Written]
    holds_all: bool = False


def take(kind: str, versions: Sequence[Version], song: OwnSong, folder: Path) -> Written:
    """Write versions of a song into a file in `folder`. kind: of FORMATS.

    Return its path, and a line on each thing that the format cannot hold. Raises StudioError for an unknown format, and
    for several versions in a file that holds one, and ChartError for a chart that the format cannot hold.
    """
    if kind not in FORMATS:
        raise StudioError(f"charts are not given out as '{kind}'; choose one of {', '.join(FORMATS)}")
    if len(versions) > 1 and not FORMATS[kind].holds_all:
        raise StudioError(f"a file of the kind '{FORMATS[kind].name}' holds one chart; choose a single version")
    return FORMATS[kind].write(versions, song, folder)


def _package(versions: Sequence[Version], song: OwnSong, folder: Path) -> Written:
    return write_package(folder, _charts(versions), song.audio)


def _file(suffix: str) -> Callable[[Sequence[Version], OwnSong, Path], Written]:
    def write(versions: Sequence[Version], song: OwnSong, folder: Path) -> Written:
        charts = [replace(chart, audio_filename=song.audio.name) for chart in _charts(versions)]
        path = folder / f"{_name_of(charts)}{suffix}"
        return path, write_song(charts, path, song.audio)

    return write


def _picture(versions: Sequence[Version], song: OwnSong, folder: Path) -> Written:
    (chart,) = charts = _charts(versions)
    path = folder / f"{_name_of(charts)}.png"
    draw_chart(chart, star_rating=star_rating_or_none(chart)).save(path)
    return path, []


def _recipe(versions: Sequence[Version], song: OwnSong, folder: Path) -> Written:
    (version,) = versions
    if version.recipe is None:
        raise StudioError(f"'{version.name}' was opened, not made here, so it has no recipe; its edits have one")
    path = folder / f"{_name_of(_charts(versions))}{RECIPE}"
    write_recipe(from_values(version.recipe, version.name), path)
    return path, []


FORMATS = {
    "osz": Format("osu! package with the song (.osz)", _package, holds_all=True),
    "osu": Format("osu! chart (.osu)", _file(".osu")),
    "sm": Format("StepMania (.sm)", _file(".sm"), holds_all=True),
    "qua": Format("Quaver (.qua)", _file(".qua")),
    "mc": Format("Malody (.mc)", _file(".mc")),
    "png": Format("Picture (.png)", _picture),
    "yaml": Format("Recipe, to make it again (.yaml)", _recipe),
}


def _charts(versions: Sequence[Version]) -> list[Beatmap]:
    """The charts of versions, named as the visitor knows them, and apart."""
    taken: set[str] = set()
    charts = []
    for version in versions:
        name = unused_version(version.name, taken.__contains__)
        taken.add(name)
        charts.append(replace(read_osu(version.chart), version=name))
    return charts


def _name_of(charts: Sequence[Beatmap]) -> str:
    """The name of a file of one chart, or of a song's, without its ending."""
    if len(charts) > 1:
        return song_name(charts[0], FILE_LETTERS)
    return safe_name(chart_name(charts[0], FILE_LETTERS).removesuffix(".osu"), FILE_LETTERS)
