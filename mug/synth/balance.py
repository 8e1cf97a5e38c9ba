"""Equalises a mix towards the spectrum that recorded music has on average.

Hit songs of six decades agree on it: a peak near 100 Hz, a fall of about 5 dB per octave of power density from there to
4 kHz, a steeper one above (Pestana et al., Spectral characteristics of popular commercial recordings 1950-2010, AES
135, 2013; Elowsson and Friberg, Long-term average spectrum in popular music, AES 142, 2017). An octave has twice the
bandwidth of the one below, so here, in levels of octaves, 5 dB are 2. Axes: S samples, O octaves.
"""

import numpy as np
from scipy.signal import oaconvolve

from mug.synth.sound import SAMPLE_RATE

CENTRES_HZ = 44.2 * 2.0 ** np.arange(9)  # of the octaves from 31 Hz to 16 kHz
TYPICAL_DB = np.array((-9.0, -5, -7.5, -11, -13, -15.5, -16, -16, -18))  # of each octave, relative to the whole
MOST_DB = 9.0  # an octave is raised or lowered at most by this
LOW, HIGH = 3, 5  # octaves where a song's own bass ends and its own treble begins
FRAME, EVERY = 4096, 3  # samples of a measured frame; of the loud frames, every third is measured
N_TAPS = 2048


def balance(stereo: np.ndarray, firmness: float, low_db: float, high_db: float) -> np.ndarray:
    """Equalise a mix [2, S] towards the typical spectrum: not at all with firmness 0, fully with 1.

    low_db, high_db: how much more bass and treble than typical the song has in its lowest and highest octave.
    """
    octaves = np.arange(len(CENTRES_HZ))
    wanted = TYPICAL_DB + np.interp(octaves, (0, LOW), (low_db, 0)) + np.interp(octaves, (HIGH, 8), (0, high_db))
    gains_db = np.clip(firmness * (wanted - octave_levels(stereo)), -MOST_DB, MOST_DB)
    taps = _minimum_phase(gains_db)
    balanced = np.empty_like(stereo)
    for channel, out in zip(stereo, balanced, strict=True):
        out[:] = oaconvolve(channel, taps)[: len(channel)]
    return balanced


def octave_levels(stereo: np.ndarray) -> np.ndarray:
    """The level of each octave in the louder half of a mix [2, S], in dB relative to the whole: float64 [O]."""
    middle = stereo.mean(axis=0)
    frames = middle[: len(middle) // FRAME * FRAME].reshape(-1, FRAME)
    power = (frames**2).mean(axis=1)
    loud = frames[power >= np.median(power)][::EVERY]
    spectrum = (np.abs(np.fft.rfft(loud * np.hanning(FRAME), axis=1)) ** 2).mean(axis=0)
    edges_hz = np.append(CENTRES_HZ / np.sqrt(2), CENTRES_HZ[-1] * np.sqrt(2))
    edges = np.minimum(np.ceil(edges_hz * FRAME / SAMPLE_RATE).astype(int), len(spectrum) - 1)
    octaves = np.add.reduceat(spectrum, edges)[:-1]
    return 10 * np.log10(octaves / (octaves.sum() + 1e-12) + 1e-6)


def _minimum_phase(gains_db: np.ndarray) -> np.ndarray:
    """A filter with these gains [O] at the centres of the octaves, which neither delays nor rings before a sound."""
    hz = np.fft.rfftfreq(2 * N_TAPS, 1 / SAMPLE_RATE)
    gain = np.interp(np.log2(np.maximum(hz, 1)), np.log2(CENTRES_HZ), gains_db) * np.log(10) / 20
    cepstrum = np.fft.irfft(gain)
    cepstrum[1:N_TAPS] *= 2
    cepstrum[N_TAPS + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:N_TAPS]
    taps[N_TAPS // 2 :] *= np.linspace(1, 0, N_TAPS // 2)
    return taps.astype(np.float32)
