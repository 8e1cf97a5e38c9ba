"""Write StepMania's .sm and .ssc files: all charts of a song in one file.

Notes lie on rows, at most 192 to a measure of four beats. Times move by up to half a row: 1/96 beat, 5 ms at 120 BPM;
notes on usual snaps (up to 1/16 and 1/12 of a beat) stay on them. Tempo changes lie on rows, too, and keep their time.

Axis: N notes.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from mug.charts.beat_grid import ROWS_PER_BEAT, Placed, bar_starts, on_rows, placed
from mug.charts.beatmap import Beatmap, TimingPoint, bpm_of, note_arrays
from mug.charts.foreign_text import one_line
from mug.charts.osu_edit import completed
from mug.charts.osu_lines import decimal
from mug.charts.remarks import Remarks
from mug.charts.stepmania import STYLES
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError

STYLE_OF = {keys: style for style, keys in STYLES.items()}
ROWS_PER_MEASURE = 4 * ROWS_PER_BEAT
ROWS_USED = (4, 8, 12, 16, 24, 32, 48, 64, 96, ROWS_PER_MEASURE)  # per measure, those that the game's editor shows
SLOTS = ("Beginner", "Easy", "Medium", "Hard", "Challenge")
SLOTS_OF = {1: SLOTS[3:4], 2: SLOTS[2:4], 3: SLOTS[1:4], 4: SLOTS[1:], 5: SLOTS}  # by the number of charts
EXTRA_SLOT = "Edit"  # any number of charts
DIGITS = 10  # of a tempo
PREVIEW_S = 15
MOVED = "notes moved by more than 2 ms, to the nearest of 192 rows a measure"
ROUNDING_MS = 2.0  # editors round and cut off to whole ms, and the snap is not always the note's own
OWN_TIMING = "charts with a timing of their own, which .sm cannot hold; their notes keep their times"
SPECIAL = re.compile(r"[\\:;#]|(?<=/)/")  # two slashes begin a comment


def format_sm(charts: Sequence[Beatmap], remarks: Remarks) -> bytes:
    """Return the charts of one song as a .sm file. The first one's timing and names are the song's.

    Raises ChartError as `format_ssc` does.
    """
    songs_grid = _grid(charts[0], charts)
    for chart in charts:
        if chart.timing_points != charts[0].timing_points:
            remarks.add(OWN_TIMING, chart.version)
    parts = [_head(charts[0], songs_grid)]
    for chart, slot in zip(charts, _slots(charts), strict=True):
        head = (_style(chart), _text(chart.version), slot, str(_meter(chart)), "0,0,0,0,0")
        parts.append("#NOTES:\n" + "".join(f"     {field}:\n" for field in head) + _rows(chart, songs_grid, remarks))
    return "\n".join(parts).encode()


def format_ssc(charts: Sequence[Beatmap], remarks: Remarks) -> bytes:
    """Return the charts of one song as a .ssc file; charts may have a timing of their own.

    Raises ChartError for no charts, for a number of keys that StepMania has no style for, and for charts that go on for
    too many beats.
    """
    songs_grid = _grid(charts[0], charts)
    parts = ["#VERSION:0.83;\n" + _head(charts[0], songs_grid)]
    for chart, slot in zip(charts, _slots(charts), strict=True):
        has_own = chart.timing_points != charts[0].timing_points
        grid = _grid(chart, [chart]) if has_own else songs_grid
        fields = {
            "NOTEDATA": "",
            "CHARTNAME": _text(chart.version),
            "STEPSTYPE": _style(chart),
            "DESCRIPTION": _text(chart.version),
            "DIFFICULTY": slot,
            "METER": str(_meter(chart)),
            "RADARVALUES": "0,0,0,0,0",
            "CREDIT": _text(chart.creator),
            **(_timing(grid) if has_own else {}),
        }
        parts.append(_lines(fields) + "#NOTES:\n" + _rows(chart, grid, remarks))
    return "\n".join(parts).encode()


def _head(song: Beatmap, grid: TempoMap) -> str:
    title, artist = song.metadata.get("TitleUnicode") or song.title, song.metadata.get("ArtistUnicode") or song.artist
    fields = {
        "TITLE": _text(title),
        "SUBTITLE": "",
        "ARTIST": _text(artist),
        "TITLETRANSLIT": _text(song.title if song.title != title else ""),
        "SUBTITLETRANSLIT": "",
        "ARTISTTRANSLIT": _text(song.artist if song.artist != artist else ""),
        "GENRE": _text(song.metadata.get("Tags", "")),
        "CREDIT": _text(song.creator),
        "BANNER": "",
        "BACKGROUND": _text(song.background or ""),
        "MUSIC": _text(song.audio_filename),
        "SAMPLESTART": f"{song.preview_ms / 1000:.3f}" if song.preview_ms >= 0 else "",
        "SAMPLELENGTH": f"{PREVIEW_S:.3f}",
        "SELECTABLE": "YES",
        **_timing(grid),
    }
    return _lines(fields)


def _timing(grid: TempoMap) -> dict[str, str]:
    beats = grid.beats.tolist()
    bpms = bpm_of(grid.lengths).tolist()
    return {
        "OFFSET": f"{-grid.times[0] / 1000:.6f}",
        "BPMS": ",\n".join(f"{beat:.6f}={decimal(bpm, DIGITS)}" for beat, bpm in zip(beats, bpms, strict=True)),
        "STOPS": "",
        "TIMESIGNATURES": ",\n".join(f"{beat:.6f}={meter}=4" for beat, meter in bar_starts(grid)),
    }


def _grid(chart: Beatmap, charts: Sequence[Beatmap]) -> TempoMap:
    """The rows of a chart's tempo, on which the notes of `charts` have a place."""
    notes = [note for chart in charts for note in chart.notes]
    points: Sequence[TimingPoint] = completed(chart).timing_points
    if not notes:
        raise ChartError(f"'{chart.version}' has no notes to write")
    return on_rows(points, min(note.start_ms for note in notes), max(note.last_ms for note in notes))


def _style(chart: Beatmap) -> str:
    if chart.keys not in STYLE_OF:
        known = ", ".join(f"{keys}K ({style})" for keys, style in sorted(STYLE_OF.items()))
        raise ChartError(f"'{chart.version}': StepMania has no style of {chart.keys} keys; it has {known}")
    return STYLE_OF[chart.keys]


def _slots(charts: Sequence[Beatmap]) -> list[str]:
    """The difficulty of each chart: one of the five that a style has once, by the density of notes, else an edit."""
    slots = [EXTRA_SLOT] * len(charts)
    of_style: defaultdict[int, list[int]] = defaultdict(list)
    for i, chart in enumerate(charts):
        of_style[chart.keys].append(i)
    for members in of_style.values():
        ordered = sorted(members, key=lambda i: _density(charts[i]))
        names = SLOTS_OF[min(len(ordered), len(SLOTS))]
        for i, slot in zip(ordered, names, strict=False):
            slots[i] = slot
    return slots


def _meter(chart: Beatmap) -> int:
    """The number that the game shows beside a difficulty: notes per second, as a whole number from 1 on."""
    return max(round(_density(chart)), 1)


def _density(chart: Beatmap) -> float:
    first_ms = min(note.start_ms for note in chart.notes)
    return len(chart.notes) / max((chart.last_ms - first_ms) / 1000.0, 1.0)


def _rows(chart: Beatmap, grid: TempoMap, remarks: Remarks) -> str:
    """The rows of a chart's notes, as text with the closing semicolon."""
    _remark_on_moves(chart, grid, remarks)
    notes = placed(chart.notes, lambda times_ms: _row_of(times_ms, grid), remarks, gap=1)
    measures: defaultdict[int, dict[int, list[str]]] = defaultdict(dict)
    for note in notes:
        _put(measures, note.start, note, "1" if note.end is None else "2", chart.keys)
        if note.end is not None:
            _put(measures, note.end, note, "3", chart.keys)
    texts = [_measure(measures.get(i, {}), chart.keys) for i in range(max(measures) + 1)]
    return ",\n".join(texts) + ";\n"


def _put(measures: dict[int, dict[int, list[str]]], row: int, note: Placed, sign: str, keys: int) -> None:
    measure, row = divmod(row, ROWS_PER_MEASURE)
    measures[measure].setdefault(row, ["0"] * keys)[note.column] = sign


def _measure(rows: dict[int, list[str]], keys: int) -> str:
    """A measure with as few rows as its notes need."""
    n_rows = next(n for n in ROWS_USED if all(row * n % ROWS_PER_MEASURE == 0 for row in rows))
    step = ROWS_PER_MEASURE // n_rows
    return "".join("".join(rows.get(i * step, "0" * keys)) + "\n" for i in range(n_rows))


def _row_of(times_ms: np.ndarray, grid: TempoMap) -> np.ndarray:
    """The nearest rows of times, int64 [N]."""
    return np.maximum(np.rint(grid.beats_at(times_ms) * ROWS_PER_BEAT), 0).astype(np.int64)


def _remark_on_moves(chart: Beatmap, grid: TempoMap, remarks: Remarks) -> None:
    _, starts_ms, _ = note_arrays(chart.notes)
    moves_ms = grid.times_of(_row_of(starts_ms, grid) / ROWS_PER_BEAT) - starts_ms  # [N]
    for i in np.argsort(-np.abs(moves_ms)).tolist():
        if abs(moves_ms[i]) <= ROUNDING_MS:
            break
        remarks.add(MOVED, f"the most: {moves_ms[i]:+.1f} ms at {starts_ms[i]:.0f}")


def _lines(fields: dict[str, str]) -> str:
    return "".join(f"#{key}:{value};\n" for key, value in fields.items())


def _text(text: str) -> str:
    """A value on one line, in which no character has a meaning."""
    return SPECIAL.sub(r"\\\g<0>", one_line(text))
