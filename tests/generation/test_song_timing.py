"""The timing of a song to chart: given, heard in its audio, or partly both."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.data.audio import AudioSettings, log_mel
from mug.generation.song import Song
from mug.generation.song_timing import fitted_note, given_timing, hear_timing, heard_timing

SETTINGS = AudioSettings()


@pytest.fixture(scope="module")
def clicks() -> np.ndarray:
    """16 s of clicks at 128 BPM from 300 ms on, every fourth one louder."""
    samples = np.zeros(16 * 22050, dtype=np.float32)
    rng = np.random.default_rng(0)
    burst = rng.normal(0, 0.3, 1500) * np.exp(-np.arange(1500) / 300)
    for beat in range(33):
        start = round((0.3 + beat * 60 / 128) * 22050)
        samples[start : start + 1500] += burst * (1.0 if beat % 4 == 0 else 0.4)
    return log_mel(samples, SETTINGS)


def test_given_timing_is_taken_as_it_is(clicks):
    points = [TimingPoint(10.0, 400.0), TimingPoint(4010.0, 350.0, 3)]
    assert given_timing(Song(timing_points=points), clicks, SETTINGS).points == points
    both = given_timing(Song(bpm=100.0, offset_ms=7.0), clicks, SETTINGS)
    assert both.points == [TimingPoint(7.0, 600.0)]
    assert both.note == ""


def test_what_is_missing_is_fitted_to_the_onsets(clicks):
    (point,) = given_timing(Song(bpm=128.0), clicks, SETTINGS).points
    assert point.bpm == pytest.approx(128)
    off = (point.time_ms - 300) / point.beat_ms
    assert off == pytest.approx(round(off), abs=0.01)
    (point,) = given_timing(Song(offset_ms=300.0), clicks, SETTINGS).points
    assert point.time_ms == 300.0
    assert point.bpm in (pytest.approx(128, abs=0.1), pytest.approx(256, abs=0.2))


def test_timing_that_was_heard_is_said(clicks):
    heard = heard_timing(hear_timing(clicks, SETTINGS, None))
    assert "heard in the audio" in heard.note
    assert "--" not in heard.note  # the page shows it, too
    off = (heard.points[0].time_ms - 300) / (60_000 / 128)
    assert off == pytest.approx(round(off), abs=0.02)


def test_sound_without_a_pulse_is_said():
    drone = np.sin(np.arange(10 * 22050) * 0.05).astype(np.float32)
    timing = heard_timing(hear_timing(log_mel(drone, SETTINGS), SETTINGS, None))
    assert len(timing.points) == 1
    assert "no beat was found" in timing.note


def test_a_tempo_fitted_to_notes_may_be_double():
    chart = Beatmap(4, [], [TimingPoint(0.0, 60_000 / 256)])
    assert fitted_note(Song(), chart).startswith("256 BPM is fitted to the notes; the song's own tempo may be half")
    assert fitted_note(Song(bpm=256.0), chart) == ""
