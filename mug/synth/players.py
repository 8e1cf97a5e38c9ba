"""Plays the events on their buses: slightly off the beat, with the loudness of the event and its part."""

from collections.abc import Sequence

import numpy as np

from mug.synth import texture
from mug.synth.composition import Composition, Event
from mug.synth.drums import Tightness, drum_kit, tom
from mug.synth.effects import amplifier
from mug.synth.genre import DRUMS
from mug.synth.instruments import note
from mug.synth.patches import draw_patch
from mug.synth.sampled import sampled_players
from mug.synth.sound import SAMPLE_RATE, Samples
from mug.synth.soundfont import SoundFont
from mug.synth.style import BUSES
from mug.synth.voice import Singer

# Loudness of each layer before the song's own gains (Style.gains_db).
LEVELS = {
    "kick": 1.35, "snare": 2.3, "clap": 1.4, "hat": 0.85, "open hat": 0.65, "ride": 0.65, "perc": 0.8, "crash": 0.5,
    "tom": 1.0, "bass": 0.24, "chord": 0.19, "lead": 0.36, "arp": 0.3, "vocal": 0.42, "pad": 0.07, "riser": 0.09,
    "reverse": 0.25, "sweep": 0.06,
}  # fmt: skip
LATEST_S = 0.004  # how far off the beat a player can be
FAMILIAR = 0.02  # notes whose lengths differ by a smaller ratio share a rendered sound


def play(
    composition: Composition, n_samples: int, rng: np.random.Generator, fonts: Sequence[SoundFont] = ()
) -> dict[str, Samples]:
    """Play every event on its bus, mono float32 [S] each. Each distinct sound is rendered once.

    Some of the layers are sampled from `fonts`, if there are any; without them, the song is the same on its own.
    """
    style, tempo = composition.style, composition.tempo
    gains = {name: 10 ** (gain_db / 20) for name, gain_db in style.gains_db.items()}
    buses = {name: np.zeros(n_samples, dtype=np.float32) for name in BUSES}
    tightness = Tightness.draw(rng)
    kit = {layer: tightness.tight(layer, sound) for layer, sound in drum_kit(style.kit, rng).items()}
    patches = {role: draw_patch(family, rng) for role, family in style.timbres.items()}
    singer = Singer.draw(rng)
    human_rng = rng.spawn(1)[0]
    sampled = sampled_players(style, fonts, human_rng)
    levels = _part_levels(composition)
    rendered: dict[tuple[str, int, int], Samples] = {}
    sung = 0  # the pitch of the voice's last note
    for event in composition.events:
        start_s = tempo.seconds(event.tick)
        length_s = tempo.seconds(event.tick + event.n_ticks) - start_s
        before = 0
        if event.layer == "vocal":
            sound, before = singer.sing(event.pitch, sung or event.pitch, length_s, rng)
            sung = event.pitch
        elif event.layer in sampled:
            player = sampled[event.layer]
            sound, before = player.play(event.layer, event.pitch, event.loudness, length_s, human_rng)
        elif event.layer in kit:
            sound = kit[event.layer]
        else:
            key = (event.layer, event.pitch, round(np.log(length_s) / FAMILIAR))
            if key not in rendered:
                rendered[key] = _sound(event, length_s, 60 / style.bpm, patches, rng)
            sound = rendered[key]
        beside_s = float(np.clip(rng.normal(0, style.looseness_ms / 1000), -LATEST_S, LATEST_S))
        start = round((start_s + beside_s) * SAMPLE_RATE) - before
        sound = sound[max(-start, 0) : max(n_samples - start, 0)]
        start = max(start, 0)
        bus = "drums" if event.layer in DRUMS else event.layer if event.layer in BUSES else "effects"
        level = np.float32(
            LEVELS[event.layer] * gains[bus] * event.loudness * levels[event.tick // composition.bar_ticks]
        )
        buses[bus][start : start + len(sound)] += level * sound
    for role, patch in patches.items():
        recorded = role in sampled and sampled[role].distorted
        if patch.drive > 0.5 and not recorded and buses[role].any():
            buses[role] = amplifier(buses[role], patch.drive)
    return buses


def _sound(event: Event, length_s: float, beat_s: float, patches: dict, rng: np.random.Generator) -> Samples:
    """A sound with its own pitch or length."""
    match event.layer:
        case "tom":
            return tom(event.pitch, rng)
        case "riser":
            return texture.riser(length_s, rng)
        case "reverse":
            return texture.reversed_cymbal(length_s, rng)
        case "sweep":
            return texture.noise_sweep(length_s, rng)
        case layer:
            return note(patches[layer], event.pitch, length_s, beat_s, rng)


def _part_levels(composition: Composition) -> list[float]:
    """The loudness of each bar and of the one after the last; a build grows from the previous level to full."""
    levels: list[float] = []
    for part in composition.parts:
        if part.kind == "build" and part.n_bars > 1:
            levels += np.linspace(part.level, 1.0, part.n_bars).tolist()
        else:
            levels += [part.level] * part.n_bars
    return [*levels, levels[-1]]
