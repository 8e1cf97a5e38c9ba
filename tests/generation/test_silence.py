"""No notes where there is no sound."""

import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.data.audio import AudioSettings, log_mel, stft
from mug.generation.silence import is_silent, silent_spans, sounding_share, without_notes_in

SR = 22050
NOISE = np.random.default_rng(0).normal(0, 0.1, 8 * SR).astype(np.float32)


def song(*silences: tuple[float, float], level: float = 0.0) -> np.ndarray:
    samples = NOISE.copy()
    for start_s, end_s in silences:
        samples[int(start_s * SR) : int(end_s * SR)] *= level
    return samples


@pytest.mark.parametrize(("kind", "n_fft", "transform"), [("mel", 512, log_mel), ("stft", 2048, stft)])
def test_long_silences_are_found_and_breaks_are_not(kind, n_fft, transform):
    settings = AudioSettings(kind=kind, n_fft=n_fft)

    def spans(samples):
        return silent_spans(transform(samples, settings), settings)

    assert spans(song()) == []
    assert spans(song((2, 2.9))) == []
    assert spans(song((2, 4), level=0.01)) == []  # -60 dB
    found = np.array(spans(song((0, 1.5), (3, 6))))
    np.testing.assert_allclose(found, [[0, 1500], [3000, 6000]], atol=70)
    (whole,) = spans(song((0, 8)))
    assert is_silent(transform(song((0, 8)), settings), settings)
    assert not is_silent(transform(song((0, 7)), settings), settings)
    assert whole == pytest.approx((0, 8000), abs=30)
    assert spans(song((3, 6), level=1e-4))  # the noise of a converter


def test_the_share_of_sound_counts_from_the_first_to_the_last():
    assert sounding_share([], 8000.0) == 1.0
    assert sounding_share([(0.0, 2000.0), (3000.0, 5000.0), (6000.0, 8000.0)], 8000.0) == 0.5
    assert sounding_share([(0.0, 8000.0)], 8000.0) > 0


def test_notes_in_a_silence_go_and_those_at_its_edges_stay():
    notes = [Note(990.0, 0), Note(1020.0, 1), Note(1030.0, 2), Note(1500.0, 3), Note(1980.0, 0), Note(2500.0, 1)]
    assert without_notes_in([(1000.0, 2000.0)], notes, 8000.0) == [notes[0], notes[1], notes[4], notes[5]]
    assert without_notes_in([], notes, 8000.0) == notes


def test_no_note_stays_at_the_start_or_the_end_of_a_song():
    notes = [Note(0.0, 0), Note(6.0, 1), Note(1990.0, 2), Note(5010.0, 3), Note(7995.0, 0)]
    assert without_notes_in([(0.0, 2000.0), (5000.0, 8000.0)], notes, 8000.0) == [notes[2], notes[3]]
