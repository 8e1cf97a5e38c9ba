"""Shared by the readers of other games' charts: size limits, text encodings, number checks."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mug.charts.beatmap import BEAT_MS_RANGE, MAX_TIME_MS, Beatmap, Note, TimingPoint
from mug.charts.osu import MAX_OBJECTS
from mug.charts.osu_lines import printable, without_controls
from mug.errors import ChartError

MAX_NAME = 500  # characters of a title
MAX_BEAT = 1e7  # weeks of music
MAX_METER = 64  # beats per bar

KANA, HALF_WIDTH = re.compile("[぀-ヿ]"), re.compile("[｡-ﾟ]")
TWO_HIGH_BYTES = re.compile(rb"[\x80-\xff]{2}")
HANGUL_BYTES = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")  # the 2350 syllables of KS X 1001


def read_chart_bytes(path: Path, max_bytes: int) -> bytes:
    """Return a file's bytes. Raises ChartError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ChartError(f"{path}: cannot be read: {error.strerror}") from error
    check_size(data, max_bytes, str(path))
    return data


def check_size(data: bytes, max_bytes: int, name: str) -> None:
    if len(data) > max_bytes:
        raise ChartError(f"{name}: larger than {max_bytes >> 20} MiB; too large for a chart")


def decode_text(data: bytes) -> str:
    """Decode a text file of unknown encoding: UTF-8 or UTF-16, else a guess of Shift-JIS, CP949 or CP1252.

    Shift-JIS: Japanese has kana or pairs of high bytes, and no half-width katakana, which is what other encodings look
    like when read as Shift-JIS. CP949: Korean has syllables of KS X 1001. Control characters at the start are dropped.
    Never fails: what cannot be decoded becomes U+FFFD.
    """
    return without_controls(_decoded(data))


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    japanese = data.decode("cp932", "replace")
    looks_japanese = KANA.search(japanese) or TWO_HIGH_BYTES.search(data)
    if looks_japanese and "\ufffd" not in japanese and not HALF_WIDTH.search(japanese):
        return japanese
    korean = data.decode("cp949", "replace")
    if "\ufffd" not in korean and HANGUL_BYTES.search(data):
        return korean
    return data.decode("cp1252", "replace")


def one_line(text: object) -> str:
    """Return a name as one line of printable text, as .osu files hold it."""
    return printable(str(text).encode("utf-8", "replace").decode(), MAX_NAME)


def number(value: Any, what: str) -> float:
    """Return a number given as a number or as text. Raises ValueError if it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{what} is {str(value)[:40]!r}, not a number")
    try:
        result = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{what} is {str(value)[:40]!r}, not a number") from None
    if not abs(result) < 2**53:  # also refuses NaN
        raise ValueError(f"{what} is {str(value)[:40]!r}, out of range")
    return result


def whole_number(value: Any, default: int) -> int:
    """Return a whole number such as a set's ID, or `default` for anything else."""
    try:
        result = number(value, "")
    except ValueError:
        return default
    return int(result) if result.is_integer() and abs(result) < 2**31 else default


def timing_point(time_ms: float, beat_ms: float, meter: int = 4) -> TimingPoint:
    """Return a timing point whose beat length is clamped to what osu! allows."""
    low_ms, high_ms = BEAT_MS_RANGE
    return TimingPoint(time_ms, min(max(beat_ms, low_ms), high_ms), meter if 0 < meter <= MAX_METER else 4)


def within_a_day(points: Iterable[TimingPoint]) -> list[TimingPoint]:
    """Drop timing points more than a day from zero."""
    return [point for point in points if abs(point.time_ms) <= MAX_TIME_MS]


def check_count(n: int) -> None:
    """Raise ValueError for more notes (or other events) than a playable chart has."""
    if n > MAX_OBJECTS:
        raise ValueError(f"more than {MAX_OBJECTS} notes or events; no playable chart has that many")


def finished(beatmap: Beatmap, what: str) -> Beatmap:
    """Return a chart with sorted notes and no duplicates. Raises ValueError for no notes or impossible times."""
    if not beatmap.notes:
        raise ValueError(f"{what} has no notes")
    unique: dict[tuple[float, int], Note] = {}
    for note in sorted(beatmap.notes, key=lambda note: (note.start_ms, note.column, note.last_ms)):
        unique[note.start_ms, note.column] = note  # a long note replaces a single note at the same place
    beatmap.notes = list(unique.values())
    for note in beatmap.notes:
        if not (abs(note.start_ms) <= MAX_TIME_MS and abs(note.last_ms) <= MAX_TIME_MS):  # also refuses NaN
            raise ValueError(f"{what} has a note at {note.start_ms:.6g} ms, which is not within a day")
    return beatmap
