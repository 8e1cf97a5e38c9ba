"""The genres: tempo, drum grooves, bass lines, chord rhythms, instruments and their mix.

Patterns are strings, one bar each, read left to right: `X` a loud hit, `x` a normal one, `o` a soft one (for a bass,
the octave above), `,` a barely audible one, `-` sustains the previous hit, `.` nothing. The number of characters
sets the step: 16 in a bar of 4/4 are quarters of a beat, 12 are thirds, and 12 in a bar of 3/4 are quarters again.
"""

from dataclasses import dataclass

STRAIGHT, TRIPLET, WALTZ = "straight", "triplet", "waltz"
BASS_LINES = {
    STRAIGHT: ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "x--x--x-x--x--x-", "x-------x---x-x-", "x.o.x.o.x.o.x.o.",
               "x-x--x-xx-x--x-o", "x---------x-x-o-", "x---------------", ".xxx.xxx.xxx.xxx", "x-------------x-"),
    TRIPLET: ("x.xx.xx.xx.x", "x--x--x--x--", "x-----x--x-x", "x.ox.ox.ox.o", "x-----------"),
    WALTZ: ("x-----------", "x---x---o---", "x-----x-x-o-"),
}  # fmt: skip
CHORD_RHYTHMS = {
    STRAIGHT: ("x---------------", "x-------x-------", "x--x--x---------", "..x-..x-..x-..x-", "x-----x-----x---",
               "x-x-x-x-x-x-x-x-", "x--x--x--x--x-x-", "x.xxx.xxx.xxx.xx"),
    TRIPLET: ("x-----------", "x-----x-----", "..x..x..x..x", "x----xx----x"),
    WALTZ: ("x-----------", "....x---x---", "x---x---x---"),
}  # fmt: skip
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


BACKBEAT = "....X.......X..."
_SYNTHS = ("saw", "supersaw", "square", "reed", "fm", "pluck", "bell")
_BAND = ("guitar", "saw", "organ", "brass", "piano", "strings", "clean guitar", "reed")
_SOFT = ("piano", "electric piano", "clean guitar", "strings", "flute", "harp", "choir", "bell")
_DANCE = ("electronic", "808", "hard", "electronic")

GENRES: dict[str, Genre] = {
    "house": Genre((116, 132), (
        Groove("X...X...X...X...", BACKBEAT, "..x...x...x...x."),
        Groove("X...X...X...X..x", BACKBEAT, "o.x.o.x.o.x.o.xo"),
        Groove("X...X...X...X...", "....x.......x...", "x,x,x,x,x,x,x,x,", "perc"),
    ), ("saw", "sub", "fm", "reed"), ("supersaw", "electric piano", "organ", "piano", "saw"), _SYNTHS,
        ("pluck", "square", "bell", "piano"), ("electronic", "808"), swelling=0.8, swing=(0.5, 0.58)),
    "trance": Genre((132, 150), (
        Groove("X...X...X...X...", BACKBEAT, "ooxooox.ooxooox."),
        Groove("X...X...X...X...", "....X.......X..o", "..x...x...x...xx"),
    ), ("saw", "sub", "square"), ("supersaw", "supersaw", "strings", "choir"), ("supersaw", "saw", "pluck", "bell"),
        ("pluck", "saw", "square", "supersaw"), _DANCE, swelling=0.8, padded=0.8, loud=(0.32, 0.5)),
    "rock": Genre((110, 186), (
        Groove("X.....x.X.x.....", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.x.....X.x...x.", BACKBEAT, "x...x...x...x..."),
        Groove("X.......X.x.....", "....X..o....X...", "x.x.x.x.x.x.x.x.", "ride"),
    ), ("pick bass", "pick bass", "saw"), ("guitar", "guitar", "clean guitar", "organ"),
        ("guitar", "saw", "brass", "reed", "clean guitar"), ("clean guitar", "piano", "guitar"), ("acoustic",),
        sung=0.7, loud=(0.32, 0.48)),
    "metal": Genre((140, 220), (
        Groove("X.x.X.x.X.x.X.x.", BACKBEAT, "x...x...x...x...", "ride"),
        Groove("XxXxXxXxXxXxXxXx", "....X.......X...", "x...x...x...x..."),
        Groove("X..X..X.X..X..X.", "........X.......", "x...x...x...x...", "ride"),
        Groove("X.X.X.X.X.X.X.X.", ".X.X.X.X.X.X.X.X", "x...x...x...x..."),
    ), ("pick bass", "saw"), ("guitar",), ("guitar", "guitar", "strings", "brass"), ("guitar", "piano", "strings"),
        ("acoustic", "acoustic", "hard"), sung=0.4, loud=(0.35, 0.52)),
    "drum and bass": Genre((160, 178), (
        Groove("X.........X.....", "....X..o.o..X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x.......X.....", "....X..,.o..X..o", "x.xxx.xxx.xxx.xx"),
        Groove("X.x.......x.....", "....X,.o,o..X..o", "x,x,x,x,x,x,x,x,", "ride"),
    ), ("saw", "fm", "wobble", "sub"), ("strings", "electric piano", "supersaw", "choir"), _SYNTHS,
        ("pluck", "bell", "square"), ("acoustic", "electronic"), swelling=0.4, padded=0.7, loud=(0.29, 0.5)),
    "breakcore": Genre((170, 220), (
        Groove("X.x...x..xX...x.", "....X..xo.x.X.xX", "x.xxx.xxxxx.x.xx"),
        Groove("X..X..x.X.xx..x.", "..x.X..o.x..XxXx", "xoxoxoxoxoxoxoxo", "ride"),
        Groove("X.XX..X...XX..X.", "....X.x.xX..X.XX", "x...x...x.x.x..."),
    ), ("saw", "fm", "sub"), ("supersaw", "choir", "piano", "strings"), _SYNTHS, ("pluck", "bell", "square", "harp"),
        ("acoustic", "hard", "electronic"), loud=(0.38, 0.57)),
    "hardcore": Genre((172, 220), (
        Groove("X...X...X...X...", BACKBEAT, "..X...X...X...X."),
        Groove("X...X...X...X.x.", BACKBEAT, "o.x.o.x.o.x.o.x."),
        Groove("X...X...X...X...", "................", "..X...X...X...X.", "perc"),
    ), ("saw", "sub", "square"), ("supersaw", "saw", "piano"), ("supersaw", "saw", "square", "fm", "piano"),
        ("pluck", "square", "saw"), ("hard", "hard", "electronic"), swelling=0.7, loud=(0.4, 0.59)),
    "dubstep": Genre((136, 152), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x......x..x..", "........X......o", "x..x..x.x..x..xx"),
    ), ("wobble", "wobble", "fm"), ("supersaw", "strings", "choir"), ("fm", "saw", "square", "bell"),
        ("pluck", "square", "bell"), _DANCE, swelling=0.5, padded=0.6, loud=(0.35, 0.57)),
    "hip hop": Genre((84, 108), (
        Groove("X..x..x...X.....", BACKBEAT, "x.xxx.x.x.xxx.xx"),
        Groove("X.....xX..x.....", "....X..o....X..o", "x.x.x.x.x.x.xxx."),
    ), ("808", "sub", "pick bass"), ("electric piano", "piano", "strings", "clean guitar"), _SOFT, ("pluck", "bell"),
        ("808", "acoustic"), swing=(0.5, 0.62), sung=0.8, loud=(0.27, 0.44)),
    "half time": Genre((138, 164), (
        Groove("X.....x...x.....", "........X.......", "x.x.x.xxx.x.x.xx"),
        Groove("X..x......x..x..", "........X......o", "x.x.x.x.xxx.x.x."),
    ), ("808", "sub", "saw"), ("bell", "strings", "choir", "piano"), ("bell", "flute", "pluck", "saw"),
        ("pluck", "bell", "harp"), ("808", "electronic"), swelling=0.4, sung=0.6),
    "electro": Genre((104, 140), (
        Groove("X..x..x.X..x..x.", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.....x.X.....x.", "....X..x....X...", "xoxoxoxoxoxoxoxo"),
    ), ("saw", "square", "fm"), ("saw", "supersaw", "square", "organ"), _SYNTHS, ("pluck", "square", "saw"),
        ("electronic", "808"), swelling=0.6, loud=(0.32, 0.52)),
    "chip tune": Genre((140, 200), (
        Groove("X...x...X...x...", "..o.X.....o.X...", "x.x.x.x.x.x.x.x."),
        Groove("X.x...x.X.x...x.", BACKBEAT, "..x...x...x...x."),
    ), ("square", "reed"), ("square", "pluck"), ("square", "square", "reed"), ("square", "pluck"),
        ("chip", "chip", "808"), sung=0.0, padded=0.0),
    "shuffle": Genre((96, 160), (
        Groove("X.....X..x..", "...X.....X..", "x.xx.xx.xx.x"),
        Groove("X....xX.....", "...X.o...X.o", "x..x..x..x..", "ride"),
    ), ("pick bass", "saw", "reed"), _BAND, _BAND, ("pluck", "piano", "clean guitar"), ("acoustic", "electronic"),
        feel=TRIPLET, share=1),
    "jazz": Genre((110, 200), (
        Groove("o.......o.......", "....,..,....,.o.", "x...x.x.x...x.x.", "ride"),
        Groove("o..o......o.....", "..,.o..,.,..o..,", "x...x.x.x...x.x.", "ride"),
    ), ("upright",), ("piano", "electric piano", "clean guitar"), ("brass", "reed", "piano", "flute", "clean guitar"),
        ("piano", "clean guitar"), ("jazz",),
        swing=(0.58, 0.667), sung=0.3, padded=0.1, drums_db=-4, loud=(0.13, 0.3), share=1),
    "bossa": Genre((110, 150), (
        Groove("x..xx..xx..xx..x", "x..x..x...x..x..", "oooooooooooooooo"),
        Groove("x..xx..xx..xx..x", "..x..x.x..x..x.x", "xoxoxoxoxoxoxoxo", "perc"),
    ), ("upright", "pick bass"), ("clean guitar", "electric piano"), ("flute", "reed", "clean guitar", "piano"),
        ("clean guitar", "harp"),
        ("jazz", "acoustic"), sung=0.6, padded=0.3, drums_db=-5, loud=(0.16, 0.32), share=1),
    "ballad": Genre((72, 110), (
        Groove("X.......x.x.....", BACKBEAT, "x.x.x.x.x.x.x.x."),
        Groove("X.....x...x.....", "....x.......x...", "o.o.o.o.o.o.o.o."),
    ), ("upright", "pick bass", "sub"), ("piano", "strings", "clean guitar"), ("piano", "strings", "flute", "guitar"),
        ("piano", "harp", "clean guitar"), ("acoustic", "jazz"), sung=0.9, padded=0.8, drums_db=-3,
        loud=(0.19, 0.37), share=1),
    "waltz": Genre((120, 196), (
        Groove("X...........", "....x...X...", "x.x.x.x.x.x."),
        Groove("X.....x.....", "....X...X..o", "..x...x...x."),
    ), ("upright", "reed", "pluck"), _SOFT, (*_SOFT, "reed", "brass"), ("harp", "pluck", "bell"),
        ("acoustic", "orchestral"), feel=WALTZ, share=1),
    "orchestral": Genre((90, 170), (
        Groove("X.......o.......", "............x.xx", "o...o...o...o...", "perc"),
        Groove("X.....x.X.......", "....o...o...x.xx", "........o.......", "perc"),
    ), ("strings", "upright", "brass"), ("strings", "brass", "choir"), ("strings", "brass", "flute", "choir"),
        ("strings", "harp", "piano"), ("orchestral",), sung=0.15, padded=0.7, drums_db=-3, loud=(0.13, 0.35), share=1),
    "ambient": Genre((80, 130), (
        Groove("X...............", "........o.......", "....o.......o..."),
    ), ("sub", "strings"), ("choir", "strings", "electric piano"), _SOFT, ("bell", "pluck", "harp", "piano"),
        ("808", "jazz"), sung=0.3, padded=1.0, drums_db=-6, loud=(0.11, 0.27), share=1),
    "piano solo": Genre((90, 180), (
        Groove("................", "................", "................"),
    ), ("piano",), ("piano",), ("piano",), ("piano",), ("acoustic",), sung=0.1, padded=0.05,
        never=DRUMS | {"riser"}, loud=(0.11, 0.3), share=1),
}  # fmt: skip
