"""The spectrum is that of librosa, an independent implementation, to the bit."""

import librosa
import numpy as np
import pytest

from mug.data.stft import BLOCK, mel_filters, mel_power, stft


def noise(n_samples: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.3, n_samples).astype(dtype)


@pytest.mark.parametrize("n_samples", [512, 513, 1000, BLOCK * 128 + 77])
@pytest.mark.parametrize(("n_fft", "hop_length"), [(512, 128), (2048, 512), (256, 64)])
@pytest.mark.parametrize("center", [True, False])
def test_transforms_as_librosa_does(n_samples, n_fft, hop_length, center):
    samples = noise(max(n_samples, n_fft))
    expected = librosa.stft(samples, n_fft=n_fft, hop_length=hop_length, center=center)
    found = stft(samples, n_fft, hop_length, center)
    assert found.dtype == expected.dtype == np.complex64
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("sr", "n_fft", "n_mels"), [(22050, 512, 128), (22050, 512, 16), (44100, 2048, 80), (1500, 512, 5)]
)
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_mel_bins_are_those_of_librosa(sr, n_fft, n_mels):
    np.testing.assert_array_equal(
        mel_filters(sr, n_fft, n_mels), librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_power_is_that_of_librosa(dtype):
    samples = noise(100_000, dtype)
    expected = librosa.feature.melspectrogram(y=samples, sr=22050, n_fft=512, hop_length=128, n_mels=128)
    found = mel_power(stft(samples, 512, 128, True), 22050, 128)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
