"""Write Malody's .mc files (JSON) of mode Key.

Notes lie on fractions of a beat. The coarsest of the usual ones is taken that moves a note by 1 ms at most, else 1/960
or finer, which moves it less. Tempo changes lie on 1/48 beat and keep their time; the music starts at a whole ms.

Axis: N notes.
"""

import json
import math
from collections.abc import Sequence

import numpy as np

from mug.charts.beat_grid import ROWS_PER_BEAT, bar_starts, on_rows, placed
from mug.charts.beatmap import Beatmap, bpm_of
from mug.charts.foreign_text import one_line
from mug.charts.malody import KEY, SONG
from mug.charts.osu_edit import completed
from mug.charts.remarks import Remarks
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError

MODE_KEYS = range(4, 11)
SNAPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)  # of a beat
FINEST = 960  # a multiple of all of them
TICK_MS = 2.0  # the longest tick; at slow tempos there are more than FINEST in a beat
SNAP_MS = 1.0  # files in whole ms lie up to half of it beside their snap, on either side
VOLUME = 100
DIGITS = 10  # of a tempo


def format_malody(chart: Beatmap, remarks: Remarks) -> bytes:
    """Return a chart as a .mc file.

    Raises ChartError for a number of keys that Malody's mode Key does not have, for no notes, and for charts that go on
    for too many beats.
    """
    if chart.keys not in MODE_KEYS:
        known = f"{MODE_KEYS[0]} to {MODE_KEYS[-1]}"
        raise ChartError(f"'{chart.version}': Malody's mode Key has {known} keys, the chart has {chart.keys}")
    if not chart.notes:
        raise ChartError(f"'{chart.version}' has no notes to write")
    grid = _grid(chart)
    if bar_starts(grid):
        remarks.add("bars that Malody counts on in fours: tempo or meter changes inside one")
    finest = FINEST * math.ceil(float(grid.lengths.max()) / FINEST / TICK_MS)
    meta = {
        "$ver": 0,
        "creator": one_line(chart.creator),
        "background": one_line(chart.background or ""),
        "version": one_line(chart.version),
        "id": 0,
        "mode": KEY,
        "time": 0,
        "song": {
            "title": one_line(chart.title),
            "artist": one_line(chart.artist),
            "id": 0,
            "titleorg": one_line(chart.metadata.get("TitleUnicode", "")),
            "artistorg": one_line(chart.metadata.get("ArtistUnicode", "")),
        },
        "mode_ext": {"column": chart.keys, "bar_begin": 0},
    }
    if chart.preview_ms >= 0:
        meta["preview"] = chart.preview_ms
    tempos = zip(np.rint(grid.beats * ROWS_PER_BEAT).astype(int).tolist(), bpm_of(grid.lengths).tolist(), strict=True)
    song = {"beat": [0, 0, 1], "sound": one_line(chart.audio_filename), "vol": VOLUME, "offset": -int(grid.times[0])}
    file = {
        "meta": meta,
        "time": [{"beat": _beat(row, ROWS_PER_BEAT), "bpm": float(f"{bpm:.{DIGITS}g}")} for row, bpm in tempos],
        "effect": [],
        "note": [*_notes(chart, grid, finest, remarks), {**song, "type": SONG}],
        "extra": {"test": {"divide": 4, "speed": 100, "save": 0, "lock": 0, "edit_mode": 0}},
    }
    return json.dumps(file, ensure_ascii=False, separators=(",", ":")).encode()


def _grid(chart: Beatmap) -> TempoMap:
    """The chart's beats. Beat 0 is at a whole ms, at the latest at the audio's beginning: the song starts after it."""
    first_ms = min(min(note.start_ms for note in chart.notes), 0.0)
    grid = on_rows(completed(chart).timing_points, first_ms, chart.last_ms)
    times, lengths = grid.times.copy(), grid.lengths.copy()
    times[0] = round(times[0])
    if len(times) > 1:  # the first tempo still reaches the next one
        lengths[0] = (times[1] - times[0]) / (grid.beats[1] - grid.beats[0])
    return TempoMap(grid.beats, times, lengths, meters=grid.meters)


def _notes(chart: Beatmap, grid: TempoMap, finest: int, remarks: Remarks) -> Sequence[dict[str, object]]:
    return [
        {"beat": _beat(note.start, finest)}
        | ({} if note.end is None else {"endbeat": _beat(note.end, finest)})
        | {"column": note.column}
        for note in placed(chart.notes, lambda times_ms: _ticks(times_ms, grid, finest), remarks)
    ]


def _ticks(times_ms: np.ndarray, grid: TempoMap, finest: int) -> np.ndarray:
    """Times as ticks of which `finest` are a beat, int64 [N], on the coarsest snap within SNAP_MS."""
    beats = grid.beats_at(times_ms)
    beat_ms = grid.lengths[grid.stretch_at(times_ms)]
    ticks = np.rint(beats * finest)
    free = np.ones(len(beats), bool)
    for snap in SNAPS:
        line = np.rint(beats * snap) / snap
        hit = free & (np.abs(line - beats) * beat_ms <= SNAP_MS)
        ticks[hit] = np.rint(line[hit] * finest)
        free &= ~hit
    return np.maximum(ticks, 0).astype(np.int64)


def _beat(ticks: int, per_beat: int) -> list[int]:
    """[whole beats, numerator, denominator]"""
    whole, rest = divmod(int(ticks), per_beat)
    common = math.gcd(rest, per_beat)
    return [whole, rest // common, per_beat // common]
