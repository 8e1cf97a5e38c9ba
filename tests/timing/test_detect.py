"""Timing of whole songs: clicks with exact tempos, and sound that has no beat."""

import numpy as np
import pytest

from mug.charts.tempo_map import TempoMap
from mug.data.audio import AudioSettings, log_mel
from mug.timing.detect import detect_timing

SETTINGS = AudioSettings()


def clicks(times_ms: np.ndarray, seconds: float) -> np.ndarray:
    """The log-mel spectrum [M, A] of short noise bursts at some moments."""
    rng = np.random.default_rng(3)
    samples = np.zeros(int(seconds * SETTINGS.sr), np.float32)
    burst = (rng.standard_normal(1100) * np.exp(-np.arange(1100) / 150)).astype(np.float32)
    for start in np.round(times_ms / 1000 * SETTINGS.sr).astype(int):
        samples[start : start + 1100] += burst[: len(samples) - start]
    return log_mel(0.3 * samples, SETTINGS)


def test_a_steady_tempo_is_exact():
    found = detect_timing(clicks(333.0 + np.arange(40) * 60_000 / 174, 15), SETTINGS, None)
    (point,) = found.timing_points
    assert found.has_pulse
    assert found.message == ""
    assert point.bpm == pytest.approx(174.0, abs=1e-6)
    assert (point.time_ms - 333.0 + 30) % point.beat_ms - 30 == pytest.approx(0.0, abs=3.0)


def test_a_sudden_change_of_tempo_is_where_the_music_changes():
    truth = TempoMap.of_tempos(500.0, [(0, 150.0), (24, 180.0)])
    found = detect_timing(clicks(truth.times_of(np.arange(56)), 22), SETTINGS, None)
    assert [round(point.bpm, 1) for point in found.timing_points] == [150.0, 180.0]
    assert found.timing_points[1].time_ms == pytest.approx(float(truth.times[1]), abs=5.0)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(SETTINGS.sr * 6), "silence"),
        (0.1 * np.random.default_rng(0).standard_normal(SETTINGS.sr * 12), "sound without a pulse"),
        (0.2 * np.sin(np.arange(SETTINGS.sr * 12) * 0.03), "sound without a pulse"),
        (np.ones(SETTINGS.sr * 2), "sound of less than 4 s"),
    ],
)
def test_sound_without_a_beat_gets_a_constant_grid_and_a_reason(samples, reason):
    found = detect_timing(log_mel(samples.astype(np.float32), SETTINGS), SETTINGS, None)
    assert not found.has_pulse
    assert found.confidence == 0.0
    assert found.message == f"{reason}: no beat was found, so the grid is a constant 120 BPM from the start"
    assert [(point.time_ms, point.bpm) for point in found.timing_points] == [(0.0, 120.0)]
