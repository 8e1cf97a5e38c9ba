"""Effects for buses and the mix: reverb, echo, chorus, amplifier, compressor, limiter, equaliser, lo-fi.

Samples are float32 [S] of one bus or [2, S] of the stereo mix, at SAMPLE_RATE.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import lfilter, oaconvolve

from mug.synth.sound import SAMPLE_RATE, Samples, band

AT_ONCE = 1 << 20  # samples that are worked on at once where that saves memory
BLOCK = 64  # samples per step of the dynamics, 2 ms


def reverb(dry: Samples, seconds: float, high_hz: float, before_s: float, rng: np.random.Generator) -> np.ndarray:
    """Stereo reverb [2, S]: decaying noise without bass, whose treble decays faster."""
    n = int(seconds * SAMPLE_RATE)
    response = band(rng.standard_normal((2, n), dtype=np.float32), 180, high_hz, order=1)
    response *= np.exp(-5 * np.arange(n, dtype=np.float32) / n)
    response /= np.sqrt((response**2).sum(axis=1, keepdims=True))
    delay = int(before_s * SAMPLE_RATE)
    wet = np.zeros((2, len(dry)), dtype=np.float32)
    for side, impulse in zip(wet, response, strict=True):
        side[delay:] = oaconvolve(dry, impulse)[: len(dry) - delay]
    return wet


def echo(bus: Samples, delay_s: float, gain: float) -> None:
    """Add echoes in place, each softer by `gain`, until they are barely audible."""
    dry, delay = bus.copy(), int(delay_s * SAMPLE_RATE)
    for i in range(1, 5):
        if gain**i < 0.05 or i * delay >= len(bus):
            break
        bus[i * delay :] += np.float32(gain**i) * dry[: -i * delay]


def chorus(bus: Samples, rate_hz: float, depth_s: float) -> np.ndarray:
    """The bus and a copy with a varying short delay, [2, S]."""
    both = np.empty((2, len(bus)), dtype=np.float32)
    for start in range(0, len(bus), AT_ONCE):
        time = np.arange(start, min(start + AT_ONCE, len(bus)))
        late = (0.008 + depth_s * np.sin(2 * np.pi * rate_hz / SAMPLE_RATE * time)) * SAMPLE_RATE
        dry, copy = bus[time], bus[np.maximum((time - late).astype(np.int64), 0)]
        both[:, time] = dry + 0.5 * copy, dry - 0.5 * copy
    return both


def amplifier(bus: Samples, drive: float) -> Samples:
    """Distortion and a guitar amplifier's dull speaker, at the same loudness."""
    level = np.sqrt((bus**2).mean()) + 1e-9
    loud = np.tanh(bus * np.float32(drive * 0.25 / level))
    loud = band(loud, 70, 5500 if drive > 4 else 9000)
    return loud * np.float32(level / (np.sqrt((loud**2).mean()) + 1e-9))


def compress(stereo: np.ndarray, threshold: float, ratio: float, attack_s: float, release_s: float) -> np.ndarray:
    """Reduce the level above `threshold` (RMS) by `ratio`, in dB, equally on both channels."""
    n_blocks = stereo.shape[1] // BLOCK
    power = (stereo[:, : n_blocks * BLOCK].reshape(2, n_blocks, BLOCK) ** 2).mean(axis=(0, 2))
    power = uniform_filter1d(power, max(int(attack_s * SAMPLE_RATE / BLOCK), 1))
    over = np.maximum(10 * np.log10(power + 1e-9) - 20 * np.log10(threshold), 0)
    pole = np.exp(-BLOCK / (release_s * SAMPLE_RATE))
    reduction_db = lfilter([1 - pole], [1, -pole], over) * (1 - 1 / ratio)
    return stereo * _stretched(10 ** (-reduction_db / 20), stereo.shape[1])


def limit(stereo: np.ndarray, ceiling: float, drive: float) -> np.ndarray:
    """Amplify by `drive` and limit to `ceiling`: a look-ahead limiter that clips what it misses."""
    stereo = stereo * np.float32(drive)
    n_blocks = -(-stereo.shape[1] // BLOCK)
    loudest = np.maximum(np.abs(stereo[0]), np.abs(stereo[1]))
    padded = np.pad(loudest, (0, n_blocks * BLOCK - stereo.shape[1]))
    peaks = padded.reshape(n_blocks, BLOCK).max(axis=1)
    gain = np.minimum(ceiling / np.maximum(uniform_filter1d(maximum_filter1d(peaks, 9), 5), 1e-6), 1)
    pole = np.exp(-BLOCK / (0.03 * SAMPLE_RATE))
    slow = lfilter([1 - pole], [1, -pole], gain, zi=[pole * gain[0]])[0]
    stereo *= _stretched(np.minimum(slow, gain), stereo.shape[1])
    return np.clip(stereo, -ceiling, ceiling, out=stereo)


def widen(stereo: np.ndarray, width: float) -> np.ndarray:
    """Stereo width: 0 is mono, 1 unchanged, above 1 wider."""
    middle, side = stereo.mean(axis=0), (stereo[0] - stereo[1]) * np.float32(width / 2)
    return np.stack([middle + side, middle - side])


def crush(stereo: np.ndarray, bits: int, hold: int) -> np.ndarray:
    """Quantise to few bits and hold every `hold`-th sample, like an old sampler."""
    steps = np.float32(2 ** (bits - 1))
    held = np.repeat(stereo[:, ::hold], hold, axis=1)[:, : stereo.shape[1]]
    return np.round(held * steps) / steps


def opening(stereo: np.ndarray, start: int, stop: int, rising: bool) -> None:
    """Filter the mix from `start` to `stop` in place, opening a low-pass filter if `rising`, else closing it."""
    piece = stereo[:, start:stop].copy()
    way = np.linspace(0, 3, piece.shape[1], dtype=np.float32)
    if not rising:
        way = way[::-1]
    stages = [_one_pole(_one_pole(piece, hz), hz) for hz in (350.0, 1200.0, 4000.0)] + [piece]
    stereo[:, start:stop] = sum(stage * np.clip(1 - np.abs(way - i), 0, 1) for i, stage in enumerate(stages))


def _one_pole(sound: np.ndarray, hz: float) -> np.ndarray:
    pole = np.exp(-2 * np.pi * hz / SAMPLE_RATE)
    return lfilter([1 - pole], [1, -pole], sound).astype(np.float32)


def _stretched(gain: np.ndarray, n_samples: int) -> np.ndarray:
    """Interpolate a gain per block to a gain per sample, float32."""
    middles = (np.arange(len(gain)) + 0.5) * BLOCK
    stretched = np.empty(n_samples, dtype=np.float32)
    for start in range(0, n_samples, AT_ONCE):
        stop = min(start + AT_ONCE, n_samples)
        stretched[start:stop] = np.interp(np.arange(start, stop), middles, gain)
    return stretched
