"""Renders single notes: wavetables with decaying brightness, FM, attack noise.

Every sound is mono float32 [S] at SAMPLE_RATE, about 1 at the peak.
"""

from functools import lru_cache

import numpy as np

from mug.synth.patches import Patch
from mug.synth.sound import SAMPLE_RATE, Samples, band, decay, hertz, timeline

TABLE_BITS = 12
TABLE_SIZE = 1 << TABLE_BITS
WOBBLES = 16.0  # wobbles per second, at most


@lru_cache(maxsize=2048)
def _wave(patch: Patch, frequency_hz: float, bright: bool) -> Samples:
    """One period with the harmonics below half the sample rate, float32 [TABLE_SIZE]."""
    n_harmonics = int(max(min(0.45 * SAMPLE_RATE / frequency_hz, TABLE_SIZE // 2 - 1, 80), 1))
    n = np.arange(1, n_harmonics + 1)
    strength = n ** -(patch.tilt + (0 if bright else patch.dark))
    strength *= np.where(n % 2 == 0, patch.even, 1.0)
    if patch.comb:
        strength *= np.abs(np.sin(np.pi * n * patch.comb)) + 0.05
    if patch.formant_hz:
        strength *= 0.3 + 1.5 * np.exp(-(np.log2(n * frequency_hz / patch.formant_hz) ** 2) / 0.3)
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex64)
    spectrum[1 : n_harmonics + 1] = strength * np.exp(-1j * (np.pi / 2 + 0.7 * n**2 % 3))
    wave = np.fft.irfft(spectrum)
    return (wave / np.abs(wave).max()).astype(np.float32)


def note(patch: Patch, pitch: int, seconds: float, beat_s: float, rng: np.random.Generator) -> Samples:
    """A note of MIDI `pitch`, held for `seconds`; wobbles follow the beat."""
    frequency_hz = hertz(pitch)
    if patch.fade_s:
        seconds = min(max(seconds, 0.12), 4 * patch.fade_s)
    time_s = timeline(seconds + patch.release_s + 0.01)
    bend = _bend(patch, time_s)
    bright = _brightness(patch, time_s, beat_s)
    spread = np.linspace(-1, 1, patch.voices) if patch.voices > 1 else np.zeros(1)
    modulator: Samples | None = None
    if patch.fm_ratio and patch.fm_index:
        cycles = np.float32(2 * np.pi * frequency_hz * patch.fm_ratio) * time_s
        modulator = np.float32(patch.fm_index) * decay(time_s, patch.fm_s) * np.sin(cycles)
    light, dark = np.zeros_like(time_s), np.zeros_like(time_s)
    for voice in spread:
        phase = _phase(frequency_hz * (1 + float(voice) * patch.detune), bend, time_s, rng)
        if modulator is not None:
            phase = phase + (modulator * np.float32(2**32 / (2 * np.pi))).astype(np.int64).astype(np.uint32)
        index = phase >> np.uint32(32 - TABLE_BITS)
        light += _wave(patch, frequency_hz, True)[index]
        dark += _wave(patch, frequency_hz, False)[index]
    sound = dark + (light - dark) * bright
    sound *= np.float32(1 / np.sqrt(patch.voices))
    if patch.breath:
        sound += np.float32(patch.breath) * band(_white(len(sound), rng), 1200, 7000, order=1)
    sound *= _envelope(patch, time_s)
    if patch.knock:
        n = min(int(6 * patch.knock_s * SAMPLE_RATE), len(sound))
        burst = band(_white(n, rng), 0, 1500 + 4000 * patch.knock, order=1)
        sound[:n] += np.float32(patch.knock) * burst * decay(time_s[:n], patch.knock_s)
    return sound


def _white(n_samples: int, rng: np.random.Generator) -> Samples:
    return rng.uniform(-1, 1, n_samples).astype(np.float32)


def _phase(frequency_hz: float, bend: Samples | None, time_s: Samples, rng: np.random.Generator) -> np.ndarray:
    """The phase of the wave as uint32, which wraps around by itself."""
    step = frequency_hz / SAMPLE_RATE * 2**32
    start = rng.integers(2**32, dtype=np.uint32)
    if bend is None:
        return start + np.arange(len(time_s), dtype=np.uint32) * np.uint32(step)
    return start + np.cumsum((bend * step).astype(np.uint32), dtype=np.uint32)


def _bend(patch: Patch, time_s: Samples) -> Samples | None:
    """The frequency over time as a ratio; None if constant."""
    if not patch.vibrato and not patch.glide:
        return None
    bend = np.ones_like(time_s)
    if patch.vibrato:
        bend += (
            np.float32(patch.vibrato)
            * np.sin(np.float32(2 * np.pi * patch.vibrato_hz) * time_s)
            * (1 - decay(time_s, 0.2))
        )
    if patch.glide:
        bend *= np.exp2(np.float32(patch.glide / 12) * decay(time_s, patch.glide_s))
    return bend


def _brightness(patch: Patch, time_s: Samples, beat_s: float) -> Samples:
    """The share of the bright wave over time, 0 to 1."""
    bright = patch.bright_rest + (1 - patch.bright_rest) * decay(time_s, patch.bright_s)
    if patch.swell_s:
        bright = bright * (1 - decay(time_s, patch.swell_s))
    if patch.wobble:
        rate_hz = min(patch.wobble / beat_s, WOBBLES)
        bright = bright * (0.5 + 0.5 * np.cos(np.float32(2 * np.pi * rate_hz) * time_s))
    return bright


def _envelope(patch: Patch, time_s: Samples) -> Samples:
    """The loudness over time: attack, decay or sustain, release."""
    if patch.fade_s:
        loud = decay(time_s, patch.fade_s)
    else:
        loud = np.float32(patch.sustain) + np.float32(1 - patch.sustain) * decay(time_s, patch.settle_s)
    attack = min(int(patch.attack_s * SAMPLE_RATE) + 1, len(loud))
    loud[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    release = min(int(patch.release_s * SAMPLE_RATE) + 1, len(loud))
    loud[len(loud) - release :] *= np.linspace(1, 0, release, dtype=np.float32)
    return loud
