"""The style of a synthesised song, drawn before its notes: names, key, tempo, grooves, instruments, levels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from mug.synth.genre import BASS_LINES, CHORD_RHYTHMS, JIG, STRAIGHT, TRIPLET, WALTZ, Genre, Groove, in_meter
from mug.synth.genres import GENRES
from mug.synth.patches import DECAYING, SUSTAINED
from mug.synth.tempo import TICKS as TICKS

Option = TypeVar("Option")

SCALES: dict[str, tuple[int, ...]] = {  # semitones above the root
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}
PROGRESSIONS = (  # scale degrees, one per bar
    (0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 0, 4), (3, 4, 2, 5), (0, 6, 5, 4), (0, 2, 3, 4), (5, 4, 3, 4),
    (0, 0, 3, 4), (1, 4, 0, 0), (0, 0, 0, 0), (3, 4, 5, 5),
)  # fmt: skip
ARP_SHAPES = ("up", "down", "up and down", "random")
BUSES = ("drums", "bass", "chord", "lead", "arp", "vocal", "pad", "effects")  # groups with their own level
SLOWEST_BPM, FASTEST_BPM = 60, 300
STEADY, STEP, GRADUAL, LIVE, RUBATO = "steady", "step", "gradual", "live", "rubato"  # how the tempo changes


@dataclass(frozen=True)
class Style:
    """Everything about a song that is decided before its notes."""

    title: str
    artist: str
    genre: str
    bpm: float
    later_bpm: float | None  # the tempo from the first chorus on, if it changes
    first_beat_s: float
    meter: int  # beats in a bar
    root: int  # MIDI pitch of the key, in the octave below middle C
    scale: str
    verse_groove: Groove
    chorus_groove: Groove
    bass_line: str
    verse_chords: str
    chorus_chords: str
    timbres: dict[str, str]  # families of bass, chord, lead, arp and pad
    arp_shape: str
    arp_step_s: float  # the arpeggio takes the note value closest to this
    gains_db: dict[str, float]  # gain of each bus relative to the usual level
    tempo_kind: str = STEADY  # sudden (STEP) or GRADUAL change to later_bpm; LIVE: each part a bit faster or slower
    rubato: float = 0.0  # how far the tempo of a bar strays with RUBATO, as a ratio
    slowing: bool = False  # whether the song slows down at its end
    swing: float = 0.5  # see SwungTempo
    kit: str = "electronic"
    clap: float = 0.0  # loudness of claps layered on the snare
    perc: str = ""  # a pattern of small percussion
    sung: bool = False
    padded: bool = False
    dynamics: float = 0.3  # how much softer verses and breaks are, 0 to 1
    triplets: bool = False  # melodies of some parts use triplets
    polyrhythm: bool = False  # arpeggios in groups of three steps
    looseness_ms: float = 1.0  # how far players are off the beat
    dense: float = 0.3  # how many fast notes tunes, arpeggios and fills have, 0 to 1
    halved: bool = False  # whether drops have drums in half time
    doubled: bool = False  # whether the last chorus has drums in double time
    lifted: int = 0  # semitones from the last chorus on
    harmony: bool = False  # whether the tune has a second voice when a chorus returns
    pickup: int = 0  # beats before the first full bar

    @property
    def feel(self) -> str:
        return GENRES[self.genre].feel


def draw_style(rng: np.random.Generator) -> Style:
    """Draw the style of a song."""
    genre = pick(rng, [name for name, recipe in GENRES.items() for _ in range(recipe.share)])
    recipe = GENRES[genre]
    bpm = float(rng.integers(recipe.bpm[0], recipe.bpm[1] + 1))
    if rng.random() < 0.08:  # not every tempo is a whole number
        bpm = round(bpm + float(rng.uniform(-0.5, 0.5)), 2)
    tempo_kind = pick(rng, (STEADY,) * 13 + (STEP,) * 4 + (GRADUAL, LIVE, LIVE))
    if rng.random() < recipe.rubato:
        tempo_kind = RUBATO
    later_bpm = _within(round(bpm * pick(rng, (0.75, 0.8, 0.9, 1.1, 1.2, 4 / 3))))
    gains_db = {bus: float(rng.normal(0, 3)) for bus in BUSES}
    gains_db["drums"] += recipe.drums_db
    meter = 3 if recipe.feel in (WALTZ, JIG) else pick(rng, recipe.odd) if recipe.odd and rng.random() < 0.35 else 4
    dense = float(np.clip(recipe.dense + rng.uniform(-0.2, 0.2), 0, 1))
    steps = meter * (3 if recipe.feel == TRIPLET else 4)
    return Style(
        title=" ".join(_word(rng) for _ in range(rng.integers(1, 4))),
        artist=_word(rng) + (" " + _word(rng) if rng.random() < 0.5 else ""),
        genre=genre,
        bpm=_within(bpm),
        later_bpm=later_bpm if tempo_kind in (STEP, GRADUAL) else None,
        first_beat_s=int(rng.integers(80, 2400)) / 1000 if rng.random() < 0.93 else float(rng.integers(3, 9)),
        meter=meter,
        root=int(rng.integers(48, 60)),
        scale=pick(rng, tuple(SCALES)),
        **_accompaniment(recipe, meter, rng),
        timbres={
            "bass": pick(rng, recipe.bass),
            "chord": pick(rng, recipe.chord),
            "lead": pick(rng, recipe.lead if rng.random() < 0.8 else SUSTAINED + DECAYING),
            "arp": pick(rng, recipe.arp),
            "pad": pick(rng, ("strings", "choir", "supersaw", "strings")),
        },
        arp_shape=pick(rng, ARP_SHAPES),
        arp_step_s=float(rng.uniform(0.065, 0.13)) * (1 - 0.4 * dense),
        gains_db=gains_db,
        tempo_kind=tempo_kind,
        rubato=float(rng.uniform(0.03, 0.12)),
        slowing=bool(rng.random() < (0.6 if tempo_kind == RUBATO else 0.08)),
        swing=float(rng.uniform(*recipe.swing)) if rng.random() < 0.8 else 0.5,
        kit=pick(rng, recipe.kits),
        clap=float(rng.uniform(0.4, 1)) if rng.random() < 0.3 else 0.0,
        perc=_scattered(steps, rng) if rng.random() < 0.4 else "",
        sung=bool(rng.random() < recipe.sung),
        padded=bool(rng.random() < recipe.padded),
        dynamics=float(rng.uniform(0, 0.5)),
        triplets=bool(recipe.feel == STRAIGHT and rng.random() < 0.12),
        polyrhythm=bool(rng.random() < 0.2),
        looseness_ms=float(rng.uniform(0, 2)),
        dense=dense,
        halved=bool(rng.random() < recipe.halved),
        doubled=bool(bpm < 200 and rng.random() < 0.1),
        lifted=pick(rng, (1, 1, 2, 3)) if rng.random() < 0.15 else 0,
        harmony=bool(rng.random() < 0.4),
        pickup=int(rng.integers(1, meter)) if rng.random() < 0.15 else 0,
    )


def next_movement(style: Style, rng: np.random.Generator) -> Style:
    """The style of a long song's next section: the same players in another tempo and key, with other patterns."""
    recipe = GENRES[style.genre]
    return replace(
        style,
        bpm=_within(round(style.bpm * pick(rng, (0.5, 0.75, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 4 / 3)))),
        tempo_kind=style.tempo_kind if style.tempo_kind in (LIVE, RUBATO) else STEADY,
        root=48 + (style.root - 48 + pick(rng, (0, 2, 5, 7, 9))) % 12,
        **_accompaniment(recipe, style.meter, rng),
        arp_shape=pick(rng, ARP_SHAPES),
        pickup=0,
    )


def _within(bpm: float) -> float:
    return float(np.clip(bpm, SLOWEST_BPM, FASTEST_BPM))


def _accompaniment(recipe: Genre, meter: int, rng: np.random.Generator) -> dict:
    """Grooves, bass line and chord rhythms, for bars of `meter` beats."""

    def own(pattern: str) -> str:
        return in_meter(pattern, meter) if recipe.feel == STRAIGHT else pattern

    def groove() -> Groove:
        drawn = pick(rng, recipe.grooves)
        fitting = replace(drawn, kick=own(drawn.kick), snare=own(drawn.snare), hat=own(drawn.hat))
        return varied(fitting, recipe.feel, rng)

    return {
        "verse_groove": groove(),
        "chorus_groove": groove(),
        "bass_line": own(pick(rng, recipe.bass_lines or BASS_LINES[recipe.feel])),
        "verse_chords": own(pick(rng, CHORD_RHYTHMS[recipe.feel])),
        "chorus_chords": own(pick(rng, CHORD_RHYTHMS[recipe.feel])),
    }


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """Draw one of `options` uniformly."""
    return options[int(rng.integers(len(options)))]


def varied(groove: Groove, feel: str, rng: np.random.Generator) -> Groove:
    """Vary a groove: add or remove a few hits off the beat, and add ghost notes."""

    beat = 3 if feel == TRIPLET else 4  # steps per beat

    def vary(pattern: str, more: float, fewer: float, ghosts: float) -> str:
        if not pattern.strip("."):
            return pattern
        symbols = list(pattern)
        for i, symbol in enumerate(symbols):
            chance = rng.random()
            if symbol == "." and i % beat:
                symbols[i] = "o" if chance < more else "," if chance < more + ghosts else "."
            elif symbol in "xo," and i % beat and chance < fewer:
                symbols[i] = "."
        return "".join(symbols)

    return replace(
        groove,
        kick=vary(groove.kick, 0.03, 0.15, 0.02),
        snare=vary(groove.snare, 0.02, 0.2, pick(rng, (0.0, 0.05, 0.15))),
        hat=vary(groove.hat, 0.05, 0.1, pick(rng, (0.0, 0.1, 0.4))),
    )


def _scattered(n_steps: int, rng: np.random.Generator) -> str:
    """Hits spread as evenly over a bar as they can be (Toussaint, 2005: Euclidean rhythms), rotated by some steps."""
    n_hits, turn = int(rng.integers(3, n_steps - 3)), int(rng.integers(n_steps))
    hits = [(i + turn) * n_hits % n_steps < n_hits for i in range(n_steps)]
    return "".join(pick(rng, "xxo") if hit else "." for hit in hits)


def _word(rng: np.random.Generator) -> str:
    """An invented, pronounceable word."""
    onsets = ("b", "br", "c", "ch", "d", "f", "fl", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "v")
    vowels = ("a", "a", "e", "e", "i", "i", "o", "o", "u", "ai", "ea")
    codas = ("", "", "", "", "n", "r", "l", "s", "m")
    syllables = (pick(rng, onsets) + pick(rng, vowels) + pick(rng, codas) for _ in range(rng.integers(2, 4)))
    return "".join(syllables).capitalize()
