"""Tunes of composed songs: themes of questions and answers, and arpeggios, in degrees of the scale.

A theme is a plan of phrases, such as a b a c; each phrase has a rhythm, a contour and a texture, from held notes to
runs of sixths of a beat.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mug.synth.genre import TRIPLET
from mug.synth.style import SCALES, Style, pick
from mug.synth.tempo import TICKS

CHORD_DEGREES = (0, 2, 4, 7)
GATES = (0.6, 0.8, 1.0, 1.0)  # note length as a share of the time to the next note
THEME_BARS = 8
# Phrases by their length in bars; a capital letter is the same phrase, varied.
PLANS = {1: ("abacabad", "aabcaabC", "ababcbAd"), 2: ("abac", "abaB", "aaba", "abcb"), 4: ("ab", "aA")}
LENGTHS = (1, 2, 2, 2, 2, 4)
LOWEST, HIGHEST = -3, 11  # degrees of a tune
CONTOURS = {
    "arch": lambda t: np.sin(np.pi * t),
    "valley": lambda t: 1 - np.sin(np.pi * t),
    "rise": lambda t: t,
    "fall": lambda t: 1 - t,
    "wave": lambda t: 0.5 + 0.5 * np.sin(2 * np.pi * t),
}
STEPS, RUNS, BROKEN, RIFF = "steps", "runs", "broken chords", "riff"
SUNG_S, PLAYED_S = 0.11, 0.045  # the shortest notes


@dataclass(frozen=True)
class Texture:
    """How a phrase moves. A cell is a beat's rhythm: `x` a note, `.` none; its characters share the beat evenly."""

    cells: tuple[str, ...]
    thirds: tuple[str, ...]  # the same for a triplet feel
    motions: tuple[str, ...]
    rests: float  # probability that a phrase ends with a held note


TEXTURES = (  # from sparse to dense
    Texture(("x...", "x...", "....", "....", "..x."), ("x..", "x..", "...", "...", "..x"), (STEPS,), 0.9),
    Texture(("x...", "x.x.", "x.x.", "..x.", "....", "x..x"), ("x..", "x.x", "x.x", "..x", "..."), (STEPS,), 0.9),
    Texture(("x..x", "..x.", "x..x", "x.x.", "..xx", "x...", ".x.x"), ("x.x", "..x", "xx.", "x.."), (STEPS,), 0.7),
    Texture(("x.x.", "x.xx", "xxx.", "x.x.", "x..x"), ("x.x", "xxx", "x.x"), (STEPS, STEPS, RIFF, BROKEN), 0.6),
    Texture(("xxxx", "xxxx", "xxxx", "x.xx", "xxx."), ("xxx", "xxx", "x.x"), (RUNS, RUNS, BROKEN, RIFF), 0.4),
    Texture(("xxxxxx", "xxxx", "xxxx", "xxxxxxxx", "x.x."), ("xxx", "xxxxxx", "xxx"), (RUNS, RUNS, BROKEN), 0.3),
)

Bar = tuple[tuple[int, int, int, float], ...]  # (tick in the bar, ticks it lasts, degree, loudness)


@dataclass(frozen=True)
class Theme:
    """A tune of THEME_BARS bars. `chordal`: degrees are counted from the chord, else from the song's root."""

    plan: str  # a letter for each phrase
    phrases: dict[str, tuple[Bar, ...]]
    chordal: bool

    @property
    def phrase_bars(self) -> int:
        return THEME_BARS // len(self.plan)

    def phrase(self, i: int) -> tuple[str, int]:
        """The letter of the phrase of a part's bar `i`, and which of its bars this is."""
        return self.plan[i % THEME_BARS // self.phrase_bars], i % self.phrase_bars

    def bar(self, i: int, varied: bool = False) -> Bar:
        letter, place = self.phrase(i)
        return self.phrases[letter.upper() if varied else letter][place]


def pitch_of(style: Style, degree: int) -> int:
    """MIDI pitch of a scale degree; degree 0 is the song's root, in the octave below middle C."""
    scale = SCALES[style.scale]
    octave, step = divmod(degree, len(scale))
    return style.root + 12 * octave + scale[step]


def on_chord(style: Style, degree: int, chord: int) -> int:
    """The degree of the chord that is nearest to a degree; of two equally near ones the lower."""
    n = len(SCALES[style.scale])
    tones = {(chord + third) % n for third in (0, 2, 4)}
    return next(degree + off for off in (0, -1, 1, -2, 2, -3, 3) if (degree + off) % n in tones)


def compose_theme(style: Style, busy: float, rng: np.random.Generator, sung: bool = False) -> Theme:
    """Compose a theme; `busy` is how many notes it has, 0 to 1, besides what the style asks for."""
    bars = pick(rng, LENGTHS)
    plan = pick(rng, PLANS[bars])
    dense = float(np.clip(0.6 * busy + 0.5 * style.dense + rng.normal(0, 0.12), 0, 0.99))
    texture = TEXTURES[min(int(dense * len(TEXTURES)), 3 if sung else len(TEXTURES) - 1)]
    motion = pick(rng, texture.motions)
    thirds = style.feel == TRIPLET or (style.triplets and bool(rng.random() < 0.5))
    cells = _playable(texture, thirds, 60 / style.bpm, SUNG_S if sung else PLAYED_S)
    gate = pick(rng, GATES)
    span = (int(rng.integers(0, 3)), int(rng.integers(4, 8)))  # lowest degree and range
    phrases: dict[str, tuple[Bar, ...]] = {}
    rhythm = _rhythm(cells, bars, style.meter, texture.rests, rng)
    for i, letter in enumerate(sorted(set(plan.lower()))):
        if i and rng.random() < 0.5:  # an answer often has the rhythm of the question
            rhythm = _rhythm(cells, bars, style.meter, texture.rests, rng)
        final = pick(rng, (0, 2, 7)) if i % 2 else pick(rng, (1, 4, 4, 6))
        degrees = _degrees(len(rhythm), motion, span, final, rng)
        phrases[letter] = _bars(rhythm, degrees, bars, style.meter, gate)
        phrases[letter.upper()] = _bars(
            *_varied(rhythm, degrees, bars * style.meter * TICKS, rng), bars, style.meter, gate
        )
    return Theme(plan, phrases, motion == BROKEN)


def arpeggio(shape: str, n_notes: int, rng: np.random.Generator) -> list[int]:
    """Chord degrees to play one after another."""
    degrees = {
        "up": CHORD_DEGREES,
        "down": CHORD_DEGREES[::-1],
        "up and down": CHORD_DEGREES + CHORD_DEGREES[2:0:-1],
    }.get(shape)
    if degrees is None:
        degrees = tuple(rng.permutation(CHORD_DEGREES).tolist())
    return [degrees[i % len(degrees)] for i in range(n_notes)]


def _playable(texture: Texture, thirds: bool, beat_s: float, shortest_s: float) -> list[str]:
    """The cells of a texture whose notes are not too fast; sparser textures take the place of those that all are."""
    textures = TEXTURES[: TEXTURES.index(texture) + 1]
    for slower in reversed(textures):
        cells = slower.thirds if thirds else slower.cells
        slow = [cell for cell in cells if "xx" not in cell or beat_s / len(cell) >= shortest_s]
        if any("x" in cell for cell in slow):
            return slow
    return ["x..."]


def _rhythm(cells: list[str], n_bars: int, meter: int, rests: float, rng: np.random.Generator) -> list[int]:
    """The ticks of a phrase's notes. Its bars mostly share their rhythm; the last one may end with a held note."""
    drawn = [[pick(rng, cells) for _ in range(meter)]]
    while len(drawn) < n_bars:
        again = rng.random() < 0.55
        drawn.append(drawn[-1] if again else [pick(rng, cells) for _ in range(meter)])
    if rng.random() < 0.8:  # phrases mostly start on the beat
        drawn[0] = ["x" + drawn[0][0][1:], *drawn[0][1:]]
    if rng.random() < rests:
        held = int(rng.integers(1, max(meter // 2, 1) + 1))
        drawn[-1] = [*drawn[-1][: meter - held], "x...", *["...."] * (held - 1)]
    ticks = [
        (beat * TICKS) + i * TICKS // len(cell)
        for beat, cell in enumerate(cell for bar in drawn for cell in bar)
        for i, symbol in enumerate(cell)
        if symbol == "x"
    ]
    return ticks or [0]


def _degrees(n: int, motion: str, span: tuple[int, int], final: int, rng: np.random.Generator) -> list[int]:
    """The degrees of `n` notes along a contour, ending on `final`."""
    lowest, extent = span
    contour = CONTOURS[pick(rng, tuple(CONTOURS))]
    wanted = [lowest + extent * float(contour(i / max(n - 1, 1))) for i in range(n)]
    if motion == BROKEN:
        ladder = (-3, 0, 2, 4, 7, 9, 11)
        turn, up = int(rng.integers(2, 5)), int(rng.choice((1, 1, -1)))
        at = int(rng.integers(0, 3))
        return [ladder[(at + up * _to_and_fro(i, turn)) % len(ladder)] for i in range(n)]
    degree = round(wanted[0])
    degrees = []
    direction = 1
    for i, aim in enumerate(wanted):
        degrees.append(degree)
        toward = 1 if aim > degree else -1
        chance = rng.random()
        if motion == RUNS:
            if chance < 0.12 or not LOWEST < degree + direction < HIGHEST or (i % 4 == 3 and chance < 0.4):
                direction = toward
            step = direction * (2 if chance > 0.9 else 1)
        elif motion == RIFF:
            step = 0 if chance < 0.6 else toward * int(rng.choice((1, 2, 4)))
        else:
            step = toward * (
                1 if chance < 0.55 else 2 if chance < 0.7 else 0 if chance < 0.82 else -1 if chance < 0.92 else 4
            )
        degree = int(np.clip(degree + step, LOWEST, HIGHEST))
    return [*degrees[:-1], final]


def _to_and_fro(i: int, turn: int) -> int:
    """0, 1 ... turn, turn - 1 ... 0, 1 ..."""
    there = i % (2 * turn)
    return min(there, 2 * turn - there)


def _varied(ticks: list[int], degrees: list[int], end: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """The same phrase with some long notes split in two, and another ending."""
    notes = dict(zip(ticks, degrees, strict=True))
    for tick, following in pairwise([*ticks, end]):
        if following - tick >= TICKS and rng.random() < 0.5:
            notes[tick + (following - tick) // 2] = notes[tick] + int(rng.choice((-1, 1)))
    last = [tick for tick in sorted(notes) if tick >= end - TICKS * 2]
    for tick in last:
        notes[tick] += int(rng.choice((-1, 1, 2)))
    return sorted(notes), [notes[tick] for tick in sorted(notes)]


def _bars(ticks: list[int], degrees: list[int], n_bars: int, meter: int, gate: float) -> tuple[Bar, ...]:
    """A phrase cut into bars; a note may last into the next one."""
    bar_ticks = meter * TICKS
    bars: list[list[tuple[int, int, int, float]]] = [[] for _ in range(n_bars)]
    for tick, following, degree in zip(ticks, [*ticks[1:], n_bars * bar_ticks], degrees, strict=True):
        length = max(int((following - tick) * gate), min(2, following - tick))
        loudness = 1.0 if tick % TICKS == 0 else 0.8
        bars[tick // bar_ticks].append((tick % bar_ticks, length, degree, loudness))
    return tuple(tuple(bar) for bar in bars)
