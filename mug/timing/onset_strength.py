"""How strongly something starts at each moment: spectral flux of the spectrum that the networks read.

Axes: A audio frames, R rows of the spectrum, B frequency bands.
"""

import numpy as np

from mug.data.audio import AudioSettings

GAIN = 100.0  # of the power before the logarithm, so that quiet onsets count as well
LAG = 2  # frames between the two compared; the window of a frame spans four
BANDS = ((0.0, 0.12), (0.12, 0.5), (0.5, 1.0))  # shares of the rows: bass and kicks, voices and snares, hats
LEAST_RISE = 0.02  # of the log-spectrum: in silence and steady tones less than this varies
LOCAL_MS = 4_000.0  # onsets count relative to the music around them


def onset_strength(spectrum: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """Spectrum [M, A] or [2, Q, A] -> strength of onsets [B, A]: about 0 on average, with variance 1 nearby.

    SuperFlux (Böck and Widmer 2013, DAFx): the rise of the log-spectrum over the loudest of neighbouring rows, which
    does not respond to vibrato.
    """
    from scipy.ndimage import maximum_filter1d  # here: it takes a fifth of a second

    power = (
        np.expm1(spectrum.astype(np.float32)) if settings.kind == "mel" else (spectrum.astype(np.float32) ** 2).sum(0)
    )
    level = np.log1p(GAIN * power)  # [R, A]
    before = maximum_filter1d(level, 3, axis=0)
    rise = np.zeros_like(level)
    rise[:, LAG:] = np.maximum(level[:, LAG:] - before[:, :-LAG], 0)
    rows = len(level)
    bands = [rise[round(low * rows) : round(high * rows)].mean(axis=0) for low, high in BANDS]
    frames = max(round(LOCAL_MS / settings.grid.audio.frame_ms), 1)
    return np.stack([_normalised(band, frames) for band in bands])


def _normalised(strength: np.ndarray, frames: int) -> np.ndarray:
    """Strength [A] relative to its mean and deviation over `frames` around each frame, [A]."""
    from scipy.ndimage import uniform_filter1d

    mean = uniform_filter1d(strength, frames)
    variance = uniform_filter1d(strength**2, frames) - mean**2
    deviation = np.sqrt(np.maximum(variance, 0))
    floor = max(0.1 * float(strength.std()), LEAST_RISE)
    return (strength - mean) / np.maximum(deviation, floor)
