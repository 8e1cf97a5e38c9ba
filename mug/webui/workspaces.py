"""The workspaces of all visitors: opened by a secret token, kept for a day, within limits on the disk."""

import getpass
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mug.errors import ConfigError, StudioError
from mug.webui.own_song import SONG
from mug.webui.workspace import STATE, Workspace

TOKEN_BYTES = 24  # 192 random bits
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
KEEP_S = 24 * 3600.0  # how long a workspace is kept after it was last used
CLEAN_EVERY_S = 600.0
MAX_BYTES = 10 * 2**30  # of all visitors
MAX_VISITOR_BYTES = 2**30


class Workspaces:
    """The workspaces in one folder, which belongs to this program alone. Safe to share between threads.

    A workspace is in use while a page of it is open (`enter` to `leave`); it is not removed then. Folders are named
    after a hash of the token, so a list of them, or a path in a message, opens nothing.
    """

    def __init__(
        self,
        root: Path,
        max_bytes: int = MAX_BYTES,
        max_visitor_bytes: int = MAX_VISITOR_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        """max_bytes, max_visitor_bytes: the most that all visitors, and one, may have on the disk. now: Unix time."""
        self.root = root
        self._max_bytes = max_bytes
        self._max_visitor_bytes = max_visitor_bytes
        self._now = now
        self._lock = threading.RLock()
        self._opened: dict[Path, Workspace] = {}
        self._pages: dict[str, Path] = {}  # a page's session -> the folder of its workspace
        self._cleaned_s = -CLEAN_EVERY_S
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.is_symlink() or root.stat().st_uid != os.getuid():  # anybody can make folders in /tmp
            raise ConfigError(f"{root}: belongs to another user; delete it, or set TMPDIR to a folder of your own")

    def enter(self, token: object, session: str) -> Workspace:
        """Open the workspace of a page that was loaded: that of the token, or a new one if there is none (any more).

        token: from the browser, anything. session: of the page, for `leave`.
        """
        with self._lock:
            workspace = self._known(token)
            if workspace is None:
                workspace = self._open(secrets.token_urlsafe(TOKEN_BYTES))
            self._pages[session] = workspace.folder
            if self._now() - self._cleaned_s >= CLEAN_EVERY_S:
                self.clean()
            return workspace

    def leave(self, session: str) -> None:
        """A page was closed; its workspace stays for a day."""
        with self._lock:
            self._pages.pop(session, None)

    def of(self, token: object) -> Workspace:
        """The workspace of an open page. Raises StudioError if it is gone."""
        with self._lock:
            workspace = self._known(token)
            if workspace is None:
                raise StudioError("what you made here is no longer kept; reload the page to begin anew")
            return workspace

    def clean(self) -> None:
        """Remove the workspaces that nobody has used for a day."""
        with self._lock:
            now = self._cleaned_s = self._now()
            for folder in self._idle():
                if now - used_s(folder) > KEEP_S:
                    self._remove(folder)

    def _known(self, token: object) -> Workspace | None:
        if not isinstance(token, str) or TOKEN.fullmatch(token) is None:
            return None
        return self._open(token) if self._folder(token).is_dir() else None

    def _open(self, token: str) -> Workspace:
        folder = self._folder(token)
        if folder not in self._opened:
            self._opened[folder] = Workspace(folder, token, self._make_room)
        now = self._now()
        os.utime(folder / STATE, (now, now))  # it was used
        return self._opened[folder]

    def _folder(self, token: str) -> Path:
        return self.root / hashlib.sha256(token.encode()).hexdigest()[:40]

    def _idle(self) -> list[Path]:
        """The folders that no open page uses, least recently used first."""
        in_use = set(self._pages.values())
        return sorted((folder for folder in self.root.iterdir() if folder not in in_use), key=used_s)

    def _remove(self, folder: Path) -> None:
        self._opened.pop(folder, None)
        shutil.rmtree(folder, ignore_errors=True)

    def _make_room(self, folder: Path, wanted: int) -> None:
        """Keep both limits when a workspace grows by `wanted` bytes: old songs of it go first, then old workspaces."""
        with self._lock:
            in_use = self._opened[folder].in_use
            own = size_of(folder)
            for song in songs_in(folder):
                if own + wanted <= self._max_visitor_bytes:
                    break
                if song.name not in in_use:
                    own -= size_of(song)
                    shutil.rmtree(song, ignore_errors=True)
            if own + wanted > self._max_visitor_bytes:
                most = f"{self._max_visitor_bytes / 1e6:.0f} MB"
                raise StudioError(f"your song and its charts would take more than {most}; give a smaller file")
            everything = size_of(self.root)
            for idle in self._idle():
                if everything + wanted <= self._max_bytes:
                    break
                if idle != folder:
                    everything -= size_of(idle)
                    self._remove(idle)
            if everything + wanted > self._max_bytes:
                raise StudioError("there is no room on the server for more songs at the moment; try again later")


def default_root() -> Path:
    """A folder of this user among the machine's temporary files, from which gradio may take files to serve."""
    return Path(tempfile.gettempdir(), f"mug-studio-{getpass.getuser()}")


def used_s(folder: Path) -> float:
    """When a workspace was last used, in Unix time."""
    return _modified_s(folder / STATE)


def songs_in(folder: Path) -> list[Path]:
    """The folders of a workspace's songs, those that were put aside too, least recently changed first."""
    return sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: _modified_s(each / SONG))


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.lstat().st_size for path in _files_in(folder))


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
