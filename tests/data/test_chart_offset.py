"""Offsets found in drum hits at known times, whose charts are moved by known amounts."""

import numpy as np
import pytest

from mug.data.audio import log_mel
from mug.data.chart_offset import SETTINGS, UNKNOWN, ChartOffset, SongOffset, song_offset

SECONDS = 20
RHYTHM = (0, 1, 2, 4, 6, 7, 8, 9, 12, 14)  # sixteenths of a measure; not the same forwards from any of them
SIXTEENTH_MS = 83.0
HITS_MS = np.array([500 + (16 * bar + at) * SIXTEENTH_MS for bar in range(14) for at in RHYTHM])


def drums(times_ms: np.ndarray, loudness: float = 0.3) -> np.ndarray:
    """Bursts of noise that die away within 60 ms, at these times in ms: float32 [S]."""
    rng = np.random.default_rng(7)
    samples = np.zeros(SECONDS * SETTINGS.sr)
    length = SETTINGS.sr // 10
    fading = np.exp(-np.arange(length) / SETTINGS.sr / 0.015)
    for time_ms in times_ms:
        first = round(time_ms / 1000 * SETTINGS.sr)
        samples[first : first + length] += loudness * fading * rng.standard_normal(length)
    return samples.astype(np.float32)


@pytest.fixture(scope="module")
def mel() -> np.ndarray:
    return log_mel(drums(HITS_MS), SETTINGS)


@pytest.mark.parametrize("early_ms", [-60, 0, 7.5, 43])
def test_a_moved_chart_is_found_within_2_ms(mel, early_ms):
    found = song_offset([HITS_MS - early_ms], mel).together
    assert found.is_sure
    assert found.offset_ms == pytest.approx(early_ms, abs=2)


def test_soft_hits_between_the_notes_do_not_attract():
    between = np.arange(500 + SIXTEENTH_MS / 2, 18_000, SIXTEENTH_MS)
    mel = log_mel(drums(HITS_MS) + drums(between, 0.1), SETTINGS)
    found = song_offset([HITS_MS - 12], mel).together
    assert found.is_sure
    assert found.offset_ms == pytest.approx(12, abs=2)


def test_an_even_stream_fits_at_many_shifts_so_unsure():
    stream = np.arange(500, 18_000, SIXTEENTH_MS)
    assert not song_offset([stream], log_mel(drums(stream), SETTINGS)).together.is_sure


def test_noise_is_unsure():
    noise = np.random.default_rng(3).standard_normal(SECONDS * SETTINGS.sr).astype(np.float32)
    assert not song_offset([HITS_MS], log_mel(noise, SETTINGS)).together.is_sure


@pytest.mark.parametrize("frames", [0, 1, 3000])
def test_silence_and_too_short_audio_say_nothing(frames):
    assert song_offset([HITS_MS], np.zeros((128, frames), np.float16)).together.confidence == 0


def test_a_chart_of_few_notes_says_nothing(mel):
    assert song_offset([HITS_MS[:12]], mel).together == UNKNOWN


@pytest.mark.parametrize("early_ms", [104, 130])
def test_an_offset_beyond_100_ms_is_unsure(mel, early_ms):
    assert not song_offset([HITS_MS - early_ms], mel).together.is_sure


def test_the_set_outvotes_a_chart_that_disagrees(mel):
    song = song_offset([HITS_MS - 20, HITS_MS[::2] - 20, HITS_MS + 25], mel)
    assert song.together.offset_ms == pytest.approx(20, abs=2)
    assert [song.disagrees(i) for i in range(3)] == [False, False, True]
    assert song.of(1) == song.together
    assert song.of(2).offset_ms == pytest.approx(-25, abs=2)


def test_an_unsure_chart_takes_the_offset_of_its_set():
    song = SongOffset(ChartOffset(9.0, 8.0), (ChartOffset(9.5, 9.0), ChartOffset(-70.0, 1.0)))
    assert song.of(1) == ChartOffset(9.0, 8.0)


def test_a_sure_chart_of_an_unsure_set_keeps_its_own():
    song = SongOffset(ChartOffset(50.0, 1.0), (ChartOffset(9.5, 9.0), ChartOffset(-70.0, 1.0)))
    assert song.of(0) == ChartOffset(9.5, 9.0)
    assert not song.of(1).is_sure
