"""Drum kits: kicks, snares, claps, cymbals and small percussion of several kinds, tuned anew for every song.

Every sound starts within a few milliseconds of its first sample, so its onset is at the event's time. Mono float32
[S], 1 at the peak.
"""

from dataclasses import dataclass

import numpy as np

from mug.synth.sound import SAMPLE_RATE, Samples, band, decay, faded, hertz, noise, sweep, timeline

Range = tuple[float, float]

# For each kit: decay of kicks (s) and their drive; share of tone in the snare and decay of its rattle; brightness.
KITS: dict[str, tuple[Range, Range, Range, Range, Range]] = {
    "electronic": ((0.08, 0.22), (1, 3), (0.2, 0.8), (0.05, 0.14), (0.5, 1)),
    "808": ((0.2, 0.6), (1, 4), (0.4, 1), (0.04, 0.12), (0.5, 1)),
    "hard": ((0.12, 0.3), (4, 20), (0.1, 0.6), (0.06, 0.2), (0.6, 1)),
    "acoustic": ((0.06, 0.14), (1, 2), (0.4, 1), (0.06, 0.2), (0.3, 0.9)),
    "jazz": ((0.06, 0.2), (1, 1.2), (0.1, 0.6), (0.05, 0.15), (0.2, 0.6)),
    "chip": ((0.04, 0.1), (1, 2), (0, 0.3), (0.03, 0.1), (0.6, 1)),
    "orchestral": ((0.2, 0.6), (1, 1.5), (0.2, 0.6), (0.08, 0.25), (0.2, 0.6)),
}
KICK = 2.0  # the fading of a kick, relative to that of other drums
SMALL = ("shaker", "tambourine", "cowbell", "conga", "block", "rim", "zap")


@dataclass(frozen=True)
class Tightness:
    """How short a song's drums are: after the hit, all but `rest` of a sound fades to 1 / e within `fade_s`.

    Drums with long tails were why composed music changed more slowly than real music.
    """

    rest: float
    fade_s: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Tightness":
        return cls(rest=float(rng.uniform(0.15, 0.5)), fade_s=float(rng.uniform(0.012, 0.03)))

    def tight(self, layer: str, sound: Samples, onset: int = 0) -> Samples:
        """A layer's sound, whose hit is at sample `onset`, shortened, at a peak of 1. Kicks keep their body longer."""
        time_s = np.maximum(np.arange(len(sound), dtype=np.float32) - onset, 0) / np.float32(SAMPLE_RATE)
        fade_s = self.fade_s * (KICK if layer == "kick" else 1)
        shorter = sound * (np.float32(self.rest) + np.float32(1 - self.rest) * decay(time_s, fade_s))
        return shorter / (np.abs(shorter).max() + np.float32(1e-9))


def drum_kit(kind: str, rng: np.random.Generator) -> dict[str, Samples]:
    """The unpitched sounds of a kit, by layer."""
    ring, drive, tone, rattle, bright = (float(rng.uniform(*span)) for span in KITS[kind])
    metal = kind in ("808", "chip") or rng.random() < 0.3
    kit = {
        "kick": _kick(ring, drive, rng),
        "snare": _snare(tone, rattle, bright, drive, rng),
        "clap": _clap(bright, rng),
        "hat": _cymbal(float(rng.uniform(0.015, 0.07)), bright, metal, rng),
        "open hat": _cymbal(float(rng.uniform(0.07, 0.25)), bright, metal, rng),
        "ride": _ride(bright, rng),
        "crash": _cymbal(float(rng.uniform(0.2, 0.7)), bright, False, rng),
        "perc": _small(str(rng.choice(SMALL)), rng),
    }
    return {name: faded(sound) for name, sound in kit.items()}


def tom(pitch: int, rng: np.random.Generator) -> Samples:
    """A tom tuned to a MIDI pitch."""
    time_s = timeline(0.4)
    frequency_hz = hertz(pitch)
    sound = sweep(time_s, 1.6 * frequency_hz, frequency_hz, 0.04) * decay(time_s, float(rng.uniform(0.08, 0.16)))
    sound[:400] += 0.5 * noise(400, rng, 0, 5000) * np.linspace(1, 0, 400, dtype=np.float32)
    return faded(sound)


def _kick(ring: float, drive: float, rng: np.random.Generator) -> Samples:
    """A falling sine through an amplifier, with a click of noise."""
    time_s = timeline(min(4 * ring, 1.2))
    deep = sweep(time_s, rng.uniform(110, 420), rng.uniform(40, 68), rng.uniform(0.008, 0.05)) * decay(time_s, ring)
    sound = np.tanh(np.float32(drive) * deep)
    n = int(rng.uniform(0.002, 0.012) * SAMPLE_RATE)
    click = noise(n, rng, 0, rng.uniform(1500, 9000)) * np.linspace(1, 0, n, dtype=np.float32)
    sound[:n] += np.float32(rng.uniform(0.1, 1.2)) * click
    return sound


def _snare(tone: float, rattle: float, bright: float, drive: float, rng: np.random.Generator) -> Samples:
    """Two tones for the skin, noise for the wires."""
    time_s = timeline(4 * rattle + 0.1)
    pitch_hz = rng.uniform(150, 260)
    skin = sweep(time_s, 1.5 * pitch_hz, pitch_hz, 0.02) * decay(time_s, rng.uniform(0.03, 0.1))
    skin += 0.5 * sweep(time_s, 2.6 * pitch_hz, 1.8 * pitch_hz, 0.02) * decay(time_s, 0.04)
    wires = noise(len(time_s), rng, rng.uniform(300, 2000), 2500 + 9000 * bright)
    snap = np.float32(rng.uniform(0, 0.7))
    wires *= snap * decay(time_s, 0.008) + (1 - snap) * decay(time_s, rattle)
    sound = np.float32(tone) * skin + np.float32(1.4 - 0.6 * tone) * wires / np.abs(wires).max()
    return np.tanh(np.float32(1 + drive / 4) * sound)


def _clap(bright: float, rng: np.random.Generator) -> Samples:
    """Several noise bursts in quick succession."""
    time_s = timeline(0.3)
    loud = decay(time_s, rng.uniform(0.04, 0.1)) * 0.7
    for _ in range(int(rng.integers(2, 5))):
        start = int(rng.uniform(0, 0.02) * SAMPLE_RATE)
        loud[start:] += decay(time_s[: len(time_s) - start], 0.006)
    low_hz = rng.uniform(600, 1200)
    return noise(len(time_s), rng, low_hz, low_hz * (2 + 5 * bright)) * loud


def _cymbal(ring: float, bright: float, metal: bool, rng: np.random.Generator) -> Samples:
    """High-passed noise, or many square waves at inharmonic pitches."""
    time_s = timeline(min(4.5 * ring + 0.02, 2.5))
    if metal:
        bases_hz = rng.uniform(300, 900, 6)
        sound = sum(np.sign(np.sin(np.float32(2 * np.pi * hz) * time_s)) for hz in bases_hz)
        sound = band(np.asarray(sound, dtype=np.float32), rng.uniform(3000, 7000), 0)
    else:
        sound = noise(len(time_s), rng, rng.uniform(1500, 7000), 5000 + 10_000 * bright)
    snap = np.float32(rng.uniform(0, 0.8))
    return sound * (snap * decay(time_s, 0.005) + (1 - snap) * decay(time_s, ring))


def _ride(bright: float, rng: np.random.Generator) -> Samples:
    """A ping and a long soft wash."""
    time_s = timeline(0.9)
    wash = noise(len(time_s), rng, 3000, 4000 + 9000 * bright) * decay(time_s, rng.uniform(0.15, 0.4))
    ping = sum(np.sin(np.float32(2 * np.pi * hz) * time_s) for hz in rng.uniform(1200, 5500, 5))
    return 0.6 * wash + np.float32(rng.uniform(0.05, 0.3)) * np.asarray(ping) * decay(time_s, rng.uniform(0.05, 0.3))


def _small(kind: str, rng: np.random.Generator) -> Samples:
    """One of the small percussion instruments."""
    time_s = timeline(0.25)
    if kind in ("shaker", "tambourine"):
        loud = decay(time_s, rng.uniform(0.02, 0.05)) * (1 - decay(time_s, 0.004))
        sound = noise(len(time_s), rng, rng.uniform(3000, 6000)) * loud
        if kind == "tambourine":
            jingles = sum(np.sin(np.float32(2 * np.pi * hz) * time_s) for hz in rng.uniform(5000, 9500, 4))
            sound += 0.15 * np.asarray(jingles) * decay(time_s, 0.06)
        return sound
    if kind == "zap":
        return sweep(time_s, rng.uniform(2000, 6000), rng.uniform(80, 400), rng.uniform(0.01, 0.04)) * decay(
            time_s, 0.05
        )
    pitch_hz = {"cowbell": 550.0, "conga": 220.0, "block": 1100.0, "rim": 1700.0}[kind] * rng.uniform(0.7, 1.4)
    ring = {"cowbell": 0.06, "conga": 0.09, "block": 0.025, "rim": 0.012}[kind] * rng.uniform(0.7, 1.5)
    second = 1.48 if kind == "cowbell" else 2.3
    sound = sweep(time_s, 1.1 * pitch_hz, pitch_hz, 0.01) + 0.5 * np.sin(
        np.float32(2 * np.pi * pitch_hz * second) * time_s
    )
    return sound * decay(time_s, ring)
