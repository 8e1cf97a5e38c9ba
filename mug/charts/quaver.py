"""Read Quaver's .qua files (YAML). Scroll velocities, key sounds and editor layers are ignored."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from mug.charts.beatmap import Beatmap, Note, TimingPoint, beat_ms_of
from mug.charts.foreign_text import (
    check_count,
    check_size,
    decode_text,
    finished,
    number,
    one_line,
    read_chart_bytes,
    timing_point,
    whole_number,
    within_a_day,
)
from mug.charts.osu import OtherModeError
from mug.charts.osu_lines import printable
from mug.charts.remarks import Remarks
from mug.errors import ChartError

MAX_BYTES = 12 * 2**20
MAX_YAML_BYTES = 4 * 2**20  # after the ignored lists are cut out; YAML is slow to read
MAX_EVENTS = 1_000_000  # YAML events in a file
MAX_DEPTH = 16
# Lists that do not affect the notes; they may run to a hundred thousand lines.
IGNORED = re.compile(
    r"^(?:SliderVelocities|ScrollSpeedFactors|TimingGroups|EditorLayers|CustomAudioSamples|SoundEffects|Bookmarks):"
    r"[ \t]*\r?\n(?:[ \t-].*\n)*",
    re.MULTILINE,
)
MAX_KEYS = 10
KEYS = {f"Keys{keys}": keys for keys in range(1, MAX_KEYS + 1)}  # by the name of the mode
MINES = ("Mine", "1")
BAD_NOTES = "notes left out that have no lane or time"
MIN_BPM = 1e-3
# The C parser where PyYAML has one: 20 times as fast. Only its events are used, so no tag can create an object.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_quaver(path: str | Path) -> Beatmap:
    """Read a .qua file as parse_quaver does."""
    path = Path(path)
    return parse_quaver(read_chart_bytes(path, MAX_BYTES), str(path))


def read_quaver_timing(path: str | Path) -> list[TimingPoint]:
    """Return the timing points of a .qua file of any mode, by time. Raises ChartError."""
    path = Path(path)
    with _errors_of(str(path)):
        qua = _load(read_chart_bytes(path, MAX_BYTES), str(path))
        return _points(qua) if isinstance(qua, dict) else []


def parse_quaver(data: bytes, name: str) -> Beatmap:
    """Read the bytes of a .qua file; `name` is for messages. Fields that are 0 may be missing.

    Mines and the notes of a scratch lane (an extra lane beside the keys, such as an eighth in 7K) are left out and
    counted in the chart's remarks. Raises ChartError for anything but a Quaver chart with notes.
    """
    with _errors_of(name):
        return _chart(_load(data, name), name)


def _chart(qua: Any, name: str) -> Beatmap:
    if not isinstance(qua, dict) or "HitObjects" not in qua:
        raise ValueError("has no HitObjects; this is not a .qua file, or it is cut off")
    mode = _text(qua, "Mode")
    if mode not in KEYS:
        raise OtherModeError(f"{name}: its Mode is '{printable(mode, 20)}'; Keys1 to Keys{MAX_KEYS} are read")
    keys = KEYS[mode]
    remarks = Remarks()
    title, artist = _text(qua, "Title"), _text(qua, "Artist")
    beatmap = Beatmap(
        keys,
        _notes(qua, keys, remarks),
        _points(qua),
        audio_filename=_text(qua, "AudioFile"),
        title=title,
        artist=artist,
        creator=_text(qua, "Creator"),
        version=_text(qua, "DifficultyName"),
        beatmap_set_id=-1,  # Quaver's IDs are not osu! set IDs, but may equal one
        background=_text(qua, "BackgroundFile") or None,
        preview_ms=whole_number(qua.get("SongPreviewTime"), -1),
        metadata={
            "TitleUnicode": title,
            "ArtistUnicode": artist,
            "Source": _text(qua, "Source"),
            "Tags": _text(qua, "Tags"),
        },
        remarks=remarks.lines(),
    )
    return finished(beatmap, "the chart")


def _notes(qua: dict[str, Any], keys: int, remarks: Remarks) -> list[Note]:
    """The playable notes. Raises ValueError if too many of them have no lane or time."""
    has_scratch_lane = _text(qua, "HasScratchKey").lower() == "true" or keys == 7  # old files lack the flag
    notes: list[Note] = []
    items = list(_items(qua, "HitObjects"))
    for item in items:
        if item.get("Type") in MINES:
            remarks.add("mines left out")
            continue
        try:
            note = _note(item)
            if has_scratch_lane and note.column == keys:
                remarks.add("notes of the scratch lane left out")
                continue
            if note.column not in range(keys):
                raise ValueError(f"a note in Lane {note.column + 1} of {keys}")
            notes.append(note)
        except ValueError as error:
            remarks.add(BAD_NOTES, error)
    remarks.check(BAD_NOTES, len(items))
    return notes


def _note(item: dict[str, Any]) -> Note:
    lane = number(item.get("Lane", 0), "a Lane")
    if not lane.is_integer():
        raise ValueError(f"a note in Lane {lane:g}")
    start_ms = number(item.get("StartTime", 0), "a StartTime")
    end_ms = number(item.get("EndTime", 0), "an EndTime")
    return Note(start_ms, int(lane) - 1, end_ms if end_ms > start_ms and end_ms != 0 else None)


def _points(qua: dict[str, Any]) -> list[TimingPoint]:
    points = [_point(item) for item in _items(qua, "TimingPoints")]
    return sorted(within_a_day(point for point in points if point is not None), key=lambda point: point.time_ms)


def _point(item: dict[str, Any]) -> TimingPoint | None:
    bpm = number(item.get("Bpm", 0), "a Bpm")
    if bpm < MIN_BPM:
        return None
    signature = item.get("Signature") or item.get("TimeSignature")
    meter = 3 if signature in ("Triple", "3") else 4
    return timing_point(number(item.get("StartTime", 0), "a StartTime"), beat_ms_of(bpm), meter)


def _items(qua: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    items = qua.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(f"its {key} is not a list of objects")
    check_count(len(items))
    return iter(items)


def _text(qua: dict[str, Any], key: str) -> str:
    value = qua.get(key, "")
    return one_line(value) if isinstance(value, str) else ""


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turn errors in a file into ChartErrors that name it."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ChartError(
            f"{name}: {line}{printable(error.problem or error.context)}; this is not a .qua file, or it is cut off"
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ChartError(f"{name}: {printable(error)}") from error


def _load(data: bytes, name: str) -> Any:
    """Read the bytes of a .qua file as dicts, lists and texts. Raises ChartError, ValueError or YAMLError."""
    check_size(data, MAX_BYTES, name)
    # leave empty lines, so that errors name the right line
    text = IGNORED.sub(lambda match: "\n" * match[0].count("\n"), decode_text(data))
    if len(text.encode()) > MAX_YAML_BYTES:
        raise ChartError(
            f"{name}: larger than {MAX_YAML_BYTES >> 20} MiB without its velocities; too large for a chart"
        )
    return _load_yaml(text)


def _load_yaml(text: str) -> Any:
    """Read a YAML document as dicts, lists and texts. Raises ValueError or YAMLError.

    Works from the parser's events, which is four times as fast as yaml.load and creates no other objects. Aliases are
    refused: charts do not need them, and with them a small file can expand to a huge one.
    """
    stack: list[Any] = [[]]
    keys: list[str | None] = [None]  # for each mapping on the stack: the key whose value comes next
    for n, event in enumerate(yaml.parse(text, Loader=LOADER)):
        if n > MAX_EVENTS:
            raise ValueError(f"more than {MAX_EVENTS} values; no chart has that many")
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = event.value
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(stack) > MAX_DEPTH:
                raise ValueError("nested too deeply for a chart")
            stack.append({} if isinstance(event, yaml.MappingStartEvent) else [])
            keys.append(None)
            continue
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            value = stack.pop()
            keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise ValueError("an alias (*name); charts have none")
        else:
            continue  # start and end of the stream and the document
        top = stack[-1]
        if isinstance(top, list):
            top.append(value)
        elif keys[-1] is None:
            keys[-1] = value if isinstance(value, str) else str(type(value))
        else:
            top[keys[-1]] = value
            keys[-1] = None
    return stack[0][0] if stack[0] else None
