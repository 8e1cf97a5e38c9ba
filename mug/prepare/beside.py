"""Finds the files that charts refer to, in folders as people have them."""

import re
from collections.abc import Callable
from pathlib import Path

from mug.files import file_beside, name_key

AUDIO_SUFFIXES = (".mp3", ".ogg", ".oga", ".opus", ".wav", ".flac", ".m4a", ".mp4", ".aac", ".wma")
KEY_SOUND = re.compile(r"(taiko-)?(normal|soft|drum)-(hit|slider)|(applause|failsound|sectionpass|sectionfail)\.", re.I)
MIN_BYTES_PER_S = 2_000  # of music; a key sound or a preview has fewer bytes than this for the length of a chart


class BesideFiles:
    """Finds files beside charts. Each folder is listed once, since it may hold thousands of charts.

    `roots`: resolved folders that links may lead to. `note_read` is called with each folder that was listed.
    """

    def __init__(self, roots: tuple[Path, ...], note_read: Callable[[Path], None]) -> None:
        self._roots = roots
        self._note_read = note_read
        self._listings: dict[Path, dict[str, list[Path]]] = {}  # folder -> its files by name_key
        self._audio: dict[Path, list[tuple[str, int]]] = {}  # folder -> its audio files with their bytes

    def named(self, chart: Path, name: str) -> Path | None:
        """Return the file that a chart refers to, or None. Raises ChartError for a name outside its folder."""
        return file_beside(chart, name, self._alike, self._roots) if name else None

    def only_audio(self, chart: Path, seconds: float) -> Path | None:
        """Return the only audio file in the chart's folder that could be the music of a chart of this length.

        None if there are several such files, or none.
        """
        if chart.parent not in self._audio:
            files = [file for files in self._listing(chart.parent).values() for file in files]
            self._audio[chart.parent] = [(file.name, file.stat().st_size) for file in files if is_audio(file)]
        songs = [name for name, n_bytes in self._audio[chart.parent] if n_bytes >= MIN_BYTES_PER_S * seconds]
        return self.named(chart, songs[0]) if len(songs) == 1 else None

    def _alike(self, path: Path) -> list[Path]:
        """As mug.files.files_alike, from the listings."""
        return [file for file in self._listing(path.parent).get(name_key(path), []) if file.is_file()]

    def _listing(self, folder: Path) -> dict[str, list[Path]]:
        self._note_read(folder)  # a file may be added later
        if folder not in self._listings:
            listing = self._listings[folder] = {}
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                listing.setdefault(name_key(file), []).append(file)
        return self._listings[folder]


def is_audio(file: Path) -> bool:
    """Whether a file is a song by its name: neither hidden nor a sound of osu!'s skins."""
    if file.suffix.lower() not in AUDIO_SUFFIXES or file.name.startswith(".") or KEY_SOUND.match(file.name):
        return False
    return file.is_file()
