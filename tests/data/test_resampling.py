"""Spectra at another rate: linear between frames, silent beyond the end."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mug.data.resampling import change_rate
from tests.data.test_augment import ramp


@given(st.integers(1, 40), st.integers(0, 50), st.integers(1, 60))
def test_rate_1_is_a_slice_and_silence_after_it(n_source, start, n_frames):
    spectrum = ramp(n_source) + 1
    out = change_rate(spectrum, start, n_frames, 1.0)
    expected = np.pad(spectrum, [(0, 0), (0, 110)])[:, start : start + n_frames]
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, expected)


@given(st.integers(2, 90), st.floats(0, 100), st.integers(1, 60), st.floats(0.25, 4.0))
def test_a_frame_shows_the_song_at_start_plus_rate_times_frame(n_source, start, n_frames, rate):
    out = change_rate(ramp(n_source), start, n_frames, rate)
    assert out.shape == (3, n_frames)
    position = start + rate * np.arange(n_frames)
    expected = np.where(position <= n_source - 1, 10 * position + np.arange(3)[:, None], 0)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-4)


def test_rates_by_hand():
    spectrum = np.array([[0, 2, 4, 8, 16]], dtype=np.float16)
    np.testing.assert_array_equal(change_rate(spectrum, 0, 4, 2.0), [[0, 4, 16, 0]])
    np.testing.assert_array_equal(change_rate(spectrum, 2, 6, 0.5), [[4, 6, 8, 12, 16, 0]])
    np.testing.assert_array_equal(change_rate(spectrum, 1.5, 3, 1.0), [[3, 6, 12]])
    np.testing.assert_array_equal(change_rate(spectrum, 9.5, 3, 1.5), [[0, 0, 0]])
    two = np.stack([spectrum, -spectrum])  # [2, Q, A], as the STFT is
    np.testing.assert_allclose(change_rate(two, 2, 3, 0.5), [[[4, 6, 8]], [[-4, -6, -8]]], rtol=1e-6)


def test_stft_frames_keep_their_magnitude_between_two_phases():
    spectrum = np.array([[[3, 0, 0]], [[4, -10, 0]]], dtype=np.float16)  # 5 and 10, nearly opposite; then silence
    out = change_rate(spectrum, 0, 6, 0.25)
    np.testing.assert_allclose(out[0], [[3, 3.75, 0, 0, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose(out[1], [[4, 5, -7.5, -8.75, -10, -7.5]], rtol=1e-6)
    assert change_rate(spectrum, 4.5, 3, 1.5).tolist() == [[[0, 0, 0]], [[0, 0, 0]]]


def test_sound_after_silence_fades_in_with_its_own_phase():
    spectrum = np.array([[[0, 3, 0]], [[0, -4, 0]]], dtype=np.float16)
    out = change_rate(spectrum, 0, 9, 0.25)
    np.testing.assert_allclose(out[0], [[0, 0.75, 1.5, 2.25, 3, 2.25, 1.5, 0.75, 0]], rtol=1e-6)
    np.testing.assert_allclose(out[1], [[0, -1, -2, -3, -4, -3, -2, -1, 0]], rtol=1e-6)


@given(
    arrays.arrays(np.float16, (2, 3, 5), elements=st.floats(width=16, allow_nan=False, allow_infinity=False))
    | arrays.arrays(np.float32, (2, 3, 5), elements=st.floats(-(2.0**126), 2.0**126, width=32)),
    st.floats(0, 5),
    st.floats(0.1, 10),
)
def test_no_spectrum_becomes_infinite_or_no_number(spectrum, start, rate):
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert np.isfinite(change_rate(spectrum, start, 8, rate)).all()
