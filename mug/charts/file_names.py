"""File names that are valid on every system, Windows with its reserved names and length limits included."""

import re
from pathlib import Path

from mug.charts.beatmap import Beatmap

MAX_BYTES = 200  # of a name without its ending; file systems allow 255
SET_LETTERS = 80  # of a package's name: the game unpacks it into a folder of that name
FILE_LETTERS = 110  # of file names in a package: with the folder's name and the Songs folder's path they stay below 259
PATH_LETTERS = 259  # the longest path that Windows allows
FEWEST_LETTERS = 20  # of a name that are kept, however long its folder's path is
NUMBER_LETTERS = len(" (99)")
UNNAMED = "untitled"

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')  # the last range: bytes that are not UTF-8
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE)


def safe_name(name: str, letters: int = MAX_BYTES) -> str:
    """Return `name`, a file name without its ending, made valid on every system and cut to `letters` UTF-16 units."""
    name = _cut(FORBIDDEN.sub("", name).strip(), letters).strip(" .") or UNNAMED
    return f"_{name}"[:letters] if DEVICE.match(name) else name


def safe_file_name(name: str, letters: int = FILE_LETTERS) -> str:
    """Return a file name with its ending, made valid on every system."""
    stem, dot, ending = name.rstrip(" .").rpartition(".")
    ending = _cut(FORBIDDEN.sub("", ending).strip(), FEWEST_LETTERS)
    return f"{safe_name(stem, letters - len(ending) - 1)}.{ending}" if dot and ending else safe_name(name, letters)


def chart_name(beatmap: Beatmap, letters: int = MAX_BYTES) -> str:
    """Return the name osu! gives a chart's file, "Artist - Title (Creator) [Version].osu".

    If that is too long, the song's names are cut and the version stays, since it tells a song's charts apart.
    """
    ending = _cut(FORBIDDEN.sub("", f" ({beatmap.creator}) [{beatmap.version}]"), letters)
    song = FORBIDDEN.sub("", f"{beatmap.artist} - {beatmap.title}")
    song = _cut(song, letters - _units(ending), MAX_BYTES - len(ending.encode()))
    return (song + ending).strip(" .") + ".osu"


def song_name(beatmap: Beatmap, letters: int = MAX_BYTES) -> str:
    """Return "Artist - Title" of a chart as the name of a file or folder, without an ending."""
    return safe_name(f"{beatmap.artist} - {beatmap.title}", letters)


def unused_name(name: str, taken: set[str]) -> str:
    """Return `name`, or "name (2)", "name (3)"... with the same ending: the first one not taken, whatever its case.

    The name is added to `taken`, which holds names in lower case.
    """
    path, number, free = Path(name), 1, name
    while free.lower() in taken:
        number += 1
        free = f"{path.stem} ({number}){path.suffix}"
    taken.add(free.lower())
    return free


def unused_path(folder: Path, name: str, ending: str, letters: int = SET_LETTERS) -> Path:
    """Return the first of "name.osz", "name (2).osz"... that is not in `folder`, short enough for Windows."""
    taken = {file.name.lower() for file in folder.iterdir()} if folder.is_dir() else set()
    return folder / unused_name(safe_name(name, min(letters, letters_in(folder, ending))) + ending, taken)


def letters_in(folder: Path, ending: str) -> int:
    """How long the names of new files in `folder` may be, without their ending."""
    left = PATH_LETTERS - _units(str(folder.absolute())) - 1 - NUMBER_LETTERS - len(ending)
    return max(FEWEST_LETTERS, min(FILE_LETTERS, left))


def _units(text: str) -> int:
    """The length of a text as Windows counts it."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _cut(text: str, letters: int, max_bytes: int = MAX_BYTES) -> str:
    text = text.encode("utf-16-le")[: 2 * max(letters, 0)].decode("utf-16-le", "ignore")
    return text.encode()[: max(max_bytes, 0)].decode("utf-8", "ignore")
