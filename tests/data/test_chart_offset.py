"""Offsets found in drum hits at known times, whose charts are moved by known amounts."""

import numpy as np
import pytest

from mug.data.audio import log_mel
from mug.data.chart_offset import SETTINGS, UNKNOWN, ChartOffset, SongOffset, song_offset
from tests.data.drums import HITS_MS, SECONDS, SIXTEENTH_MS, drums


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
