"""Renders a composition to stereo samples: every sound once, mixed where its event says, then effects and loudness."""

import numpy as np
from scipy.signal import oaconvolve

from mug.synth.composition import Composition
from mug.synth.instruments import SAMPLE_RATE, Samples, drum_kit, note, riser, tom
from mug.synth.style import GENRES, Style

# How loud each instrument is before the song's own taste (Style.gains_db), and where it sits: -1 left, 1 right.
LEVELS = {
    "kick": 0.8, "snare": 0.9, "hat": 0.6, "open hat": 0.6, "crash": 0.8, "tom": 0.8,
    "bass": 0.34, "chord": 0.14, "lead": 0.42, "arp": 0.4, "riser": 0.15,
}  # fmt: skip
PANS = {"drums": 0.0, "bass": 0.0, "chord": -0.25, "lead": 0.1, "arp": 0.4}
TARGET_RMS = 0.24  # of the louder half of the song, about that of commercial masters
CEILING = 0.89  # -1 dB, so that the encoder's ringing does not clip


def render(composition: Composition, rng: np.random.Generator) -> np.ndarray:
    """Render a song. Returns float32 [S, 2] (left, right) at SAMPLE_RATE, within -CEILING..CEILING."""
    style = composition.style
    n_samples = int(composition.end_s * SAMPLE_RATE)
    buses = _mix(composition, n_samples, rng)
    swell = _swell(composition, n_samples)
    if style.echo:
        _echo(buses["lead"], int(0.75 * 60 / style.bpm * SAMPLE_RATE), style.echo)
    stereo = np.zeros((2, n_samples), dtype=np.float32)
    wet = np.zeros(n_samples, dtype=np.float32)
    for name, bus in buses.items():
        if name != "drums":
            bus *= swell
        stereo[0] += bus * np.float32(1 - max(PANS[name], 0))
        stereo[1] += bus * np.float32(1 + min(PANS[name], 0))
        if name not in ("drums", "bass"):
            wet += bus
    for side, response in zip(stereo, _room(style, rng), strict=True):
        side += np.float32(style.reverb) * oaconvolve(wet, response)[:n_samples]
        side += np.float32(10 ** (style.noise_db / 20)) * rng.standard_normal(n_samples, dtype=np.float32)
    return _loudness(stereo, style.drive).T


def _mix(composition: Composition, n_samples: int, rng: np.random.Generator) -> dict[str, Samples]:
    """Every event added to its bus: the drums share one. Each distinct sound is rendered once."""
    style, tempo = composition.style, composition.tempo
    gains = {name: 10 ** (gain_db / 20) for name, gain_db in style.gains_db.items()}
    detune = {name: float(rng.choice((0.0, 0.0015, 0.004))) for name in style.timbres}
    buses = {name: np.zeros(n_samples, dtype=np.float32) for name in PANS}
    kit = drum_kit(rng)
    rendered: dict[tuple[str, int, int], Samples] = {}
    for event in composition.events:
        start_s = tempo.seconds(event.tick)
        length_s = tempo.seconds(event.tick + event.n_ticks) - start_s
        key = (event.layer, event.pitch, round(length_s * 1000))
        sound = kit.get(event.layer, rendered.get(key))
        if sound is None:
            if event.layer == "tom":
                sound = tom(event.pitch, rng)
            elif event.layer == "riser":
                sound = riser(length_s, rng)
            else:
                sound = note(style.timbres[event.layer], event.pitch, length_s, detune[event.layer])
            rendered[key] = sound
        bus = event.layer if event.layer in style.timbres else "drums"
        start = round(start_s * SAMPLE_RATE)
        sound = sound[: n_samples - start]
        level = np.float32(LEVELS[event.layer] * gains[bus] * event.loudness)
        buses[bus][start : start + len(sound)] += level * sound
    return buses


def _swell(composition: Composition, n_samples: int) -> Samples:
    """The gain of everything but the drums: kicks push it down, and it comes back within a tenth of a second."""
    depth = GENRES[composition.style.genre].swelling
    gain = np.ones(n_samples, dtype=np.float32)
    dip = (1 - depth * np.exp(-np.arange(SAMPLE_RATE // 4) / (0.07 * SAMPLE_RATE))).astype(np.float32)
    for event in composition.events:
        if event.layer == "kick":
            start = round(composition.tempo.seconds(event.tick) * SAMPLE_RATE)
            pushed = gain[start : start + len(dip)]
            np.minimum(pushed, dip[: len(pushed)], out=pushed)
    return gain


def _echo(bus: Samples, delay: int, gain: float) -> None:
    """Add two echoes, `delay` samples apart, each softer by `gain`."""
    dry = bus.copy()
    for i in (1, 2):
        bus[i * delay :] += np.float32(gain**i) * dry[: -i * delay]


def _room(style: Style, rng: np.random.Generator) -> np.ndarray:
    """A room's impulse responses to the left and right ear: noise that fades, without bass, [2, S]."""
    n = int(style.reverb_s * SAMPLE_RATE)
    response = np.diff(rng.standard_normal((2, n + 1), dtype=np.float32))
    response *= np.exp(-5 * np.arange(n, dtype=np.float32) / n)
    return response / np.sqrt((response**2).sum(axis=1, keepdims=True))


def _loudness(stereo: np.ndarray, drive: float) -> np.ndarray:
    """Compress the peaks (the more `drive`, the harder) and bring the song to the loudness of all others, [2, S]."""
    pressed = np.tanh(np.float32(drive) * _levelled(stereo))
    return np.float32(CEILING) * np.tanh(_levelled(pressed) / np.float32(CEILING))


def _levelled(stereo: np.ndarray) -> np.ndarray:
    """Scaled so that the louder half of its seconds has TARGET_RMS."""
    seconds = stereo[:, : stereo.shape[1] // SAMPLE_RATE * SAMPLE_RATE].reshape(2, -1, SAMPLE_RATE)
    power = np.sort((seconds**2).mean(axis=(0, 2)))
    return stereo * np.float32(TARGET_RMS / np.sqrt(power[len(power) // 2 :].mean()))
