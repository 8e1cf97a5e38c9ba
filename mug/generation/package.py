"""Charts and their song as an .osz package."""

from collections.abc import Sequence
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.file_names import unused_path
from mug.charts.osz import pack_song
from mug.data.playable import playable


def write_package(folder: Path, charts: Sequence[Beatmap], audio: Path) -> tuple[Path, str]:
    """Write charts of one song as "Artist - Title.osz", with a number added if `folder` already has one.

    Return its path, and one line on what was done to the audio so that osu! plays it, "" for nothing.
    """
    with playable(audio) as (file, said):
        path = unused_path(folder, f"{charts[0].artist} - {charts[0].title}", ".osz")
        pack_song(path, charts, file)
    return path, said
