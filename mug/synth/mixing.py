"""Renders a composition to stereo samples: sounds at the times of their events, then effects and loudness."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.synth import effects
from mug.synth.balance import balance
from mug.synth.composition import Composition
from mug.synth.genres import GENRES
from mug.synth.players import play
from mug.synth.sound import SAMPLE_RATE, Samples, band
from mug.synth.soundfont import SoundFont
from mug.synth.style import Style, pick
from mug.synth.texture import AMBIENCES, ambience

PANS = {"bass": 0.0, "chord": -0.3, "lead": 0.1, "arp": 0.45, "vocal": 0.0, "pad": 0.2, "effects": 0.0}
CEILING = 0.97  # -0.3 dB, as songs are mastered; decoders give what the encoder's ringing adds as floats


@dataclass(frozen=True)
class Mix:
    """How a song is mixed and mastered."""

    wet: float  # reverb level
    room_s: float
    room_hz: float  # cutoff of the reverb's treble
    drum_room: float
    echo: float
    echo_beats: float
    chorus: bool
    swelling: float  # ducking of the other instruments by kicks
    swell_s: float  # recovery time after ducking
    filtered: bool  # whether a filter opens during builds
    ambience: str
    ambience_db: float
    firmness: float  # how closely the spectrum follows that of other songs
    low_db: float
    high_db: float
    dull_hz: float  # low-pass on the whole mix; 0 for none
    bits: int  # of an old sampler; 0 for none
    saturation: float  # tape or valve saturation of the whole mix; 0 for none
    ratio: float  # of the compressor on the mix
    width: float
    loudness: float  # RMS of the louder half of the song
    drive: float  # how hard the limiter is pushed

    @classmethod
    def draw(cls, style: Style, rng: np.random.Generator) -> "Mix":
        genre = GENRES[style.genre]
        return cls(
            wet=float(rng.uniform(0.05, 0.8) ** 1.3),
            room_s=float(rng.choice((rng.uniform(0.2, 0.6), rng.uniform(0.6, 2), rng.uniform(2, 4)))),
            room_hz=float(rng.uniform(2500, 9000)),
            drum_room=float(rng.uniform(0, 0.3)),
            echo=float(rng.uniform(0.1, 0.55)) if rng.random() < 0.45 else 0.0,
            echo_beats=pick(rng, (0.5, 0.75, 0.75, 1.0)),
            chorus=bool(rng.random() < 0.4),
            swelling=genre.swelling * float(rng.uniform(0, 1)),
            swell_s=float(rng.uniform(0.05, 0.16)),
            filtered=bool(rng.random() < 0.4),
            ambience=pick(rng, AMBIENCES),
            ambience_db=float(rng.uniform(-60, -30)),
            firmness=float(rng.uniform(0.6, 0.95)),
            low_db=float(rng.uniform(-3, 3)),
            high_db=float(rng.uniform(-9, 5)),
            dull_hz=float(rng.uniform(3500, 10_000)) if rng.random() < 0.12 else 0.0,
            bits=int(rng.integers(6, 10)) if rng.random() < 0.06 else 0,
            saturation=float(rng.uniform(0.5, 2)) if rng.random() < 0.4 else 0.0,
            ratio=float(rng.uniform(1, 4)),
            width=float(rng.uniform(0.3, 1.4)),
            loudness=float(rng.uniform(*genre.loud)),
            drive=float(rng.uniform(0.9, 1.5)),
        )


def render(composition: Composition, rng: np.random.Generator, fonts: Sequence[SoundFont] = ()) -> np.ndarray:
    """Render a song, some of it sampled from `fonts`.

    Returns float32 [S, 2] (left, right) at SAMPLE_RATE, within -CEILING..CEILING.
    """
    style = composition.style
    mix = Mix.draw(style, rng)
    n_samples = int(composition.end_s * SAMPLE_RATE)
    stereo = _blend(composition, play(composition, n_samples, rng, fonts), mix, rng)
    if mix.filtered:
        for part in composition.parts:
            if part.kind in ("build", "thin"):
                ends = (part.bar, part.bar + part.n_bars)
                start, stop = (
                    round(composition.tempo.seconds(bar * composition.bar_ticks) * SAMPLE_RATE) for bar in ends
                )
                effects.opening(stereo, start, stop, rising=part.kind == "build")
    return _master(stereo, mix, rng).T


def _blend(composition: Composition, buses: dict[str, Samples], mix: Mix, rng: np.random.Generator) -> np.ndarray:
    """Mix the buses with their effects, [2, S]. Takes them out of `buses` one by one, to free their memory."""
    style = composition.style
    drums = buses.pop("drums")
    swell = _swell(composition, len(drums), mix)
    if mix.echo:
        for name in ("lead", "vocal"):
            effects.echo(buses[name], mix.echo_beats * 60 / style.bpm, mix.echo)
    stereo = np.stack([drums, drums])
    to_room = np.float32(mix.drum_room) * drums
    for name in list(buses):
        bus = buses.pop(name)
        if not bus.any():
            continue
        bus *= swell
        if name != "bass":
            to_room += bus
        left, right = np.float32(1 - max(PANS[name], 0)), np.float32(1 + min(PANS[name], 0))
        if name == "pad" or (mix.chorus and name in ("chord", "lead")):
            stereo += effects.chorus(bus, float(rng.uniform(0.2, 1.5)), 0.003)
        else:
            stereo[0] += left * bus
            stereo[1] += right * bus
    room = effects.reverb(to_room, mix.room_s, mix.room_hz, float(rng.uniform(0, 0.03)), rng)
    return stereo + np.float32(mix.wet) * room


def _swell(composition: Composition, n_samples: int, mix: Mix) -> Samples:
    """The gain of everything but the drums: kicks duck it, and it recovers."""
    gain = np.ones(n_samples, dtype=np.float32)
    if mix.swelling < 0.05:
        return gain
    n = int(4 * mix.swell_s * SAMPLE_RATE)
    dip = (1 - mix.swelling * np.exp(-np.arange(n) / (mix.swell_s * SAMPLE_RATE))).astype(np.float32)
    for event in composition.events:
        if event.layer == "kick" and event.loudness > 0.6:
            start = round(composition.tempo.seconds(event.tick) * SAMPLE_RATE)
            pushed = gain[start : start + len(dip)]
            np.minimum(pushed, dip[: len(pushed)], out=pushed)
    return gain


def _master(stereo: np.ndarray, mix: Mix, rng: np.random.Generator) -> np.ndarray:
    """Equalisation, compression, background, loudness, [2, S]."""
    stereo = balance(stereo, mix.firmness, mix.low_db, mix.high_db)
    if mix.dull_hz:
        stereo = band(stereo, 0, mix.dull_hz)
    stereo = effects.widen(_levelled(stereo, 0.2), mix.width)
    if mix.ratio > 1.2:
        stereo = effects.compress(stereo, 0.12, mix.ratio, 0.01, float(rng.uniform(0.05, 0.25)))
    if mix.saturation:
        stereo = np.tanh(np.float32(mix.saturation) * _levelled(stereo, 0.3))
    if mix.bits:
        stereo = effects.crush(_levelled(stereo, 0.2), mix.bits, int(rng.integers(1, 4)))
    if mix.ambience != "none":
        stereo = _levelled(stereo, 0.2)
        stereo += np.float32(0.2 * 10 ** (mix.ambience_db / 20)) * ambience(mix.ambience, stereo.shape[1], rng)
    pushed = effects.limit(_levelled(stereo, mix.loudness), CEILING, mix.drive)
    return effects.limit(_levelled(pushed, mix.loudness), CEILING, 1.0)


def _levelled(stereo: np.ndarray, loudness: float) -> np.ndarray:
    """Scale so that the louder half of its seconds has an RMS of `loudness`."""
    seconds = stereo[:, : stereo.shape[1] // SAMPLE_RATE * SAMPLE_RATE].reshape(2, -1, SAMPLE_RATE)
    power = np.sort((seconds**2).mean(axis=(0, 2)))
    return stereo * np.float32(loudness / np.sqrt(power[len(power) // 2 :].mean() + 1e-12))
