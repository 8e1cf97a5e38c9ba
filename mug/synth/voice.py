"""A voice: vowels from formants, consonants from noise, glides between notes, vibrato.

Formants after Peterson and Barney (1952), table II.
"""

from dataclasses import dataclass

import numpy as np

from mug.synth.sound import SAMPLE_RATE, Samples, band, decay, hertz, timeline

VOWELS_HZ = {  # the first three formants
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
CONSONANTS = {  # noise: lowest and highest frequency, length in s, strength
    "": (0.0, 0.0, 0.0, 0.0),
    "s": (4500.0, 9500.0, 0.09, 0.5),
    "sh": (2200.0, 7000.0, 0.08, 0.5),
    "h": (800.0, 4000.0, 0.05, 0.25),
    "t": (2500.0, 8000.0, 0.02, 0.8),
    "k": (1200.0, 4500.0, 0.025, 0.7),
    "p": (200.0, 1800.0, 0.02, 0.7),
    "m": (0.0, 0.0, 0.05, 0.0),
}
TABLE_BITS = 11
TABLE_SIZE = 1 << TABLE_BITS


@dataclass(frozen=True)
class Singer:
    """The parameters of a voice, as ratios, seconds or semitones."""

    size: float  # of the throat: formant frequencies are multiplied by it
    octave: int  # relative to the written pitch
    breath: float
    vibrato: float
    vibrato_hz: float
    glide_s: float  # from the previous note
    attack_s: float
    tilt: float  # share of buzz in the sound

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Singer":
        return cls(
            size=float(rng.uniform(0.85, 1.3)),
            octave=int(rng.choice((-12, 0, 0, 12))),
            breath=float(rng.uniform(0.02, 0.3)),
            vibrato=float(rng.uniform(0, 0.012)),
            vibrato_hz=float(rng.uniform(4.5, 6.5)),
            glide_s=float(rng.uniform(0.01, 0.06)),
            attack_s=float(rng.uniform(0.012, 0.05)),
            tilt=float(rng.uniform(1.0, 1.7)),
        )

    def sing(self, pitch: int, before: int, seconds: float, rng: np.random.Generator) -> tuple[Samples, int]:
        """A syllable on MIDI `pitch`, gliding from pitch `before`, and the number of samples before its vowel."""
        vowel = str(rng.choice(tuple(VOWELS_HZ)))
        low_hz, high_hz, length_s, strength = CONSONANTS[str(rng.choice(tuple(CONSONANTS)))]
        time_s = timeline(seconds + 0.06)
        frequency_hz = hertz(pitch + self.octave)
        glide = np.exp2(np.float32((before - pitch) / 12) * decay(time_s, self.glide_s))
        wave = np.sin(np.float32(2 * np.pi * self.vibrato_hz) * time_s) * (1 - decay(time_s, 0.25))
        steps = (glide * (1 + np.float32(self.vibrato) * wave) * (frequency_hz / SAMPLE_RATE * 2**32)).astype(np.uint32)
        index = np.cumsum(steps, dtype=np.uint32) >> np.uint32(32 - TABLE_BITS)
        voice = self._table(vowel, frequency_hz)[index]
        if self.breath:
            air = rng.uniform(-1, 1, len(time_s)).astype(np.float32)
            voice = voice + np.float32(self.breath) * band(air, 700, 5000, order=1)
        attack, release = int(self.attack_s * SAMPLE_RATE), int(0.05 * SAMPLE_RATE)
        voice[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)[: len(voice)]
        voice[len(voice) - release :] *= np.linspace(1, 0, release, dtype=np.float32)
        n_before = int(length_s * SAMPLE_RATE)
        if not strength:
            return voice, 0
        sound = np.pad(voice, (n_before, 0))
        rest = int(0.02 * SAMPLE_RATE)
        hiss = band(rng.uniform(-1, 1, n_before + rest).astype(np.float32), low_hz, high_hz)
        hiss *= np.interp(np.arange(n_before + rest), (0, n_before * 0.3, n_before, n_before + rest), (0, 1, 0.8, 0))
        sound[: n_before + rest] += np.float32(strength) * hiss
        return sound, n_before

    def _table(self, vowel: str, frequency_hz: float) -> Samples:
        """One period of the vowel, float32 [TABLE_SIZE]."""
        n = np.arange(1, int(min(0.45 * SAMPLE_RATE / frequency_hz, 100)) + 1)
        hz = n * frequency_hz
        strength = np.full(len(n), 0.03)
        for i, formant_hz in enumerate(VOWELS_HZ[vowel]):
            width_hz = 90.0 + 50 * i
            strength += 0.6**i / (1 + ((hz - formant_hz * self.size) / width_hz) ** 2)
        spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex64)
        spectrum[1 : len(n) + 1] = strength * n ** (0.4 - 0.4 * self.tilt) * np.exp(1j * 1.3 * n**2)
        wave = np.fft.irfft(spectrum)
        return (wave / np.abs(wave).max()).astype(np.float32)
