"""Remembers the content hash of audio files by size and times, so that unchanged files are not read again.

A JSON file beside the spectra. It may be deleted, and if two runs write it at once, one may win: files that are not in
it are just read again.
"""

import hashlib
import json
import re
import time
from contextlib import suppress
from pathlib import Path

from mug.errors import AudioError
from mug.files import replacing

BLOCK_BYTES = 2**20
SETTLED_NS = 2 * 10**9  # a file this old cannot change without a new modification time
Stamp = tuple[int, int, int, str]  # size, times in ns of content and of inode (which no copying sets back), digest


def digest_of_file(path: str | Path) -> str:
    """Hash a file's content. Raises AudioError for one that cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with Path(path).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()


class AudioIndex:
    """The digests of files: those in `path`, and those asked for since; `save` adds the latter."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = _read(path)
        self._new: dict[str, Stamp] = {}

    def digest(self, audio: Path) -> str:
        """Return the digest of a file's content. Raises AudioError for one that cannot be read."""
        name = str(audio.absolute())
        try:
            stat = audio.stat()
        except OSError as error:
            raise AudioError(f"{audio}: cannot be read: {error.strerror}") from error
        stamp = self._known.get(name)
        now = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if stamp is not None and stamp[:3] == now:
            return stamp[3]
        digest = digest_of_file(audio)
        if time.time_ns() - stat.st_mtime_ns > SETTLED_NS:
            self._known[name] = self._new[name] = (*now, digest)
        return digest

    def save(self) -> None:
        """Add the new digests to the file, if there are any and it can be written."""
        if not self._new:
            return
        with suppress(OSError), replacing(self.path) as temporary:
            text = json.dumps(_read(self.path) | self._new, ensure_ascii=False, indent=0)
            temporary.write_text(text, encoding="utf-8", errors="surrogatepass")
        self._new = {}


def _read(path: Path) -> dict[str, Stamp]:
    """The valid entries of an index."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: (stamp[0], stamp[1], stamp[2], stamp[3]) for name, stamp in entries.items() if _is_stamp(stamp)}


def _is_stamp(stamp: object) -> bool:
    if not isinstance(stamp, list) or len(stamp) != 4:
        return False
    *numbers, digest = stamp
    is_digest = isinstance(digest, str) and re.fullmatch("[0-9a-f]{32}", digest) is not None  # it becomes a file's name
    return all(isinstance(number, int) for number in numbers) and is_digest
