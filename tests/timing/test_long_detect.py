"""Long songs part by part: red lines that agree become one, others begin at a measure."""

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.data.audio import AudioSettings
from mug.timing import long_detect
from mug.timing.detected import DetectedTiming, without_pulse
from mug.timing.long_detect import detect_long_timing, first_measure, joined


@pytest.mark.parametrize(
    ("from_ms", "start_ms", "beat_ms"),
    [
        (-50.0, 100.0, 500.0), (100.0, 100.0, 500.0), (101.0, 2100.0, 500.0), (4000.0, 4100.0, 500.0),
        (4101.0, 5000.0, 400.0), (5001.0, 6600.0, 400.0),
    ],
)  # fmt: skip
def test_the_first_measure_behind_a_moment(from_ms: float, start_ms: float, beat_ms: float) -> None:
    points = [TimingPoint(100.0, 500.0), TimingPoint(5000.0, 400.0)]  # measures at 100, 2100, 4100, 5000, 6600
    assert first_measure(points, from_ms) == TimingPoint(start_ms, beat_ms)


def test_parts_that_agree_need_no_line_between_them() -> None:
    one = [TimingPoint(0.0, 500.0)]
    assert joined(one, [TimingPoint(8003.0, 500.01)], 9000.0) == one
    assert joined(one, [TimingPoint(8503.0, 500.0)], 9000.0) == [*one, TimingPoint(10503.0, 500.0)]  # a beat off
    assert joined(one, [TimingPoint(8000.0, 510.0)], 9000.0) == [*one, TimingPoint(10040.0, 510.0)]
    assert joined(one, [TimingPoint(8000.0, 500.0, 3)], 9000.0) == [*one, TimingPoint(9500.0, 500.0, 3)]


def test_what_the_earlier_part_says_of_the_margin_is_dropped() -> None:
    earlier = [TimingPoint(0.0, 500.0), TimingPoint(9900.0, 300.0)]
    later = [TimingPoint(8000.0, 500.0), TimingPoint(12000.0, 400.0)]
    assert joined(earlier, later, 9000.0) == [TimingPoint(0.0, 500.0), TimingPoint(12000.0, 400.0)]


def test_a_song_is_heard_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AudioSettings(n_mels=1)
    heard: list[tuple[float, float]] = []

    def detect(spectrum: np.ndarray, settings: AudioSettings, listener: object) -> DetectedTiming:
        ms = settings.grid.audio.to_ms(spectrum[0, [0, -1]])
        heard.append((float(ms[0]), float(ms[1])))
        if len(heard) == 2:
            return without_pulse("speech")
        beat_ms = 500.0 if len(heard) == 1 else 400.0
        return DetectedTiming([TimingPoint(-float(ms[0]) % (4 * beat_ms), beat_ms)], 1 / len(heard))

    monkeypatch.setattr(long_detect, "detect_timing", detect)
    frames = round(settings.grid.audio.at(16.4 * 60_000))
    timing = detect_long_timing(np.arange(float(frames))[None], settings, None)
    assert heard == [
        (pytest.approx(max(0.0, start - 20_000), abs=10), pytest.approx(end, abs=10))
        for start, end in ((0.0, 320_000), (300_000, 620_000), (600_000, 984_000))
    ]
    assert [(point.time_ms, point.beat_ms) for point in timing.timing_points] == [
        (0.0, 500.0), (pytest.approx(600_000, abs=1e-6), 400.0)
    ]  # fmt: skip
    assert timing.confidence == 1 / 3


def test_a_song_without_a_pulse_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_detect, "detect_timing", lambda *_: without_pulse("speech"))
    timing = detect_long_timing(np.zeros((1, 200_000)), AudioSettings(n_mels=1), None)
    assert (timing.has_pulse, len(timing.timing_points)) == (False, 1)
