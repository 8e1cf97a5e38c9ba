"""Instrument families, from which every song draws its own instruments: no two songs have the same piano.

A family gives ranges for parameters that vary; a single number is the same for all instruments of the family.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Patch:
    """An instrument. Components with value 0 are off."""

    tilt: float = 1.0  # harmonic n has strength 1 / n**tilt
    even: float = 1.0  # strength of the even harmonics
    comb: float = 0.0  # where the string is plucked, as a share of its length
    formant_hz: float = 0.0  # harmonics near it are louder
    dark: float = 1.0  # how much steeper the harmonics fall once the note's brightness has decayed
    bright_s: float = 0.15  # decay time of the brightness
    bright_rest: float = 0.5  # share of the brightness that remains
    swell_s: float = 0.0  # attack time of the brightness, as in brass
    attack_s: float = 0.002
    fade_s: float = 0.0  # decay time even if held; 0 for a sustained sound
    sustain: float = 0.75  # loudness of a held note after its attack
    settle_s: float = 0.08  # time to reach it
    release_s: float = 0.04
    voices: int = 1
    detune: float = 0.004  # of the outermost voices, as a ratio
    fm_ratio: float = 0.0
    fm_index: float = 0.0
    fm_s: float = 0.3  # decay time of the FM index
    vibrato: float = 0.0  # depth, as a ratio
    vibrato_hz: float = 5.5
    glide: float = 0.0  # semitones above the pitch where it starts
    glide_s: float = 0.03
    wobble: float = 0.0  # brightness modulation, cycles per beat
    knock: float = 0.0  # hammer, pick or bow noise at the start
    knock_s: float = 0.01
    breath: float = 0.0  # sustained noise
    drive: float = 0.0  # of the amplifier shared by all notes


Range = tuple[float, float] | float
SUSTAINED_FAMILIES: dict[str, dict[str, Range]] = {
    "saw": {"tilt": (0.9, 1.3), "bright_rest": (0.2, 0.9), "voices": (1, 3.99), "detune": (0.001, 0.008)},
    "supersaw": {"tilt": (0.8, 1.1), "bright_rest": (0.4, 1), "voices": (5, 7.99), "detune": (0.006, 0.016),
                 "attack_s": (0.002, 0.03), "release_s": (0.05, 0.2)},
    "square": {"tilt": (0.9, 1.2), "even": (0, 0.5), "bright_rest": (0.3, 1), "vibrato": (0, 0.006)},
    "reed": {"tilt": (0.9, 1.5), "even": (0.2, 0.8), "attack_s": (0.008, 0.03), "formant_hz": (700, 1600),
             "vibrato": (0, 0.006), "breath": (0, 0.06)},
    "organ": {"tilt": (0.3, 0.8), "even": (0.6, 1.2), "dark": 0.3, "knock": (0, 0.3), "vibrato": (0, 0.005)},
    "choir": {"tilt": (1.4, 2), "formant_hz": (500, 1100), "attack_s": (0.03, 0.12), "voices": (3, 5.99),
              "detune": (0.004, 0.01), "vibrato": (0.002, 0.007), "release_s": (0.1, 0.25), "breath": (0.01, 0.1)},
    "strings": {"tilt": (0.9, 1.4), "attack_s": (0.02, 0.14), "voices": (2, 5.99), "detune": (0.003, 0.008),
                "vibrato": (0.001, 0.006), "release_s": (0.08, 0.2), "breath": (0.01, 0.08), "formant_hz": (900, 2500)},
    "brass": {"tilt": (0.8, 1.3), "attack_s": (0.01, 0.04), "swell_s": (0.03, 0.1), "bright_rest": (0.5, 1),
              "formant_hz": (900, 1500), "voices": (1, 3.99), "vibrato": (0, 0.004)},
    "flute": {"tilt": (1.8, 2.6), "attack_s": (0.02, 0.06), "breath": (0.05, 0.25), "vibrato": (0.002, 0.006)},
    "guitar": {"tilt": (0.7, 1.1), "comb": (0.1, 0.3), "bright_rest": (0.3, 0.8), "knock": (0.1, 0.5), "drive": (4, 25),
               "voices": (1, 2.99), "detune": (0.002, 0.005)},
    "fm": {"tilt": (1.5, 2), "fm_ratio": (0.5, 4), "fm_index": (1, 5), "fm_s": (0.08, 0.6)},
    "wobble": {"tilt": (0.7, 1), "dark": (1.5, 2.5), "wobble": (1, 6.99), "voices": (1, 3.99), "drive": (0, 4),
               "fm_ratio": (0, 1), "fm_index": (0, 2)},
    "sub": {"tilt": (2.5, 3.5), "attack_s": (0.002, 0.008)},
}  # fmt: skip
DECAYING_FAMILIES: dict[str, dict[str, Range]] = {
    "pluck": {"tilt": (0.7, 1.2), "bright_s": (0.03, 0.15), "bright_rest": (0, 0.3), "fade_s": (0.08, 0.4),
              "voices": (1, 3.99), "detune": (0.001, 0.008)},
    "bell": {"tilt": (1.5, 2.5), "fm_ratio": (1.4, 5.5), "fm_index": (0.5, 3), "fm_s": (0.1, 0.5),
             "fade_s": (0.3, 0.9)},
    "electric piano": {"tilt": (1.8, 2.6), "fm_ratio": 1, "fm_index": (0.3, 1.5), "fm_s": (0.1, 0.4),
                       "fade_s": (0.4, 0.9), "knock": (0, 0.2)},
    "piano": {"tilt": (1, 1.6), "comb": 0.125, "bright_s": (0.08, 0.3), "bright_rest": (0, 0.3), "fade_s": (0.4, 1.2),
              "knock": (0.05, 0.4), "knock_s": (0.008, 0.03), "voices": (2, 3.99), "detune": (0.0004, 0.0015),
              "release_s": (0.05, 0.15)},
    "clean guitar": {"tilt": (0.9, 1.4), "comb": (0.1, 0.35), "bright_s": (0.05, 0.2), "bright_rest": (0, 0.3),
                     "fade_s": (0.25, 0.8), "knock": (0.1, 0.5)},
    "harp": {"tilt": (1.4, 2), "comb": (0.3, 0.5), "fade_s": (0.3, 0.8), "knock": (0, 0.15)},
    "pick bass": {"tilt": (0.9, 1.5), "comb": (0.08, 0.25), "bright_s": (0.03, 0.12), "bright_rest": (0, 0.4),
                  "fade_s": (0.3, 0.9), "knock": (0.05, 0.5), "drive": (0, 3)},
    "upright": {"tilt": (1.5, 2.2), "comb": (0.2, 0.4), "fade_s": (0.2, 0.5), "attack_s": (0.003, 0.01),
                "knock": (0.05, 0.25), "glide": (0, 0.5)},
    "808": {"tilt": (2.2, 3), "fade_s": (0.4, 1), "glide": (3, 14), "glide_s": (0.01, 0.04), "drive": (0, 5)},
}  # fmt: skip
FAMILIES = SUSTAINED_FAMILIES | DECAYING_FAMILIES
SUSTAINED, DECAYING = tuple(SUSTAINED_FAMILIES), tuple(DECAYING_FAMILIES)  # sustained while held; ringing and decaying


def draw_patch(family: str, rng: np.random.Generator) -> Patch:
    """Draw an instrument of a family."""
    drawn: dict[str, Any] = {}
    if family not in ("organ", "choir", "strings", "flute"):
        drawn = {"sustain": float(rng.uniform(0.15, 0.8)), "settle_s": float(rng.uniform(0.03, 0.2))}
    for name, span in FAMILIES[family].items():
        drawn[name] = float(rng.uniform(*span)) if isinstance(span, tuple) else span
    if "voices" in drawn:
        drawn["voices"] = int(drawn["voices"])
    if "wobble" in drawn:
        drawn["wobble"] = int(drawn["wobble"]) / 2 + 0.5
    if "fm_ratio" in drawn and family not in ("bell",):
        drawn["fm_ratio"] = round(2 * drawn["fm_ratio"]) / 2  # makes the sound harmonic
    return Patch(**drawn)


def softness(family: str) -> float:
    """How soft the family's onsets are, 0 to 1."""
    span = FAMILIES[family].get("attack_s", 0.002)
    attack_s = max(span) if isinstance(span, tuple) else span
    return min(max(attack_s - 0.005, 0) / 0.15, 1.0)
