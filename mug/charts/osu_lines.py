"""Parse and format lines of [HitObjects] and [TimingPoints]. A bad line raises ValueError with the reason."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from mug.charts.beatmap import BEAT_MS_RANGE, MAX_TIME_MS, Note, TimingPoint

MAX_STRAY = 100  # control characters before the text; a file with more of them is not text
CIRCLE, SLIDER, SPINNER, HOLD = 1, 2, 8, 128  # bits of a hit object's type
MAX_INT = 2**31 - 1  # osu! ignores lines with larger whole numbers
DEFAULT_BEAT_MS = 500.0  # a chart without timing is written at 120 BPM


def printable(text: object, most: int = 200) -> str:
    """Return text from an untrusted file as one line for a message, without terminal control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text)[:most]).strip()


def without_controls(text: str) -> str:
    """Return a text without the control and format characters (such as byte order marks) before its first word."""
    head = text[:MAX_STRAY]
    start = next((i for i, letter in enumerate(head) if letter.isprintable() and letter != " "), len(head))
    stray = [i for i in range(start) if text[i] not in " \t\r\n"]
    return text[stray[-1] + 1 :] if stray else text


def parse_time(text: str) -> float:
    """Return a time in ms. Raises ValueError if it is not a number, not finite, or more than a day from zero."""
    time_ms = float(text)
    if not -MAX_TIME_MS <= time_ms <= MAX_TIME_MS:  # also refuses NaN
        raise ValueError(f"time '{text.strip()}' is not within a day")
    return time_ms


def number_or(text: str | None, default: float) -> float:
    """Return a header's number, `default` if it is missing, not a number or too large."""
    try:
        number = float(text or "")
    except ValueError:
        return default
    return number if abs(number) < 2**31 else default


def column_of(x: float, keys: int) -> int:
    """Return the column of a horizontal position: floor(x * keys / 512), kept within the keys."""
    return int(min(max(x * keys // 512, 0), keys - 1))


def x_of(column: int, keys: int) -> int:
    """Return the horizontal position of a column's middle."""
    return round((column + 0.5) * 512 / keys)


def parse_hit_object(line: str, keys: int, slider_ms: Callable[[float, float], float]) -> Note:
    """Read a hit object as osu!mania plays it: holds, sliders and spinners are long notes, all others single notes.

    `slider_ms(start_ms, pixels)` gives a slider's duration. A hold that does not end after its start is a plain note.
    """
    fields = line.split(",")
    if len(fields) < 5:
        raise ValueError(f"'{line.strip()[:60]}' is not a hit object (the file may be cut off)")
    x, start_ms, kind = float(fields[0]), parse_time(fields[2]), int(fields[3])
    if not abs(x) <= 1e9:
        raise ValueError(f"position '{fields[0]}' is not a number on the screen")
    if kind & CIRCLE or (kind & HOLD and len(fields) == 5):
        end_ms = start_ms
    elif kind & SLIDER:
        if len(fields) < 8:
            raise ValueError("a slider without a length")
        end_ms = start_ms + slider_ms(start_ms, float(fields[6]) * float(fields[7]))
        if not end_ms <= MAX_TIME_MS:
            raise ValueError("a slider that lasts more than a day")
    elif kind & SPINNER:
        end_ms = parse_time(fields[5]) if len(fields) > 5 else start_ms
    elif kind & HOLD:
        end_text = fields[5].partition(":")[0]
        end_ms = parse_time(end_text) if end_text.strip() else start_ms
    else:
        raise ValueError(f"hit object type {kind} is unknown")
    return Note(start_ms, column_of(x, keys), end_ms if end_ms > start_ms else None)


def format_note(note: Note, keys: int) -> str:
    """Write a note in whole milliseconds, without hit sounds. Raises ValueError for a column or time no chart has."""
    if not 0 <= note.column < keys:
        raise ValueError(f"column {note.column} of a {keys}-key chart")
    if not (abs(note.start_ms) <= MAX_TIME_MS and abs(note.last_ms) <= MAX_TIME_MS):
        raise ValueError(f"a note at {note.start_ms} ms")
    start_ms, x = round(note.start_ms), x_of(note.column, keys)
    if note.end_ms is None:
        return f"{x},192,{start_ms},{CIRCLE},0,0:0:0:0:"
    end_ms = max(round(note.end_ms), start_ms + 1)  # ending at its start it would be read back as a plain note
    return f"{x},192,{start_ms},{HOLD},0,{end_ms}:0:0:0:0:"


def parse_timing_point(line: str) -> TimingPoint | None:
    """Read a timing line; None if it sets no tempo: a velocity change, or a line that osu! ignores."""
    fields = line.split(",")
    try:
        time_ms, beat_ms = parse_time(fields[0]), float(fields[1])
        meter = int(fields[2]) if len(fields) > 2 else 4
    except (ValueError, IndexError):
        return None
    if not beat_ms > 0 or abs(meter) > MAX_INT or (len(fields) > 6 and fields[6].strip() != "1"):
        return None
    low_ms, high_ms = BEAT_MS_RANGE
    return TimingPoint(time_ms, min(max(beat_ms, low_ms), high_ms), meter if meter > 0 else 4)


def format_timing_point(point: TimingPoint) -> str:
    """Write a timing point with all its digits. Raises ValueError for a point that osu! does not accept."""
    if not (abs(point.time_ms) <= MAX_TIME_MS and BEAT_MS_RANGE[0] <= point.beat_ms <= BEAT_MS_RANGE[1]):
        raise ValueError(f"a timing point at {point.time_ms} ms with beats of {point.beat_ms} ms")
    if not 1 <= point.meter <= MAX_INT:
        raise ValueError(f"a timing point at {point.time_ms} ms with bars of {point.meter} beats")
    return f"{decimal(point.time_ms)},{decimal(point.beat_ms)},{point.meter},1,0,100,1,0"


def slider_clock(timing_lines: Iterable[str], multiplier: float) -> Callable[[float, float], float]:
    """Return `slider_ms(start_ms, pixels)`, which uses the tempo and the slider velocity in force at the start.

    In one beat a slider covers 100 * multiplier * velocity pixels. An inherited line's velocity is -100 / its beat
    length, within 0.1..10 (osu! file format).
    """
    lines = list(timing_lines)

    def slider_ms(start_ms: float, pixels: float) -> float:
        times_ms, changes = velocity_changes()
        _, beat_ms, velocity = changes[bisect_right(times_ms, start_ms) - 1]
        return pixels * beat_ms / (100.0 * multiplier * velocity)

    @cache
    def velocity_changes() -> tuple[list[float], list[tuple[float, float, float]]]:
        changes = _velocity_changes(lines)  # only needed for the few charts with sliders
        return [time_ms for time_ms, _, _ in changes], changes

    return slider_ms


def _velocity_changes(timing_lines: Iterable[str]) -> list[tuple[float, float, float]]:
    """Return (time, beat length, velocity) of every change, by time; the first one precedes all times."""
    changes = [(-MAX_TIME_MS - 1, DEFAULT_BEAT_MS, 1.0)]
    for line in timing_lines:
        point = parse_timing_point(line)
        try:
            time_ms, beat_ms = parse_time(line.split(",")[0]), float(line.split(",")[1])
        except (ValueError, IndexError):
            continue
        if point is not None:
            changes.append((time_ms, point.beat_ms, 1.0))
        elif beat_ms < 0:
            changes.append((time_ms, 0.0, min(max(-100.0 / beat_ms, 0.1), 10.0)))
    changes.sort(key=lambda change: change[0])
    for i in range(1, len(changes)):  # an inherited line keeps the beat length before it
        time_ms, beat_ms, velocity = changes[i]
        changes[i] = (time_ms, beat_ms or changes[i - 1][1], velocity)
    return changes


def decimal(number: float, digits: int | None = None) -> str:
    """The shortest decimal without an exponent that reads back as `number`, or with so many significant digits."""
    if digits is None:
        return np.format_float_positional(number, trim="-")
    return np.format_float_positional(number, digits, unique=False, fractional=False, trim="-")
