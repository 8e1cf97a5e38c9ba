"""Read and write .osu files. Reading keeps the text, so that writing changes only what was edited."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mug.charts.beatmap import MAX_KEYS, MIN_KEYS, Beatmap, Note, OsuDocument, TimingPoint
from mug.charts.osu_edit import completed, edited_lines, find_background
from mug.charts.osu_lines import (
    number_or,
    parse_hit_object,
    parse_timing_point,
    printable,
    slider_clock,
    without_controls,
)
from mug.charts.osu_text import BLANK_CHART, HEADER_SECTIONS, HEADERS, NAMED_METADATA
from mug.charts.remarks import Remarks
from mug.errors import ChartError
from mug.files import replacing

MAX_BYTES = 16 * 2**20
MAX_LINES = 400_000
MAX_OBJECTS = 200_000
LINE_END = re.compile(r"\r\n|\r|\n")
_SET_ID = re.compile(rb"^[ \t]*BeatmapSetID[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.MULTILINE)
PASSED_OVER = "hit objects passed over, as osu! does"
MANIA = "3"
OTHER_MODES = {"0": "osu!", "1": "osu!taiko", "2": "osu!catch"}


class OtherModeError(ChartError):
    """A chart of another game mode, which is common in a Songs folder."""


def read_osu(path: str | Path) -> Beatmap:
    """Read a .osu file. Raises ChartError when it is missing or is not an osu!mania chart."""
    return parse_osu(_bytes_of(Path(path)), str(path))


def read_osu_timing(path: str | Path) -> list[TimingPoint]:
    """Return the red lines of a .osu file of any mode, with or without notes, sorted by time. Raises ChartError."""
    lines, _ = _lines_of(_bytes_of(Path(path)), str(path))
    _, sections = _index(lines, str(path))
    points = [parse_timing_point(lines[line]) for line in sections.get("TimingPoints", [])[1:]]
    return sorted((point for point in points if point is not None), key=lambda point: point.time_ms)


def write_osu(beatmap: Beatmap, path: str | Path) -> None:
    """Write a chart to a .osu file, whole or not at all. Raises ChartError as `format_osu` does."""
    data = format_osu(beatmap)
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(data)


def parse_osu(data: bytes, name: str) -> Beatmap:
    """Read the bytes of a .osu file; `name` is for messages. The notes come sorted by time, then column.

    Any format version, byte order mark and line ending is read, and unknown content is kept. Hit objects that cannot be
    read are skipped, as in osu!, and counted in the chart's remarks; their lines stay in the text.
    Raises ChartError for anything but an osu!mania chart with notes in 1 to 18 columns, and for too many bad lines.
    """
    lines, encoding = _lines_of(data, name)
    beatmap = _parse_lines(lines, encoding, name)[0]
    if not beatmap.notes:
        raise ChartError(f"{name}: has no notes; the chart is empty or the file is cut off after [HitObjects]")
    return beatmap


def set_id_of(osu_bytes: bytes) -> int:
    """The BeatmapSetID in a chart's file, 0 if it has none. Does not parse the chart."""
    found = _SET_ID.search(osu_bytes)
    return int(found[1]) if found else 0


def format_osu(beatmap: Beatmap) -> bytes:
    """Return a chart as the bytes of a .osu file: the file it was read from with its edits, or a complete v14 file.

    Notes and timing points that are still there keep their lines, hit sounds and decimals included. New notes are
    written in whole milliseconds, and a new chart without a timing point gets one. Raises ChartError for an impossible
    key count, column, time or metadata name.
    """
    if not MIN_KEYS <= beatmap.keys <= MAX_KEYS:
        raise ChartError(f"cannot write '{beatmap.version}': {beatmap.keys} keys; a chart has {MIN_KEYS} to {MAX_KEYS}")
    document = beatmap.document
    if document is None:
        document = _parse_lines(BLANK_CHART.splitlines(keepends=True), "utf-8", "blank chart")[1]
        beatmap = completed(beatmap)
    try:
        return "".join(edited_lines(document, beatmap)).encode(document.encoding, "surrogateescape")
    except ValueError as error:
        raise ChartError(f"cannot write '{beatmap.version}': {error}") from error


def _parse_lines(lines: Sequence[str], encoding: str, name: str) -> tuple[Beatmap, OsuDocument]:
    """Read the lines of a chart, which may have no notes yet."""
    headers, sections = _index(lines, name)
    header = {at: _clean(lines[line].partition(":")[2]) for at, line in headers.items()}
    keys = _check_mania(header, sections, name)

    timing_lines = sections.get("TimingPoints", [])[1:]
    timing = [(point, line) for line in timing_lines if (point := parse_timing_point(lines[line])) is not None]
    timing.sort(key=lambda item: item[0].time_ms)

    multiplier = min(max(number_or(header.get(("Difficulty", "SliderMultiplier")), 1.4), 0.4), 3.6)  # osu!'s own limits
    slider_ms = slider_clock([lines[line] for line in timing_lines], multiplier)
    notes: list[tuple[Note, int]] = []
    remarks = Remarks()
    for line in sections["HitObjects"][1:]:
        try:
            notes.append((parse_hit_object(lines[line], keys, slider_ms), line))
        except ValueError as error:
            remarks.add(PASSED_OVER, f"line {line + 1}: {error}")
    try:
        remarks.check(PASSED_OVER, len(sections["HitObjects"]) - 1)
    except ValueError as error:
        raise ChartError(f"{name}: {error}; fix or delete these lines") from error
    notes.sort(key=lambda item: (item[0].start_ms, item[0].column))

    backgrounds = [(line, file) for line in sections.get("Events", [])[1:] if (file := find_background(lines[line]))]
    background_line, background = backgrounds[0] if backgrounds else (None, None)
    named: dict[str, Any] = {
        attribute: _value(header.get((section, key)), default) for attribute, (section, key, default) in HEADERS.items()
    }
    beatmap = Beatmap(
        **named | {"keys": keys},
        notes=[note for note, _ in notes],
        timing_points=[point for point, _ in timing],
        background=None if background is None else _clean(background[0]),
        metadata={
            key: text for (part, key), text in header.items() if part == "Metadata" and key not in NAMED_METADATA
        },
        remarks=remarks.lines(),
    )
    document = OsuDocument(
        lines=tuple(lines),
        encoding=encoding,
        headers=headers,
        sections=sections,
        original=replace(
            beatmap, notes=beatmap.notes[:], timing_points=beatmap.timing_points[:], metadata=dict(beatmap.metadata)
        ),
        note_lines=tuple(line for _, line in notes),
        timing_lines=tuple(line for _, line in timing),
        background_line=background_line,
    )
    beatmap.document = document
    return beatmap, document


def _index(lines: Sequence[str], name: str) -> tuple[dict[tuple[str, str], int], dict[str, list[int]]]:
    """Return the line of each header and the lines of each section. The last of equal headers counts, as in osu!."""
    first = next((text for line in lines if (text := without_controls(line.strip()).strip())), "")
    if not re.match(r"osu file format v\d+", first):
        raise ChartError(
            f"{name}: starts with {first[:40]!a}, not with 'osu file format v14'; this is not an .osu file"
        )
    headers: dict[tuple[str, str], int] = {}
    sections: dict[str, list[int]] = {}
    section = ""
    for i, line in enumerate(lines):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
            sections.setdefault(section, [i])
        elif text and section and not text.startswith("//"):
            sections[section].append(i)
            if section in HEADER_SECTIONS and ":" in text:
                headers[section, _clean(text.partition(":")[0])] = i
    return headers, sections


def _check_mania(header: Mapping[tuple[str, str], str], sections: Mapping[str, Sequence[int]], name: str) -> int:
    """Return the key count of an osu!mania chart. Raises ChartError for anything else."""
    mode = header.get(("General", "Mode"), "0")
    if mode != MANIA:
        what = OTHER_MODES.get(mode, "unknown")
        raise OtherModeError(
            f"{name}: its Mode is {printable(mode, 20)} ({what}); only osu!mania charts (Mode: 3) are read"
        )
    if "HitObjects" not in sections:
        raise ChartError(f"{name}: no [HitObjects] section; the file is cut off or unfinished")
    if len(sections["HitObjects"]) > MAX_OBJECTS:
        raise ChartError(f"{name}: more than {MAX_OBJECTS} hit objects; no playable chart has that many")
    size = header.get(("Difficulty", "CircleSize"), "5")  # osu! assumes 5 where the line is missing
    keys = round(number_or(size, 0.0))
    if not MIN_KEYS <= keys <= MAX_KEYS:
        raise ChartError(
            f"{name}: CircleSize '{printable(size, 20)}' is not a key count; a chart has {MIN_KEYS} to {MAX_KEYS}"
        )
    return keys


def _bytes_of(path: Path) -> bytes:
    try:
        _check_size(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise ChartError(f"{path}: cannot be read: {error.strerror}") from error


def _lines_of(data: bytes, name: str) -> tuple[list[str], str]:
    """Return the lines of a .osu file, each with its line end, and its encoding. Raises ChartError."""
    _check_size(len(data), name)
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2], "utf-8")
    try:
        # Bytes that are not UTF-8 (in old files) survive as surrogates and are written back as they were.
        text = data.decode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    except UnicodeDecodeError as error:
        raise ChartError(f"{name}: not a text file: {error.reason}") from error
    if len(text) > MAX_LINES and len(LINE_END.findall(text)) > MAX_LINES:
        raise ChartError(f"{name}: more than {MAX_LINES} lines; no playable chart has that many")
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text), encoding


def _check_size(n_bytes: int, name: str) -> None:
    if n_bytes > MAX_BYTES:
        raise ChartError(f"{name}: larger than {MAX_BYTES >> 20} MiB; too large for a chart")


def _value(text: str | None, default: str | int | float) -> str | int | float:
    """Read a header's value as the type of its default."""
    if isinstance(default, str):
        return default if text is None else text
    return type(default)(number_or(text, default))


def _clean(text: str) -> str:
    """Strip a value, and show bytes that were not UTF-8 as replacement characters."""
    return text.strip().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
