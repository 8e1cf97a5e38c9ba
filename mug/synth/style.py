"""What a synthesised song is like before a note of it is written: its names, genre, key, tempo, grooves and sounds.

Patterns are strings, one bar each, read left to right: `X` a loud hit, `x` a normal one, `o` a soft one (for a bass,
the octave above), `-` the hit before it sounds on, `.` nothing. The number of characters sets the step: 16 in a bar of
4/4 are quarters of a beat, 12 are thirds, and 12 in a bar of 3/4 are quarters of a beat again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Option = TypeVar("Option")

TICKS = 24  # in a beat: halves, thirds, quarters, sixths and eighths of a beat are whole ticks

SCALES: dict[str, tuple[int, ...]] = {  # semitones above the root
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}
PROGRESSIONS = (  # scale degrees, a bar each
    (0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 0, 4), (3, 4, 2, 5), (0, 6, 5, 4), (0, 2, 3, 4), (5, 4, 3, 4),
)  # fmt: skip

STRAIGHT, TRIPLET, WALTZ = "straight", "triplet", "waltz"
BASS_LINES = {
    STRAIGHT: ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "x--x--x-x--x--x-", "x-------x---x-x-", "x.o.x.o.x.o.x.o.",
               "x-x--x-xx-x--x-o", "x---------x-x-o-"),
    TRIPLET: ("x.xx.xx.xx.x", "x--x--x--x--", "x-----x--x-x", "x.ox.ox.ox.o"),
    WALTZ: ("x-----------", "x---x---o---", "x-----x-x-o-"),
}  # fmt: skip
CHORD_RHYTHMS = {
    STRAIGHT: ("x---------------", "x-------x-------", "x--x--x---------", "..x-..x-..x-..x-", "x-----x-----x---"),
    TRIPLET: ("x-----------", "x-----x-----", "..x..x..x..x", "x----xx----x"),
    WALTZ: ("x-----------", "....x---x---", "x---x---x---"),
}
ARP_SHAPES = ("up", "down", "up and down", "random")


@dataclass(frozen=True)
class Groove:
    """A bar of drums."""

    kick: str
    snare: str
    hat: str


@dataclass(frozen=True)
class Genre:
    bpm: tuple[int, int]
    grooves: tuple[Groove, ...]
    feel: str = STRAIGHT
    swelling: float = 0.5  # how far kicks push the other instruments down


BACKBEAT = "....X.......X..."
GENRES: dict[str, Genre] = {
    "house": Genre((116, 132), (
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
        Groove("X...X...X...X..x", BACKBEAT, "o.x.o.x.o.x.o.xo"),
    ), swelling=0.7),
    "trance": Genre((132, 150), (
        Groove("X...X...X...X...", BACKBEAT, "ooxooox.ooxooox."),
        Groove("X...X...X...X...", "....X.......X..o", "..x...x...x...xx"),
    ), swelling=0.7),
    "rock": Genre((120, 186), (
        Groove("X.....x.X.x.....", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.x.....X.x...x.", BACKBEAT, "x...x...x...x..."),
        Groove("X.......X.x.....", "....X..o....X...", "x.x.x.x.x.x.x.x."),
    ), swelling=0.1),
    "drum and bass": Genre((160, 178), (
        Groove("X.........X.....", "....X..o.o..X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x.......X.....", "....X..o.o..X..o", "x.xxx.xxx.xxx.xx"),
    ), swelling=0.2),
    "hardcore": Genre((172, 210), (
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X...X...X...X.x.", BACKBEAT, "o.x.o.x.o.x.o.x."),
    ), swelling=0.6),
    "hip hop": Genre((90, 108), (
        Groove("X..x..x...X.....", BACKBEAT, "x.xxx.x.x.xxx.xx"),
        Groove("X.....xX..x.....", "....X..o....X..o", "x.x.x.x.x.x.xxx."),
    ), swelling=0.3),
    "half time": Genre((138, 164), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x......x..x..", "........X......o", "x.x.x.x.xxx.x.x."),
    ), swelling=0.4),
    "electro": Genre((104, 140), (
        Groove("X..x..x.X..x..x.", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.....x.X.....x.", "....X..x....X...", "xoxoxoxoxoxoxoxo"),
    ), swelling=0.4),
    "chip tune": Genre((140, 190), (
        Groove("X...x...X...x...", "..o.X.....o.X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x...x.X.x...x.", BACKBEAT, "..x...x...x...x."),
    ), swelling=0.0),
    "shuffle": Genre((96, 160), (
        Groove("X.....X..x..", "...X.....X..", "x.xx.xx.xx.x"),
        Groove("X....xX.....", "...X.o...X.o", "x..x..x..x.."),
    ), feel=TRIPLET, swelling=0.2),
    "waltz": Genre((120, 196), (
        Groove("X...........", "....x...X...", "x.x.x.x.x.x."),
        Groove("X.....x.....", "....X...X..o", "..x...x...x."),
    ), feel=WALTZ, swelling=0.1),
}  # fmt: skip

SUSTAINED = ("saw", "square", "reed", "organ", "choir")  # sound on as long as they are held
DECAYING = ("pluck", "bell", "electric piano")  # ring and fade, however long they are held


@dataclass(frozen=True)
class Style:
    """Everything about a song that is decided before its notes."""

    title: str
    artist: str
    genre: str
    bpm: float
    later_bpm: float | None  # the tempo from the first chorus on, where it changes
    first_beat_s: float
    meter: int  # beats in a bar
    root: int  # MIDI pitch of the key, in the octave below middle C
    scale: str
    verse_groove: Groove
    chorus_groove: Groove
    bass_line: str
    verse_chords: str
    chorus_chords: str
    timbres: dict[str, str]  # of bass, chord, lead and arp
    arp_shape: str
    arp_step_s: float  # the arpeggio takes the note value closest to this
    gains_db: dict[str, float]  # how much louder than usual each instrument is
    reverb: float
    reverb_s: float
    echo: float
    drive: float
    noise_db: float

    @property
    def feel(self) -> str:
        return GENRES[self.genre].feel


def draw_style(rng: np.random.Generator) -> Style:
    """Draw the style of a song."""

    genre = pick(rng, tuple(GENRES))
    recipe = GENRES[genre]
    bpm = float(rng.integers(recipe.bpm[0], recipe.bpm[1] + 1))
    change = pick(rng, (0.8, 0.9, 1.1, 1.2)) if rng.random() < 0.25 else None
    return Style(
        title=" ".join(_word(rng) for _ in range(rng.integers(1, 4))),
        artist=_word(rng) + (" " + _word(rng) if rng.random() < 0.5 else ""),
        genre=genre,
        bpm=bpm,
        later_bpm=None if change is None else float(np.clip(round(bpm * change), 90, 210)),
        first_beat_s=int(rng.integers(80, 2400)) / 1000,
        meter=3 if recipe.feel == WALTZ else 4,
        root=int(rng.integers(48, 60)),
        scale=pick(rng, tuple(SCALES)),
        verse_groove=pick(rng, recipe.grooves),
        chorus_groove=pick(rng, recipe.grooves),
        bass_line=pick(rng, BASS_LINES[recipe.feel]),
        verse_chords=pick(rng, CHORD_RHYTHMS[recipe.feel]),
        chorus_chords=pick(rng, CHORD_RHYTHMS[recipe.feel]),
        timbres={
            "bass": pick(rng, ("saw", "square", "reed", "pluck")),
            "chord": pick(rng, SUSTAINED + DECAYING),
            "lead": pick(rng, (*SUSTAINED, *SUSTAINED, *DECAYING)),
            "arp": pick(rng, ("pluck", "square", "bell", "saw")),
        },
        arp_shape=pick(rng, ARP_SHAPES),
        arp_step_s=float(rng.uniform(0.065, 0.13)),
        gains_db={layer: float(rng.uniform(-2.5, 2.5)) for layer in ("drums", "bass", "chord", "lead", "arp")},
        reverb=float(rng.uniform(0.02, 0.14)),
        reverb_s=float(rng.uniform(0.4, 1.4)),
        echo=float(rng.uniform(0.1, 0.3)) if rng.random() < 0.4 else 0.0,
        drive=float(rng.uniform(0.6, 2.0)),
        noise_db=float(rng.uniform(-75, -48)),
    )


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """Draw one of `options`, each as likely as the others."""
    return options[int(rng.integers(len(options)))]


def _word(rng: np.random.Generator) -> str:
    """An invented word that can be said."""
    onsets = ("b", "br", "c", "ch", "d", "f", "fl", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "v")
    vowels = ("a", "a", "e", "e", "i", "i", "o", "o", "u", "ai", "ea")
    codas = ("", "", "", "", "n", "r", "l", "s", "m")
    syllables = (pick(rng, onsets) + pick(rng, vowels) + pick(rng, codas) for _ in range(rng.integers(2, 4)))
    return "".join(syllables).capitalize()
