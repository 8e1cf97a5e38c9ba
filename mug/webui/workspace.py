"""What a visitor of the page has made, in a folder of its own: songs, and versions of their charts.

workspace.json         the current song, and the song of the form
<song's id>/           song.json: names, timing, versions, steps; audio/<its file>; <version's id>.osu
"""

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.file_names import safe_file_name
from mug.charts.osu import format_osu
from mug.errors import StudioError
from mug.files import replacing
from mug.webui.own_song import AUDIO, DAMAGE, SONG, OwnSong, id_of, read_song, write_json, write_song
from mug.webui.versions import Version, Versions

STATE = "workspace.json"
DAMAGED = ".damaged"
MAX_NAME = 200  # letters of a title, artist or version's name


@dataclass(frozen=True)
class Made:
    """A chart that is to become a version; for the fields see Version."""

    chart: Beatmap
    name: str
    figures: Mapping[str, Any]
    recipe: Mapping[str, Any] | None = None


class Workspace:
    """A visitor's songs and versions. Safe to share between threads; every change is on disk when its method returns.

    song, versions, current and the methods on versions are about the song that was set last. Songs that were set
    before are kept: set again, a song comes with its versions. The song of the form may be another: it has been given,
    and nothing was made of it yet.
    """

    def __init__(self, folder: Path, token: str, make_room: Callable[[Path, int], None]) -> None:
        """Open the workspace in `folder`, or begin one.

        token: the visitor's secret. make_room: called with the folder and the bytes that are to be added to it; raises
        StudioError if there is no room.
        """
        self.folder = folder
        self.token = token
        self._form_song: str | None = None  # its id
        self.song: OwnSong | None = None
        self._versions = Versions()
        self._notice = ""
        self._make_room = make_room
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    @property
    def versions(self) -> list[Version]:
        """All versions of the song, oldest first, hidden ones too."""
        return list(self._versions.all)

    @property
    def visible(self) -> list[Version]:
        return self._versions.visible

    @property
    def current(self) -> Version | None:
        """The version that is shown; None without any."""
        versions = self._versions
        return None if versions.current is None else versions[versions.current]

    @property
    def can_undo(self) -> bool:
        return bool(self._versions.done)

    @property
    def can_redo(self) -> bool:
        return bool(self._versions.undone)

    def version(self, version_id: int) -> Version:
        """The version with this id, hidden or not. Raises StudioError."""
        return self._versions[version_id]

    def notice(self) -> str:
        """What the visitor must know of damaged files, said once; "" if nothing."""
        notice, self._notice = self._notice, ""
        return notice

    def set_song(self, audio: Path, title: str = "", artist: str = "", name: str | None = None) -> OwnSong:
        """Take a song: a copy of its audio, with the versions that were made of it before.

        name: of the audio file as the visitor knows it, by default that of `audio`. Raises StudioError if there is no
        room for it.
        """
        with self._lock:
            song, versions = self._taken(audio, name)
            song = replace(song, title=title[:MAX_NAME] or song.title, artist=artist[:MAX_NAME] or song.artist)
            write_song(song, versions)
            self._save_state(song, self._form_song)
            self.song, self._versions = song, versions
            return song

    def give(self, audio: Path | None) -> OwnSong | None:
        """Take the song of the form, or none; the current one stays. Raises StudioError if there is no room for it."""
        with self._lock:
            song = None
            if audio is not None:
                song, versions = self._taken(audio)
                write_song(song, versions)
            form_song = None if song is None else song.id
            self._save_state(self.song, form_song)
            self._form_song = form_song
            return song

    @property
    def form_song(self) -> OwnSong | None:
        """The song of the form; None without one."""
        with self._lock:
            return None if self._form_song is None else self._kept(self._form_song)[0]

    @property
    def in_use(self) -> set[str]:
        """The ids of the songs that must not make room for others."""
        return {self._form_song or ""} | ({self.song.id} if self.song is not None else set())

    def song_of(self, audio: Path) -> OwnSong | None:
        """The song with this audio if it was given or set before; it need not be the current one."""
        with self._lock:
            return self._kept(id_of(audio))[0]

    def set_names(self, song: OwnSong, title: str, artist: str) -> None:
        """Set the title and artist of any song that is kept."""
        self._revise(song, title=title[:MAX_NAME], artist=artist[:MAX_NAME])

    def set_timing(self, song: OwnSong, timing: Sequence[TimingPoint] | None) -> None:
        """Set the red lines of any song that is kept; None: they are to be heard."""
        self._revise(song, timing=None if timing is None else tuple(timing))

    def add(self, made: Sequence[Made], parent: int | None = None, song: OwnSong | None = None) -> list[Version]:
        """Add charts as versions, in one step for undo; the first becomes the current one. Returns them.

        parent: the version that they were made from. song: theirs, if another one may have been set since. Raises
        StudioError if there are too many or no room.
        """
        with self._lock:
            current = self._song()
            song = current if song is None or song.id == current.id else song
            song, before = (song, self._versions) if song is current else read_song(song.folder)
            if parent is not None:
                before[parent]  # it must be there
            new = [
                Version(number, parent, each.name[:MAX_NAME], song.folder / f"{number}.osu", each.figures, each.recipe)
                for number, each in enumerate(made, before.next_id)
            ]
            versions, texts = before.add(new), [format_osu(each.chart) for each in made]
            self._make_room(self.folder, sum(map(len, texts)))
            for version, text in zip(new, texts, strict=True):
                with replacing(version.chart) as temporary:
                    temporary.write_bytes(text)
            self._keep(song, versions, before)
            return new

    def hide(self, version_id: int) -> None:
        with self._lock:
            self._change(self._versions.hide(version_id))

    def undo(self) -> None:
        """Take back the last step: hide what was added, show what was hidden."""
        with self._lock:
            self._change(self._versions.undo())

    def redo(self) -> None:
        with self._lock:
            self._change(self._versions.redo())

    def choose(self, version_id: int) -> None:
        """Make a visible version the current one."""
        with self._lock:
            self._change(self._versions.choose(version_id))

    def _song(self) -> OwnSong:
        if self.song is None:
            raise StudioError("there is no song yet; give one first")
        return self.song

    def _taken(self, audio: Path, name: str | None = None) -> tuple[OwnSong, Versions]:
        """A song as it was kept, or a new one with a copy of its audio. Raises StudioError if there is no room."""
        folder = self.folder / id_of(audio)
        song, versions = self._read_or_put_aside(folder) if (folder / SONG).exists() else (None, Versions())
        if song is None:
            self._make_room(self.folder, audio.stat().st_size)
            own = folder / AUDIO / safe_file_name(name or audio.name)
            with replacing(own) as temporary:
                _link_or_copy(audio, temporary)
            song = OwnSong(folder.name, own)
        return song, versions

    def _kept(self, song_id: str) -> tuple[OwnSong | None, Versions]:
        """A song and its versions; None if it is not kept."""
        if self.song is not None and self.song.id == song_id:
            return self.song, self._versions
        try:
            return read_song(self.folder / song_id)
        except DAMAGE:
            return None, Versions()

    def _revise(self, song: OwnSong, **changes: Any) -> None:
        """Change what is known of a song, if it is still kept."""
        with self._lock:
            kept, versions = self._kept(song.id)
            if kept is not None:
                self._keep(replace(kept, **changes), versions, versions)

    def _change(self, versions: Versions) -> None:
        self._keep(self._song(), versions, self._versions)

    def _keep(self, song: OwnSong, versions: Versions, before: Versions) -> None:
        """Write a song, which need not be the current one, and delete the charts of versions that were forgotten."""
        write_song(song, versions)
        if self.song is not None and song.id == self.song.id:
            self.song, self._versions = song, versions
        for chart in {version.chart for version in before.all} - {version.chart for version in versions.all}:
            for file in song.folder.glob(f"{chart.stem}.*"):  # the player's copy, too
                file.unlink()

    def _open(self) -> None:
        path = self.folder / STATE
        if not path.exists():
            self._save_state(None, None)
            return
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            song_id, form_song = state["song"], state.get("form_song")
            folder = None if song_id is None else self.folder / Path(song_id).name
            self._form_song = None if form_song is None else Path(form_song).name
        except DAMAGE as error:
            self._put_aside(path, error)
            self._save_state(None, None)
            return
        if folder is not None:
            self.song, self._versions = self._read_or_put_aside(folder)

    def _read_or_put_aside(self, folder: Path) -> tuple[OwnSong | None, Versions]:
        try:
            return read_song(folder)
        except DAMAGE as error:
            self._put_aside(folder, error)
            return None, Versions()

    def _put_aside(self, path: Path, error: Exception) -> None:
        number = 1
        while (aside := path.with_name(f"{path.name}{DAMAGED}-{number}")).exists():
            number += 1
        if path.exists():
            path.rename(aside)
        what = "Your last song" if path.name == STATE else "A song and its versions"
        self._notice = (
            f"{what} from earlier could not be read ({type(error).__name__}) and were put aside on the server as "
            f"{aside.parent.name}/{aside.name}. You begin anew."
        )

    def _save_state(self, song: OwnSong | None, form_song: str | None) -> None:
        write_json(self.folder / STATE, {"song": None if song is None else song.id, "form_song": form_song})


def _link_or_copy(source: Path, path: Path) -> None:
    """Put the content of a file at `path`, as a hard link if the disk has it already."""
    path.unlink()
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)
