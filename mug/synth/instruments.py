"""The sounds of synthesised songs: a drum hit or note at a time, mono float32 at SAMPLE_RATE, about 1 at the peak.

Every sound begins within a few milliseconds of its first sample, so that its onset is where the event says.
"""

from functools import lru_cache

import numpy as np
from scipy.signal import lfilter

SAMPLE_RATE = 32_000
TABLE_SIZE = 4096
RELEASE_S = 0.04  # how long a held note takes to stop
ATTACK_S = {"reed": 0.008, "organ": 0.004, "choir": 0.015}  # of the notes that do not start at once
FADE_S = {"pluck": 0.22, "bell": 0.45, "electric piano": 0.5}  # of the notes that fade

Samples = np.ndarray  # float32 [S]


def _time(seconds: float) -> Samples:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE


def _decay(time_s: Samples, fade_s: float) -> Samples:
    return np.exp(-time_s / fade_s)


@lru_cache(maxsize=1024)
def _wave(timbre: str, n_harmonics: int, bright: bool) -> Samples:
    """One period of a timbre with the harmonics that lie below half the sample rate, float32 [TABLE_SIZE]."""
    n = np.arange(1, n_harmonics + 1)
    odd = n % 2 == 1
    strength = {
        "saw": 1 / n,
        "square": odd / n,
        "reed": np.where(odd, 1.0, 0.45) / n**1.2,
        "organ": np.isin(n, (1, 2, 3, 4, 6, 8)) / n**0.5,
        "choir": 1 / n**2 + 0.25 * np.exp(-((n - 4) ** 2) / 4),
        "pluck": 1 / n**0.9,
        "bell": np.isin(n, (1, 3, 4, 7, 10)) / n**0.7,
        "electric piano": np.isin(n, (1, 2, 5, 8)) / n**1.1,
    }[timbre]
    if not bright:
        strength = strength / n  # 6 dB an octave darker
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex64)
    spectrum[1 : n_harmonics + 1] = -1j * strength
    wave = np.fft.irfft(spectrum)
    return (wave / np.abs(wave).max()).astype(np.float32)


def note(timbre: str, pitch: int, seconds: float, detune: float = 0.0) -> Samples:
    """A note of MIDI `pitch`, held for `seconds`, bright at first, then darker. `detune` (a ratio) thickens it."""
    frequency_hz = 440.0 * 2 ** ((pitch - 69) / 12)
    n_harmonics = int(min(0.45 * SAMPLE_RATE / frequency_hz, TABLE_SIZE // 2 - 1, 60))
    fades = FADE_S.get(timbre)
    time_s = _time(seconds + RELEASE_S if fades is None else min(max(seconds, 0.15) + 0.1, 4 * fades))
    bright = _decay(time_s, 0.12 if fades is None else fades / 3)
    if fades is None:
        bright = 0.6 + 0.4 * bright
    sound = np.zeros_like(time_s)
    ratios = (1.0,) if detune == 0 else (1 - detune, 1 + detune)
    for ratio in ratios:
        phase = (time_s * np.float32(frequency_hz * ratio * TABLE_SIZE)).astype(np.int32) & (TABLE_SIZE - 1)
        dark = _wave(timbre, n_harmonics, False)[phase]
        sound += dark + (_wave(timbre, n_harmonics, True)[phase] - dark) * bright
    sound /= len(ratios)
    attack = int(ATTACK_S.get(timbre, 0.002) * SAMPLE_RATE)
    sound[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)[: len(sound)]
    if fades is not None:
        sound *= _decay(time_s, fades)
    else:
        sound *= 0.75 + 0.25 * _decay(time_s, 0.08)
    release = min(int(RELEASE_S * SAMPLE_RATE), len(sound))
    sound[len(sound) - release :] *= np.linspace(1, 0, release, dtype=np.float32)
    return sound


def _noise(n_samples: int, rng: np.random.Generator, low: float = 0.0) -> Samples:
    """White noise; `low` > 0 takes the bass out (a first-order high-pass with that coefficient, twice)."""
    noise = rng.uniform(-1, 1, n_samples).astype(np.float32)
    for _ in range(2 if low else 0):
        noise = lfilter([(1 + low) / 2, -(1 + low) / 2], [1, -low], noise).astype(np.float32)
    return noise


def _sweep(time_s: Samples, from_hz: float, to_hz: float, sweep_s: float) -> Samples:
    """A sine whose frequency falls from one value to the other."""
    cycles = to_hz * time_s + (from_hz - to_hz) * sweep_s * (1 - _decay(time_s, sweep_s))
    return np.sin(2 * np.pi * cycles)


def drum_kit(rng: np.random.Generator) -> dict[str, Samples]:
    """A kick, a snare and cymbals, each tuned anew."""
    time_s = _time(0.35)
    kick = _sweep(time_s, rng.uniform(140, 260), rng.uniform(42, 58), rng.uniform(0.02, 0.05))
    kick *= _decay(time_s, rng.uniform(0.08, 0.18))
    kick[:160] += 0.7 * _noise(160, rng) * np.linspace(1, 0, 160, dtype=np.float32)

    time_s = _time(0.3)
    tone = _sweep(time_s, rng.uniform(250, 330), rng.uniform(165, 220), 0.02) * _decay(time_s, 0.06)
    rattle = _noise(len(time_s), rng, rng.uniform(0.6, 0.85)) * _decay(time_s, rng.uniform(0.05, 0.12))
    snare = rng.uniform(0.4, 0.8) * tone + 1.2 * rattle

    time_s = _time(0.12)
    hat = _noise(len(time_s), rng, 0.3) * _decay(time_s, rng.uniform(0.015, 0.035))
    time_s = _time(0.3)
    open_hat = _noise(len(time_s), rng, 0.3) * _decay(time_s, rng.uniform(0.07, 0.13))
    time_s = _time(1.8)
    crash = _noise(len(time_s), rng, 0.5) * _decay(time_s, rng.uniform(0.3, 0.5))
    kit = {"kick": kick, "snare": snare, "hat": hat, "open hat": open_hat, "crash": crash}
    return {name: _faded(sound) for name, sound in kit.items()}


def tom(pitch: int, rng: np.random.Generator) -> Samples:
    """A tom tuned to a MIDI pitch."""
    time_s = _time(0.35)
    frequency_hz = 440.0 * 2 ** ((pitch - 69) / 12)
    sound = _sweep(time_s, 1.6 * frequency_hz, frequency_hz, 0.04) * _decay(time_s, 0.1)
    sound[:160] += 0.5 * _noise(160, rng) * np.linspace(1, 0, 160, dtype=np.float32)
    return _faded(sound)


def riser(seconds: float, rng: np.random.Generator) -> Samples:
    """Noise that grows until something begins."""
    time_s = _time(seconds)
    return _noise(len(time_s), rng, 0.7) * (time_s / seconds) ** 2


def _faded(sound: Samples) -> Samples:
    """Scaled to a peak of 1, and faded out over its last 5 ms, so that it does not click."""
    n_fade = SAMPLE_RATE // 200
    sound = sound / np.abs(sound).max()
    sound[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return sound.astype(np.float32)
