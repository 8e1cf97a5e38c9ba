"""Files that are whole or absent, and names from strangers that stay inside their folder."""

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mug.errors import ChartError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`. It replaces `path` when the block ends, and is deleted if that raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        umask = os.umask(0)
        os.umask(umask)
        # mkstemp's own mode hides the file from everybody else. Not later: the block may put a link in its place.
        temporary.chmod(0o666 & ~umask)
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def resolve_inside(folder: Path, name: str, roots: Sequence[Path] = ()) -> Path:
    """Return the path that `name`, taken from a chart or a package, has in `folder`; backslashes separate folders too.

    Links are followed. They may lead into one of `roots`, resolved folders, too.
    Raises ChartError when the name is empty, absolute, or leads out of the folder, by `..` or by a link.
    """
    parts = name.replace("\\", "/")
    if not parts.strip() or "\0" in parts or parts.startswith("/") or re.match(r"[A-Za-z]:", parts):
        raise ChartError(f"{folder}: '{name}' is not a file name inside this folder")
    inside = folder.resolve()
    path = Path(os.path.normpath(inside / parts))
    if path == inside or not path.is_relative_to(inside):
        raise ChartError(f"{folder}: '{name}' leads out of this folder; refused")
    target = path.resolve()
    if not any(target.is_relative_to(root) for root in (inside, *roots)):
        raise ChartError(
            f"{folder}: '{name}' is a link that leads out of this folder, to {target}; put the file itself here, or "
            "give the folder that it leads to as well"
        )
    return target


def name_key(path: Path) -> str:
    """A key that is equal for names differing only in case or in how Unicode composes an accent (macOS)."""
    return unicodedata.normalize("NFC", path.name).lower()


def files_alike(path: Path) -> list[Path]:
    """Return the files whose `name_key` is that of a path."""
    found = path.parent.iterdir() if path.parent.is_dir() else ()
    return [file for file in found if name_key(file) == name_key(path) and file.is_file()]


def file_beside(
    chart: Path, name: str, alike: Callable[[Path], list[Path]] = files_alike, roots: Sequence[Path] = ()
) -> Path | None:
    """Return the file that a chart refers to, None if there is none. Raises ChartError for a name outside the folder.

    If no file has exactly this name, one that differs only in case is taken: charts are made on Windows. `alike`: finds
    such files; pass another function to list a folder only once. `roots`: see resolve_inside.
    """
    try:
        path = resolve_inside(chart.parent, name, roots)
        if not path.is_file():
            same = alike(path)
            return resolve_inside(path.parent, same[0].name, roots) if len(same) == 1 else None
    except ChartError as error:
        raise ChartError(f"{chart}: names a file that is not beside it: {error}") from error
    return path


def is_beside(chart: Path, name: str) -> bool:
    """Whether the file that a chart refers to exists; a name outside its folder does not count."""
    try:
        return file_beside(chart, name) is not None
    except ChartError:
        return False
