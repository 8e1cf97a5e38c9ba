"""Spectra to sound, and loudness in decibels.

Axes: S samples, A frames, M mel bins.
"""

import numpy as np

from mug.data.audio import AudioSettings

ITERATIONS = 32  # of Griffin-Lim; more are hard to hear
MAX_LOG = 14.0  # log(1 + power) of a sine at full scale is below it; a bad sample must not overflow
PEAK = 0.9


def griffin_lim(spectrum: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """log(1 + mel power) [M, A] -> samples float32 [S] at `settings.sr`, with the peak at 0.9 at most.

    The phases are guessed: Griffin and Lim, "Signal Estimation from Modified Short-Time Fourier Transform", 1984.
    """
    import librosa  # slow to import

    power = np.expm1(np.clip(spectrum.astype(np.float32), 0.0, MAX_LOG))
    magnitude = librosa.feature.inverse.mel_to_stft(power, sr=settings.sr, n_fft=settings.n_fft, power=2.0)
    sound = librosa.griffinlim(
        magnitude, n_iter=ITERATIONS, hop_length=settings.hop_length, n_fft=settings.n_fft, random_state=0
    )
    return (sound * min(1.0, PEAK / max(float(np.abs(sound).max()), 1e-9))).astype(np.float32)


def decibels(spectrum: np.ndarray) -> np.ndarray:
    """log(1 + mel power) [M, A] -> 10 log10(1 + power): what the ear cannot tell from silence is 0."""
    return spectrum.astype(np.float32) * np.float32(10 / np.log(10))
