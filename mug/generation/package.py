"""Charts and their song as a package to play."""

from collections.abc import Sequence
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.file_names import unused_path
from mug.charts.osz import write_osz
from mug.data.playable import playable


def write_package(folder: Path, charts: Sequence[Beatmap], audio: Path) -> tuple[Path, str]:
    """Write charts of one song as "Artist - Title.osz", or with a number where `folder` already has that.

    Return where, and in a line what was done to the song so that osu! plays it, "" for nothing.
    """
    with playable(audio) as (file, said):
        path = unused_path(folder, f"{charts[0].artist} - {charts[0].title}", ".osz")
        write_osz(path, charts, file)
    return path, said
