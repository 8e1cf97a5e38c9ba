"""Read Malody's .mc files (JSON) of mode Key.

Beats are [number, numerator, denominator]. The song is a note with a sound. It starts `offset` ms after its beat, so
the time in the audio is (time of a beat) - offset.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beat_clock import BeatClock
from mug.charts.beatmap import MAX_KEYS, Beatmap, Note, TimingPoint
from mug.charts.foreign_text import (
    MAX_BEAT,
    check_count,
    check_size,
    decode_text,
    finished,
    number,
    one_line,
    read_chart_bytes,
    whole_number,
    within_a_day,
)
from mug.charts.osu import OtherModeError
from mug.charts.osu_lines import printable
from mug.charts.remarks import Remarks
from mug.errors import ChartError

MAX_BYTES = 16 * 2**20
MAX_TEMPOS = 50_000
KEY = 0
MODES = {1: "Step", 2: "DJ", 3: "Catch", 4: "Pad", 5: "Taiko", 6: "Ring", 7: "Slide", 8: "Live"}
SONG = 1  # type of the note whose sound is the song


def read_malody(path: str | Path) -> Beatmap:
    """Read a .mc file as parse_malody does."""
    path = Path(path)
    return parse_malody(read_chart_bytes(path, MAX_BYTES), str(path))


def read_malody_timing(path: str | Path) -> list[TimingPoint]:
    """Return the tempo changes of a .mc file of any mode, by time. Raises ChartError."""
    path = Path(path)
    with _errors_of(str(path)):
        file = _load(read_chart_bytes(path, MAX_BYTES), str(path))
        return _points(*_clock(file, _song_note(_objects(file, "note"))))


def parse_malody(data: bytes, name: str) -> Beatmap:
    """Read the bytes of a .mc file; `name` is for messages.

    Notes outside the chart's columns are left out, as in the game. Raises ChartError for anything but a Malody Key
    chart with notes.
    """
    with _errors_of(name):
        return _chart(_load(data, name), name)


def _chart(file: dict[str, Any], name: str) -> Beatmap:
    meta = _object(file.get("meta"), "meta")
    mode = meta.get("mode", KEY)
    if mode != KEY or isinstance(mode, bool):
        what = MODES.get(mode, "unknown") if isinstance(mode, int) else "unknown"
        raise OtherModeError(
            f"{name}: its mode is {printable(mode, 20)} ({what}); only charts of mode 0 (Key) are read"
        )
    keys = number(_object(meta.get("mode_ext"), "meta.mode_ext").get("column"), "meta.mode_ext.column")
    if keys not in range(1, MAX_KEYS + 1):
        raise ValueError(f"{keys:g} columns; a chart has 1 to {MAX_KEYS}")
    song = _object(meta.get("song"), "meta.song")
    items = _objects(file, "note")
    sound = _song_note(items)
    clock, sound_ms = _clock(file, sound)
    title, artist = _text(song, "title"), _text(song, "artist")
    remarks = Remarks()
    beatmap = Beatmap(
        int(keys),
        _notes([item for item in items if item is not sound], int(keys), clock, sound_ms, remarks),
        _points(clock, sound_ms),
        audio_filename=_text(sound, "sound") or _text(song, "file"),
        title=title,
        artist=artist,
        creator=_text(meta, "creator"),
        version=_text(meta, "version"),
        background=_text(meta, "background") or None,
        preview_ms=whole_number(meta.get("preview"), -1),
        metadata={
            "TitleUnicode": _text(song, "titleorg") or title,
            "ArtistUnicode": _text(song, "artistorg") or artist,
            "Source": "",
            "Tags": "",
        },
        remarks=remarks.lines(),
    )
    return finished(beatmap, "the chart")


def _clock(file: dict[str, Any], sound: dict[str, Any]) -> tuple[BeatClock, float]:
    """Return the times of a chart's beats, and the time on that clock at which the song starts."""
    tempo = _objects(file, "time")
    if len(tempo) > MAX_TEMPOS:
        raise ValueError(f"{len(tempo)} changes of tempo; at most {MAX_TEMPOS} are read")
    beats = _beats([item.get("beat") for item in tempo])
    bpms = [number(item.get("bpm"), "a bpm") for item in tempo]
    clock = BeatClock([(beat, bpm) for beat, bpm in zip(beats.tolist(), bpms, strict=True) if bpm > 0])
    sound_beat = _beats([sound.get("beat", [0, 0, 1])])
    return clock, float(clock.times_ms(sound_beat)[0]) + number(sound.get("offset", 0), "the song's offset")


def _points(clock: BeatClock, sound_ms: float) -> list[TimingPoint]:
    return within_a_day(replace(point, time_ms=point.time_ms - sound_ms) for point in clock.timing_points)


def _song_note(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The note that plays the song, {} if there is none. Playable notes may have sounds of their own."""
    songs = [item for item in items if item.get("type") == SONG and "sound" in item]
    songs = songs or [item for item in items if "sound" in item and "column" not in item]
    return songs[-1] if songs else {}


def _notes(
    items: Sequence[dict[str, Any]], keys: int, clock: BeatClock, sound_ms: float, remarks: Remarks
) -> list[Note]:
    played = [item for item in items if "column" in item]
    columns = [number(item["column"], "a column") for item in played]
    for column in columns:
        if column not in range(keys):
            remarks.add("notes left out, of columns that the chart does not have", f"column {column:g} of {keys}")
    starts_ms = clock.times_ms(_beats([item.get("beat") for item in played])) - sound_ms  # [N]
    ends_ms = clock.times_ms(_beats([item.get("endbeat", item.get("beat")) for item in played])) - sound_ms  # [N]
    return [
        Note(start_ms, int(column), end_ms if end_ms > start_ms else None)
        for column, start_ms, end_ms in zip(columns, starts_ms.tolist(), ends_ms.tolist(), strict=True)
        if column in range(keys)
    ]


def _beats(beats: Sequence[Any]) -> np.ndarray:
    """[[number, numerator, denominator]] -> float64 [N]; parts of a fraction may be negative. Raises ValueError."""
    result: list[float] = []
    for beat in beats:
        if not isinstance(beat, list) or len(beat) != 3:
            raise ValueError(f"a beat is {str(beat)[:40]}, not [number, numerator, denominator]")
        whole, numerator, denominator = (number(part, "a part of a beat") for part in beat)
        value = whole + numerator / denominator if denominator else np.inf
        if not -MAX_BEAT <= value <= MAX_BEAT:
            raise ValueError(f"a beat is {str(beat)[:40]}, out of range")
        result.append(value)
    return np.array(result, dtype=np.float64)


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turn errors in a file into ChartErrors that name it."""
    try:
        yield
    except json.JSONDecodeError as error:
        raise ChartError(f"{name}: line {error.lineno}: {error.msg}; this is not a .mc file, or cut off") from error
    except RecursionError as error:
        raise ChartError(f"{name}: nested too deeply for a chart") from error
    except ValueError as error:
        raise ChartError(f"{name}: {printable(error)}") from error


def _load(data: bytes, name: str) -> dict[str, Any]:
    check_size(data, MAX_BYTES, name)
    return _object(json.loads(decode_text(data)), "the file")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object; this is not a .mc file")
    return value


def _objects(file: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = file.get(key)
    if not isinstance(items, list):
        raise ValueError(f"has no list '{key}'; this is not a .mc file")
    check_count(len(items))
    return [_object(item, f"an entry of '{key}'") for item in items]


def _text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key, "")
    return one_line(value) if isinstance(value, str) else ""
