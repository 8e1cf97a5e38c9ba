"""Decode file names in packages that do not state their encoding.

A zip has a flag for UTF-8 names, but many programs do not set it, and others write in their system's own encoding. In
the right encoding, the files that the charts refer to are in the package.
"""

import zipfile
from collections.abc import Iterable, Sequence

from mug.charts.foreign_text import decode_text

ENCODINGS = ("utf-8", "cp932", "gbk", "cp949", "big5", "cp1252", "cp437")  # the first of equally good ones is taken
CHARTS = (".osu", ".qua", ".mc", ".sm", ".ssc")
UTF8_FLAG = 0x800
MAX_CHARTS, MAX_HEAD_BYTES = 64, 2**15  # read per package and per chart; the audio is named near the top
DAMAGE = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError, LookupError)


def names_of(package: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the entries' names; those not marked as UTF-8 are decoded in the encoding that fits the charts best.

    If the charts refer to none of the files, the names are UTF-8 where possible, else cp437, as the standard says.
    """
    unmarked = {entry.orig_filename: _bytes_of(entry) for entry in entries}
    raw = {name: data for name, data in unmarked.items() if data is not None}
    if not raw:
        return [entry.filename for entry in entries]
    heads = _heads(package, entries)
    found: list[tuple[int, dict[str, str]]] = []
    for encoding in ENCODINGS:
        try:
            decoded = {name: data.decode(encoding) for name, data in raw.items()}
        except UnicodeDecodeError:
            continue
        files = [_last_part(name) for name in decoded.values() if not name.lower().endswith(CHARTS)]
        found.append((sum(any(file in head for file in files) for head in heads), decoded))
    fitting, names = max(found, key=lambda item: item[0])
    if not fitting:
        names = found[0][1] if _is_utf8(raw.values()) else found[-1][1]
    return [names.get(entry.orig_filename, entry.filename) for entry in entries]


def _bytes_of(entry: zipfile.ZipInfo) -> bytes | None:
    """The raw bytes of a name that is neither marked nor ASCII, which zipfile decodes as cp437; None for others."""
    if entry.flag_bits & UTF8_FLAG or entry.orig_filename.isascii():
        return None
    try:
        return entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:  # from an extra field that states the encoding
        return None


def _heads(package: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The beginning of some charts' text, in one case."""
    heads = []
    for entry in [entry for entry in entries if entry.filename.lower().endswith(CHARTS)][:MAX_CHARTS]:
        try:
            with package.open(entry) as file:
                heads.append(decode_text(_whole_lines(file.read(MAX_HEAD_BYTES))).casefold())
        except DAMAGE:  # unpacking will report it
            continue
    return heads


def _whole_lines(head: bytes) -> bytes:
    """Drop the last line, which may be cut in the middle of a character, unless it is the only one."""
    return head.rpartition(b"\n")[0] or head


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].casefold()


def _is_utf8(names: Iterable[bytes]) -> bool:
    try:
        b"".join(names).decode()
    except UnicodeDecodeError:
        return False
    return True
