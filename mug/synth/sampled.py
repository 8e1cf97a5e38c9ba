"""Sampled players: which layers of a song a SoundFont plays, and how their notes are aligned and levelled.

A recording may begin with silence, or with breath and hammer noise below its onset. Each note is therefore moved so
that its onset, not its first sample, is at the event's time. Mono float32 [S] at SAMPLE_RATE.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mug.synth import general_midi as gm
from mug.synth.drums import Tightness
from mug.synth.sound import SAMPLE_RATE, Samples
from mug.synth.soundfont import DRUM_BANK, SoundFont
from mug.synth.style import Style, pick

RELEASE_S, FADE_S = 0.35, 0.1  # how long a released note rings, and its last part, which fades out
SHORTEST_S, LONGEST_S = 0.06, 8.0
SOFTEST, LOUDEST, STEP = 36, 127, 7  # velocities, and the difference between two that sound the same
HUMAN = 0.06  # how unevenly players strike, as a deviation of loudness
FIRST_S = 0.06  # the onset is in this first part of a note
RISEN = 0.1  # at the onset, this share of the first part's peak is reached
LEVEL = 0.33  # RMS of the loudest BLOCK of a note of an instrument, about that of the synthesised ones
BLOCK = SAMPLE_RATE // 40  # 25 ms
LOUDEST_PEAK = 1.6


@dataclass
class SampledPlayer:
    """A layer of a song played by a program or a drum of a SoundFont."""

    font: SoundFont
    bank: int
    program: int
    key: int = 0  # the drum's; 0: notes have a pitch of their own
    tightness: Tightness | None = None  # a drum's
    held: tuple[float, float] = (1.0, 1.0)  # share of their length that notes are held, from soft to loud ones
    played: dict[tuple[int, int, int], tuple[Samples, int]] = field(default_factory=dict)

    @property
    def distorted(self) -> bool:
        return self.bank != DRUM_BANK and self.program in gm.DISTORTED

    def play(
        self, layer: str, pitch: int, loudness: float, seconds: float, rng: np.random.Generator
    ) -> tuple[Samples, int]:
        """A note or hit, at most about 1 at the peak whatever its loudness, and the samples before its onset."""
        struck = loudness * (1 + HUMAN * float(rng.standard_normal()))
        velocity = int(np.clip(SOFTEST + (LOUDEST - SOFTEST) * struck, 1, LOUDEST)) // STEP * STEP
        if self.bank == DRUM_BANK:
            key = self.key or gm.tom_key(pitch)
            held_s = 0.05
            rings_s = gm.RINGS_S.get(layer, 0.5)
        else:
            key = pitch
            held_s = float(np.clip(seconds * np.interp(loudness, (0.4, 1), self.held), SHORTEST_S, LONGEST_S))
            held_s = round(held_s * 50) / 50  # notes of nearly the same length share a sound
            rings_s = RELEASE_S
        name = (key, velocity, round(held_s * 50))
        if name not in self.played:
            sound = self.font.note(self.bank, self.program, key, max(velocity, 1), held_s, rings_s)
            before = onset(sound)
            if self.tightness is not None:
                sound = self.tightness.tight(layer, sound, before)
            self.played[name] = _levelled(sound, self.bank == DRUM_BANK), before
        return self.played[name]


def onset(sound: Samples) -> int:
    """The sample where a note becomes audible."""
    first = np.abs(sound[: round(FIRST_S * SAMPLE_RATE)])
    return int(np.argmax(first >= RISEN * first.max())) if first.any() else 0


def sampled_players(style: Style, fonts: Sequence[SoundFont], rng: np.random.Generator) -> dict[str, SampledPlayer]:
    """Draw the layers of a song that are sampled, each with a player; none without fonts."""
    players: dict[str, SampledPlayer] = {}
    if not fonts:
        return players
    for role, family in style.timbres.items():
        share, programs = gm.PROGRAMS.get(family, (0.0, ()))
        font, chance = pick(rng, fonts), rng.random()
        able = [program for program in programs if (0, program) in font.presets]
        if chance < share and able:
            longest = float(rng.uniform(0.7, 1))
            players[role] = SampledPlayer(font, 0, pick(rng, able), held=(longest, float(rng.uniform(0.7, 1))))
    share, kits = gm.KITS.get(style.kit, (0.0, ()))
    font, chance = pick(rng, fonts), rng.random()
    able = [kit for kit in kits if (DRUM_BANK, kit) in font.presets]
    if chance < share and able:
        kit, tightness = pick(rng, able), Tightness.draw(rng)
        for layer, keys in {**gm.DRUM_KEYS, "tom": (0,)}.items():
            key = pick(rng, keys)
            if rng.random() >= gm.LAYERED:
                players[layer] = SampledPlayer(font, DRUM_BANK, kit, key, tightness)
    return players


def _levelled(sound: Samples, drum: bool) -> Samples:
    """Scale drums to a peak of 1 and notes to LEVEL, and fade out the end."""
    peak = float(np.abs(sound).max()) + 1e-9
    gain = 1 / peak
    if not drum:
        blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
        gain = min(LEVEL / (float(np.sqrt((blocks**2).mean(axis=1).max())) + 1e-9), LOUDEST_PEAK / peak)
    n_fade = min(round(FADE_S * SAMPLE_RATE), len(sound))
    sound = sound * np.float32(gain)
    sound[len(sound) - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return sound
