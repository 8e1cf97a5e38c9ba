"""What a genre is: tempo, drum grooves, bass lines, chord rhythms, instruments and their mix.

Patterns are strings, one bar each, read left to right: `X` a loud hit, `x` a normal one, `o` a soft one (for a bass,
the octave above), `,` a barely audible one, `-` sustains the previous hit, `.` nothing. A character is a quarter of a
beat, with the triplet feel a third. Straight patterns are bars of 4/4; `in_meter` makes other bars of their beats.
"""

from dataclasses import dataclass

STRAIGHT, TRIPLET, WALTZ, JIG = "straight", "triplet", "waltz", "jig"  # a jig is in 6/8, counted in three beats
BASS_LINES = {
    STRAIGHT: ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "x--x--x-x--x--x-", "x-------x---x-x-", "x.o.x.o.x.o.x.o.",
               "x-x--x-xx-x--x-o", "x---------x-x-o-", "x---------------", ".xxx.xxx.xxx.xxx", "x-------------x-"),
    TRIPLET: ("x.xx.xx.xx.x", "x--x--x--x--", "x-----x--x-x", "x.ox.ox.ox.o", "x-----------"),
    WALTZ: ("x-----------", "x---x---o---", "x-----x-x-o-"),
    JIG: ("x-----x-----", "x---x-x---o-", "x-----x---x-", "x-x-x-x-x-x-"),
}  # fmt: skip
CHORD_RHYTHMS = {
    STRAIGHT: ("x---------------", "x-------x-------", "x--x--x---------", "..x-..x-..x-..x-", "x-----x-----x---",
               "x-x-x-x-x-x-x-x-", "x--x--x--x--x-x-", "x.xxx.xxx.xxx.xx"),
    TRIPLET: ("x-----------", "x-----x-----", "..x..x..x..x", "x----xx----x"),
    WALTZ: ("x-----------", "....x---x---", "x---x---x---"),
    JIG: ("x-----------", "x-----x-----", "x---x-x---x-", "..x-x-..x-x-"),
}  # fmt: skip
BEATS_OF = {3: (0, 1, 3), 4: (0, 1, 2, 3), 5: (0, 1, 2, 2, 3), 7: (0, 1, 2, 3, 0, 1, 3)}  # of a bar of 4/4, by meter
BACKBEAT = "....X.......X..."
DRUMS = frozenset({"kick", "snare", "clap", "hat", "open hat", "ride", "perc", "crash", "tom", "roll"})


@dataclass(frozen=True)
class Groove:
    """A bar of drums."""

    kick: str
    snare: str
    hat: str
    cymbal: str = "hat"  # instrument of the hat pattern: hat, ride or perc


@dataclass(frozen=True)
class Genre:
    bpm: tuple[int, int]
    grooves: tuple[Groove, ...]
    bass: tuple[str, ...]
    chord: tuple[str, ...]
    lead: tuple[str, ...]
    arp: tuple[str, ...]
    kits: tuple[str, ...]
    feel: str = STRAIGHT
    swelling: float = 0.2  # strongest ducking of the other instruments by kicks
    swing: tuple[float, float] = (0.5, 0.5)
    sung: float = 0.4  # share of songs with a voice
    padded: float = 0.4  # share of songs with pads
    never: frozenset[str] = frozenset()  # layers the genre does not have
    drums_db: float = 0.0
    share: int = 2  # relative number of songs
    loud: tuple[float, float] = (0.27, 0.45)  # RMS of the louder half of a song
    bass_lines: tuple[str, ...] = ()  # the genre's own; empty for those of its feel
    dense: float = 0.3  # how many fast notes tunes, arpeggios and fills have, 0 to 1
    rubato: float = 0.0  # share of songs whose tempo breathes with the phrases
    halved: float = 0.0  # share of songs with a drop in half time
    odd: tuple[int, ...] = ()  # meters besides 4, for some songs


def in_meter(pattern: str, meter: int) -> str:
    """A bar of 4/4 as one of another meter, made of its beats."""
    step = len(pattern) // 4
    beats = [pattern[beat * step : (beat + 1) * step] for beat in BEATS_OF[meter]]
    return "".join(beats)
