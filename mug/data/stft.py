"""The short-time Fourier transform of audio, and its power in mel bins: librosa's, to the bit.

librosa is not called for it, because the first call imports Numba, joblib and most of SciPy and compiles functions: as
long as importing torch, in every process that reads audio.

Axes: S samples, A audio frames, N samples of a frame, M mel bins, Q frequencies.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BLOCK = 512  # frames that are transformed at once
LINEAR_HZ, HZ_PER_MEL = 1000.0, 200.0 / 3  # Slaney's mel scale: linear up to 1 kHz,
LOG_STEP = np.log(6.4) / 27.0  # and then logarithmic


def stft(samples: np.ndarray, n_fft: int, hop_length: int, center: bool) -> np.ndarray:
    """Samples [S] -> complex [Q, A], under a Hann window of `n_fft` samples.

    center: frame a is centred on sample a * hop_length, with silence around the audio; otherwise it begins there.
    """
    if center:
        samples = np.pad(samples, n_fft // 2)
    frames = sliding_window_view(samples, n_fft)[::hop_length]  # [A, N]
    window = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, n_fft + 1)[:-1])
    kind = np.result_type(samples.dtype, np.complex64)
    spectrum = np.empty((n_fft // 2 + 1, len(frames)), kind, order="F")
    for start in range(0, len(frames), BLOCK):
        spectrum[:, start : start + BLOCK] = np.fft.rfft(window * frames[start : start + BLOCK]).T
    return spectrum


def mel_power(spectrum: np.ndarray, sr: int, n_mels: int) -> np.ndarray:
    """Complex [Q, A] -> power in mel bins, float [M, A]."""
    power = np.abs(spectrum) ** 2
    return np.einsum("ft,mf->mt", power, mel_filters(sr, 2 * (len(spectrum) - 1), n_mels), optimize=True)


@cache
def mel_filters(sr: int, n_fft: int, n_mels: int) -> np.ndarray:
    """Triangles over the frequencies from 0 to sr / 2, evenly spaced in mel and of equal area: float32 [M, Q].

    Slaney, "Auditory Toolbox", 1998.
    """
    linear_mel, highest_hz = LINEAR_HZ / HZ_PER_MEL, sr / 2
    highest = highest_hz / HZ_PER_MEL
    if highest_hz >= LINEAR_HZ:
        highest = linear_mel + np.log(highest_hz / LINEAR_HZ) / LOG_STEP
    mels = np.linspace(0.0, highest, n_mels + 2)
    hz = HZ_PER_MEL * mels
    is_log = mels >= linear_mel
    hz[is_log] = LINEAR_HZ * np.exp(LOG_STEP * (mels[is_log] - linear_mel))
    ramps = hz[:, None] - np.fft.rfftfreq(n_fft, 1.0 / sr)  # [M + 2, Q]
    widths = np.diff(hz)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    filters = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    filters *= (2.0 / (hz[2:] - hz[:-2]))[:, None]
    return filters
