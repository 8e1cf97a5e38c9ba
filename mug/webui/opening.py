"""A person's charts opened: the files that a visitor gave -> charts of one song, with its audio. No layout."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mug.charts.chart_files import CHART_SUFFIXES, PACKAGE_SUFFIXES, open_charts
from mug.charts.song_files import SongFiles, songs_of, unpacked
from mug.charts.stepmania import STYLES
from mug.data.audio import seconds_of
from mug.errors import AudioError, ChartError
from mug.files import is_beside, resolve_inside
from mug.webui.song_length import check_length
from mug.webui.version_list import made_of
from mug.webui.workspace import Workspace

MAX_CHARTS = 40  # of a song; sets of people have up to about 20
MAX_FILES = 200  # with charts, in a package; packs of many songs have more
MAX_NOTES = 50_000  # of a chart; a marathon has 10,000
OPENED = (*PACKAGE_SUFFIXES, *CHART_SUFFIXES)


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[tuple[SongFiles, list[str]]]:
    """Yield the song of a package, or of chart files and their audio; and lines on what was left out.

    A song without audio has charts alone. Packages are unpacked, within the limits of mug.charts.osz, for as long as
    the block runs. Raises ChartError if there is no chart to open.
    """
    charts = [path for path in paths if path.suffix.lower() in OPENED]
    if not charts:
        raise ChartError(f"give a chart or a package of charts: {', '.join(OPENED)}")
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mug-") as scratch:
        folders = [scratch, *(str(path.parent) for path in paths)]

        def refuse(error: ChartError) -> None:
            said.append(_without(folders, str(error)))

        with unpacked(charts, refuse) as groups:
            songs = [
                song
                for name, files in groups
                for song in songs_of(
                    Path(name).name, files[:MAX_FILES] if name else _beside(files, paths, Path(scratch)), refuse
                )
            ]
            if not songs:
                raise ChartError(said[0])
            song = max(songs, key=lambda each: (each.audio is not None, len(each.charts)))
            if len(songs) > 1:
                said.append(f"{len(songs)} songs are in it; this is '{song.charts[0].artist} - {song.charts[0].title}'")
            usable = [chart for chart in song.charts if 0 < len(chart.notes) <= MAX_NOTES][:MAX_CHARTS]
            if not usable:
                raise ChartError(f"its charts have no notes, or more than {MAX_NOTES:,}")
            if left := len(song.charts) - len(usable):
                said.append(f"{left} more charts are in it that do not open here")
            yield SongFiles(_without(folders, song.source), usable, song.audio, song.background), said


def keep_opened(workspace: Workspace, song: SongFiles) -> Path:
    """Make the charts of a song with audio versions in a workspace, in one step; returns the workspace's copy of it.

    Raises MugError.
    """
    assert song.audio is not None, "a song without audio is not kept"
    if seconds_of(song.audio) == 0:
        raise AudioError(f"{song.source}: its audio '{song.audio.name}' cannot be read")
    check_length(song.audio, song.source)
    own = workspace.set_song(song.audio, song.charts[0].title, song.charts[0].artist)
    workspace.add(made_of(workspace, song.charts, "opened"))
    return own.audio


def _beside(charts: Sequence[Path], given: Sequence[Path], folder: Path) -> list[Path]:
    """Copies in one folder of chart files that were given one by one, with the other files beside them.

    A single other file is the charts' audio even if they call it otherwise: browsers change names.
    """
    others = [path for path in given if path not in charts]
    for path in others:
        shutil.copy(path, folder / path.name)
    copies = [Path(shutil.copy(path, folder / path.name)) for path in charts]
    if len(others) == 1:
        for chart in (chart for path in copies for chart in open_charts(path, tuple(STYLES))[0]):
            name = chart.audio_filename
            if name and not is_beside(copies[0], name):
                shutil.copy(others[0], resolve_inside(folder, Path(name.replace("\\", "/")).name))
    return copies


def _without(folders: Sequence[str], text: str) -> str:
    """A message without the folders of this machine that its files are in."""
    for folder in folders:
        text = text.replace(folder + os.sep, "")
    return text
