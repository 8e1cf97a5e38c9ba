"""A song's timing in words, taken from charts, and checked where it comes from strangers."""

import json
from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import write_chart
from mug.charts.osz import pack_song
from mug.errors import ChartError, PromptError
from mug.timing.detected import Alternative, DetectedTiming, without_pulse
from mug.webui.heard_timing import MOST_POINTS, chart_timing, given_points, in_words, points_json, tempo_of

POINTS = [TimingPoint(616.508, 60_000 / 197), TimingPoint(10_000.25, 333.333333333333, 3)]


def test_tempos_are_said_as_the_panel_says_them() -> None:
    assert tempo_of(POINTS[:1]) == "197 BPM"
    assert tempo_of(POINTS) == "180 to 197 BPM"


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (DetectedTiming(POINTS[:1], 0.95), "Detected: 197 BPM, first beat at 617 ms, 4/4 – very sure."),
        (
            DetectedTiming(POINTS[:1], 0.5, [Alternative("half", 98.5, 0.4), Alternative("3:2", 295.5, 0.05)]),
            "Detected: 197 BPM, first beat at 617 ms, 4/4 – unsure; it may also be 98.5 (half).",
        ),
        (
            DetectedTiming(POINTS, 0.8),
            "Detected: 2 tempos from 180 to 197 BPM, first beat at 617 ms, 4/4 – fairly sure.",
        ),
        (
            without_pulse("silence"),
            "Silence: no beat was found, so the grid is a constant 120 BPM from the start. "
            "Tap the tempo, or set it by hand.",
        ),
    ],
)
def test_what_was_heard_is_said_in_words(heard: DetectedTiming, said: str) -> None:
    assert in_words(heard) == said


def test_timing_points_come_back_from_a_browser_exactly() -> None:
    assert given_points(json.loads(json.dumps(points_json(POINTS)))) == POINTS
    assert given_points([{"time_ms": 5, "bpm": 120}]) == [TimingPoint(5.0, 500.0)]
    assert given_points([{"time_ms": 9, "bpm": 120}, {"time_ms": 5, "bpm": 60}])[0].time_ms == 5  # type: ignore[index]
    assert given_points(None) is None
    assert given_points([]) is None


@pytest.mark.parametrize(
    "given",
    [
        "120",
        {"time_ms": 0, "bpm": 120},
        [120],
        [None],
        [{"time_ms": 0}],
        [{"bpm": 120}],
        [{"time_ms": 0, "bpm": 0}],
        [{"time_ms": 0, "bpm": "NaN"}],
        [{"time_ms": 0, "beat_ms": 1e-9}],
        [{"time_ms": 1e300, "bpm": 120}],
        [{"time_ms": 0, "bpm": 120, "meter": 0}],
        [{"time_ms": 0, "bpm": 120, "meter": 10**9}],
        [{"time_ms": [], "bpm": 120}],
        [{"time_ms": 0, "bpm": 120}] * (MOST_POINTS + 1),
    ],
)
def test_strangers_timing_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(PromptError, match=r"^timing: "):
        given_points(given)


@pytest.mark.parametrize("suffix", [".osu", ".qua", ".ssc", ".mc"])
def test_the_timing_of_a_chart_of_any_game(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"chart{suffix}"
    chart = Beatmap(4, [Note(1000.0 + 500 * i, i % 4) for i in range(40)], [TimingPoint(1000.0, 500.0)])
    write_chart(chart, path)
    points, text = chart_timing(path, None)
    assert (points[0].time_ms % 2000, points[0].beat_ms) == (pytest.approx(1000, abs=0.1), pytest.approx(500))
    assert text == f"The timing of chart{suffix}."


def test_the_timing_of_a_package_is_that_of_its_charts(tmp_path: Path) -> None:
    audio = tmp_path / "audio.mp3"
    audio.write_bytes(b"not decoded here")
    package = tmp_path / "song.osz"
    timing = [TimingPoint(617.0, 304.568527918782), TimingPoint(9_999.0, 333.333333333333, 3)]
    pack_song(package, [Beatmap(4, [Note(1000.0, 0)], timing, title="T", artist="A", version="V")], audio, None)
    points, text = chart_timing(package, None)
    assert points == timing  # osu! writes whole ms and every digit of a beat
    assert text == "The timing of A - T () [V].osu."


def test_a_chart_without_a_tempo_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.osu"
    path.write_text("osu file format v14\n\n[General]\nMode: 3\n\n[TimingPoints]\n")
    with pytest.raises(ChartError, match=r"empty\.osu: no tempo in it"):
        chart_timing(path, None)
