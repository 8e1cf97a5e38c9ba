"""Tunes of synthesised songs: motifs that repeat over the chords, and arpeggios, in scale degrees above a chord."""

from dataclasses import dataclass

import numpy as np

from mug.synth.genres import TRIPLET
from mug.synth.style import SCALES, Style, pick
from mug.synth.tempo import TICKS

CHORD_DEGREES = (0, 2, 4, 7)
PHRASE_BARS = 4  # statement, statement, answer, statement
GATES = (0.6, 0.8, 1.0)  # note length as a share of the time to the next note

Tune = tuple[tuple[int, int, int, float], ...]  # (tick in the bar, ticks it lasts, degrees above the chord, loudness)


@dataclass(frozen=True)
class Motif:
    statement: Tune  # a bar
    answer: Tune

    def bar(self, i: int) -> Tune:
        """The tune of a part's bar `i`: statement, statement, answer, statement."""
        return self.answer if i % PHRASE_BARS == 2 else self.statement


def pitch_of(style: Style, degree: int) -> int:
    """MIDI pitch of a scale degree; degree 0 is the song's root, in the octave below middle C."""
    scale = SCALES[style.scale]
    octave, step = divmod(degree, len(scale))
    return style.root + 12 * octave + scale[step]


def compose_motif(style: Style, busy: float, rng: np.random.Generator, thirds: bool = False) -> Motif:
    """Compose a motif; `busy` is the probability of a note between two beats: halfway, or at thirds with `thirds`."""
    gate = pick(rng, GATES)
    statement = _tune(_rhythm(style, busy, rng, thirds), style, gate, rng)
    answer = _tune(_rhythm(style, busy, rng, thirds), style, gate, rng)
    return Motif(statement, answer)


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


def _rhythm(style: Style, busy: float, rng: np.random.Generator, thirds: bool) -> list[int]:
    """Ticks of a bar with a note: likely on beats, less likely between them."""
    thirds = thirds or style.feel == TRIPLET
    half = TICKS * 2 // 3 if thirds else TICKS // 2
    others = {TICKS // 3: 0.2 if style.feel == TRIPLET else 0.9} if thirds else {TICKS // 4: 0.3, TICKS * 3 // 4: 0.5}
    calm = 0.25 if style.bpm > 150 else 1.0  # fast songs have slower tunes
    between = {half: busy} | {tick: chance * busy * calm for tick, chance in others.items()}
    ticks = [0]
    for start in range(0, style.meter * TICKS, TICKS):
        if start and rng.random() < 0.6 + 0.3 * busy:
            ticks.append(start)
        ticks += [start + tick for tick, chance in sorted(between.items()) if rng.random() < chance]
    return ticks


def _tune(ticks: list[int], style: Style, gate: float, rng: np.random.Generator) -> Tune:
    """Walk through the scale, starting each bar on a chord note."""
    degree = int(pick(rng, CHORD_DEGREES))
    notes = []
    for tick, following in zip(ticks, [*ticks[1:], style.meter * TICKS], strict=True):
        notes.append((tick, max(int((following - tick) * gate), 2), degree, 1.0 if tick % TICKS == 0 else 0.8))
        degree += int(rng.choice((-4, -2, -1, -1, 0, 1, 1, 2, 4)))
        degree = min(max(degree, -1), 8)
    return tuple(notes)
