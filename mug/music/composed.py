"""The notes of our own composer: melody, chords, bass and drums are known exactly."""

import numpy as np

from mug.music.note import NOTE, Music, ordered
from mug.synth import general_midi as gm
from mug.synth.composition import NEVER_CHARTED, Composition, compose
from mug.synth.genre import DRUMS
from mug.synth.style import draw_style
from mug.synth.tempo import TICKS

ROLL_KEY = 38  # a snare


def composed(seed: int, number: int, seconds: float) -> Music:
    """A song of a seed that lasts about `seconds`."""
    style_rng, notes_rng = np.random.default_rng([seed, number]).spawn(2)
    return music_of(compose(draw_style(style_rng), seconds, notes_rng))


def music_of(composition: Composition) -> Music:
    """The notes of a composition; its effects, which are no notes, are left out."""
    tempo, timbres = composition.tempo, composition.style.timbres
    rows = []
    for event in composition.events:
        if event.layer in NEVER_CHARTED:
            continue
        drum = event.layer in DRUMS
        pitch = drum_key(event.layer, event.pitch) if drum else event.pitch
        _, programs = gm.PROGRAMS.get(timbres.get(event.layer, ""), (0.0, (0,)))
        ends_s = tempo.seconds(event.tick + event.n_ticks)
        rows.append(
            (
                1000 * tempo.seconds(event.tick),
                1000 * ends_s,
                event.tick / TICKS,
                min(max(pitch, 0), 127),
                min(max(round(127 * event.loudness), 1), 127),
                0 if drum else programs[0],
                drum,
            )
        )
    return Music(ordered(np.array(rows, NOTE)), ((0.0, float(composition.style.meter)),))


def drum_key(layer: str, pitch: int) -> int:
    """The key of General MIDI that plays a layer of drums; toms have a pitch."""
    if layer == "tom":
        return gm.tom_key(pitch)
    return ROLL_KEY if layer == "roll" else gm.DRUM_KEYS[layer][-1 if layer == "kick" else 0]
