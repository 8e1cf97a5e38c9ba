"""Background sounds: hum, vinyl crackle, a crowd, sweeps and reversed cymbals.

None of them is charted, so a network has to learn to ignore them.
"""

import numpy as np

from mug.synth.sound import SAMPLE_RATE, Samples, band, noise, timeline

AMBIENCES = ("none", "none", "none", "hiss", "hiss", "vinyl", "crowd", "rain", "hum")


def ambience(kind: str, n_samples: int, rng: np.random.Generator) -> Samples:
    """A background as long as the song, with an RMS of about 1 (silence for "none")."""
    if kind == "none":
        return np.zeros(n_samples, dtype=np.float32)
    if kind == "hum":
        time = np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE
        return sum(np.sin(np.float32(2 * np.pi * hz) * time) for hz in (50.0, 100.0, 150.0)).astype(np.float32)  # type: ignore[union-attr]
    sound = noise(
        n_samples, rng, *{"hiss": (1000, 0), "vinyl": (30, 300), "crowd": (300, 2500), "rain": (500, 6000)}[kind]
    )
    if kind in ("vinyl", "rain"):  # clicks and drops
        n = n_samples // SAMPLE_RATE * (12 if kind == "vinyl" else 60)
        drops = np.zeros(n_samples, dtype=np.float32)
        drops[rng.integers(0, n_samples, n)] = rng.exponential(30, n)
        sound = sound + band(drops, 600, 5000, order=1)
    if kind == "crowd":  # it swells and falls, with shouts
        points = rng.uniform(0.2, 1, n_samples // SAMPLE_RATE * 2 + 2)
        sound = sound * np.interp(np.arange(n_samples) * 2 / SAMPLE_RATE, np.arange(len(points)), points)
    return (sound / (np.sqrt((sound**2).mean()) + 1e-9)).astype(np.float32)


def riser(seconds: float, rng: np.random.Generator) -> Samples:
    """Noise that grows until the next part starts, sometimes with a rising tone."""
    time_s = timeline(seconds)
    done = time_s / np.float32(max(seconds, 1e-3))
    sound = noise(len(time_s), rng, rng.uniform(500, 4000))
    if rng.random() < 0.5:
        start_hz = rng.uniform(150, 400)
        sound = sound + np.sin(np.float32(2 * np.pi * start_hz) * time_s * np.exp2(1.5 * done))
    return sound * done**2


def reversed_cymbal(seconds: float, rng: np.random.Generator) -> Samples:
    """A reversed cymbal: it swells and stops."""
    time_s = timeline(seconds)
    swell = np.exp((time_s - np.float32(seconds)) / np.float32(0.25 * seconds))
    return noise(len(time_s), rng, 2000, 0) * swell


def noise_sweep(seconds: float, rng: np.random.Generator) -> Samples:
    """Wind: noise that comes and goes."""
    time_s = timeline(seconds)
    sound = noise(len(time_s), rng, rng.uniform(300, 1500), rng.uniform(2500, 8000))
    return sound * (0.5 - 0.5 * np.cos(np.float32(2 * np.pi / rng.uniform(1.5, 4)) * time_s))
