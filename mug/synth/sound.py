"""Building blocks of sounds: time, noise, envelopes and filters. Mono float32 [S] at SAMPLE_RATE."""

from functools import lru_cache

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

SAMPLE_RATE = 32_000

Samples = np.ndarray  # float32 [S]


def timeline(seconds: float) -> Samples:
    """The time of each sample, in seconds."""
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)


def decay(time_s: Samples, fade_s: float) -> Samples:
    """Falls to 1 / e within `fade_s`."""
    return np.exp(-time_s / np.float32(max(fade_s, 1e-4)))


def noise(n_samples: int, rng: np.random.Generator, low_hz: float = 0.0, high_hz: float = 0.0) -> Samples:
    """Noise between two frequencies, with slopes of 12 dB per octave; 0 means no limit."""
    white = rng.uniform(-1, 1, n_samples).astype(np.float32)
    return band(white, low_hz, high_hz)


def band(sound: np.ndarray, low_hz: float = 0.0, high_hz: float = 0.0, order: int = 2) -> np.ndarray:
    """Band-pass filter of a sound [..., S]; 0 means no limit on that side."""
    for hz, kind in ((low_hz, "highpass"), (high_hz, "lowpass")):
        if hz and hz < 0.49 * SAMPLE_RATE:
            sound = sosfilt(_butterworth(order, float(hz), kind), sound).astype(np.float32)
    return sound


@lru_cache(maxsize=256)
def _butterworth(order: int, hz: float, kind: str) -> np.ndarray:
    return butter(order, hz, kind, fs=SAMPLE_RATE, output="sos")


def smooth(control: np.ndarray, seconds: float) -> np.ndarray:
    """Smooth a control signal with a one-pole low-pass of this time constant."""
    pole = np.exp(-1 / (seconds * SAMPLE_RATE))
    return lfilter([1 - pole], [1, -pole], control, zi=[pole * control[0]])[0].astype(np.float32)


def sweep(time_s: Samples, from_hz: float, to_hz: float, sweep_s: float) -> Samples:
    """A sine with a falling frequency."""
    cycles = to_hz * time_s + (from_hz - to_hz) * sweep_s * (1 - decay(time_s, sweep_s))
    return np.sin(np.float32(2 * np.pi) * cycles)


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch."""
    return 440.0 * 2 ** ((pitch - 69) / 12)


def faded(sound: Samples) -> Samples:
    """Scale to a peak of 1 and fade out the last 5 ms, to avoid a click."""
    n_fade = min(SAMPLE_RATE // 200, len(sound))
    sound = sound / (np.abs(sound).max() + 1e-9)
    sound[len(sound) - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return sound.astype(np.float32)
