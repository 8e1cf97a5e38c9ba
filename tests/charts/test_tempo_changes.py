"""Dozens of changes of tempo and meter, inside bars as well: notes and tempos survive every format.

A song is a list of changes (beat in 48ths, BPM) from beat 0 on, and notes on any 48th. The times that charts must have
are added up here, change by change.
"""

import json

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, bpm_of
from mug.charts.chart_files import read_charts, write_chart
from mug.charts.tempo_map import TempoMap

START_MS = 137.25
Changes = list[tuple[int, float]]  # (48th of a beat, BPM)


def times_of(changes: Changes, places: list[int]) -> list[float]:
    """The times of 48ths of beats."""
    times = []
    for place in places:
        time_ms = START_MS
        for (here, bpm), (there, _) in zip(changes, [*changes[1:], (10**9, 0.0)], strict=True):
            time_ms += max(min(there, place) - here, 0) / 48 * 60_000 / bpm
        times.append(time_ms)
    return times


def stepmania(changes: Changes, places: list[int]) -> bytes:
    bpms = ",".join(f"{place / 48!r}={bpm!r}" for place, bpm in changes)
    measures = []
    for measure in range(max(places) // 192 + 1):
        rows = ["1000" if measure * 192 + row in places else "0000" for row in range(192)]
        measures.append("\n".join(rows))
    return f"#OFFSET:{-START_MS / 1000!r};#BPMS:{bpms};#NOTES:dance-single::Hard:5:0:{','.join(measures)};".encode()


def malody(changes: Changes, places: list[int]) -> bytes:
    return json.dumps(
        {
            "meta": {"mode": 0, "mode_ext": {"column": 4}, "song": {}},
            "time": [{"beat": [place // 48, place % 48, 48], "bpm": bpm} for place, bpm in changes],
            "note": [
                *({"beat": [place // 48, place % 48, 48], "column": 0} for place in places),
                {"beat": [0, 0, 1], "type": 1, "sound": "song.ogg", "offset": -START_MS},
            ],
        }
    ).encode()


def quaver(changes: Changes, places: list[int]) -> bytes:
    starts = times_of(changes, [place for place, _ in changes])
    points = [f"- StartTime: {ms!r}\n  Bpm: {bpm!r}" for ms, (_, bpm) in zip(starts, changes, strict=True)]
    notes = [f"- StartTime: {round(ms)}\n  Lane: 1" for ms in times_of(changes, places)]
    return "\n".join(["Mode: Keys4", "TimingPoints:", *points, "HitObjects:", *notes, ""]).encode()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("name", "text_of"), [("a.sm", stepmania), ("a.mc", malody), ("a.qua", quaver)])
def test_dozens_of_tempos_come_in_and_go_out_of_every_format(tmp_path, name, text_of, seed):
    rng = np.random.default_rng(seed)
    places = sorted({0, *rng.integers(0, 4000, 60).tolist()})
    changes = list(
        zip(np.cumsum([0, *rng.integers(1, 200, 47)]).tolist(), rng.uniform(40, 400, 48).tolist(), strict=True)
    )
    (tmp_path / name).write_bytes(text_of(changes, places))
    (chart,) = read_charts(tmp_path / name)
    check(chart, changes, places)
    for suffix in (".osu", ".qua", ".sm", ".ssc"):
        write_chart(chart, tmp_path / f"again{suffix}")
        check(read_charts(tmp_path / f"again{suffix}")[0], changes, places)


def check(chart: Beatmap, changes: Changes, places: list[int]) -> None:
    """Compare the times of notes, the times of their beats, and the tempos."""
    expected_ms = times_of(changes, places)
    assert [note.start_ms for note in chart.notes] == pytest.approx(expected_ms, abs=0.5001)  # written in whole ms
    tempo = TempoMap.of_points(chart.timing_points)
    assert tempo.times_of(np.array(places) / 48) == pytest.approx(expected_ms, abs=1e-3)
    starts_ms = np.array(times_of(changes, [place for place, _ in changes]))
    tempos = bpm_of(tempo.lengths[tempo.stretch_at(starts_ms, early=1e-3)])
    assert tempos == pytest.approx([bpm for _, bpm in changes], abs=1e-6)
