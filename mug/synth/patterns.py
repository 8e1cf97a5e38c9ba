"""The chart patterns of mappers, named after Etterna's skillsets: chord sizes, column sequences and note spacing."""

from dataclasses import dataclass

import numpy as np

LEVELS = (
    0.0,
    0.5,
    1.0,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    7.0,
    8.5,
)  # about osu! stars; the tables below are interpolated between them
THRESHOLD = (1.3, 1.15, 1.02, 0.8, 0.56, 0.38, 0.27, 0.2, 0.15, 0.1)  # salience of a charted moment
GAP_MS = (900, 480, 330, 205, 145, 112, 92, 78, 66, 50)  # between moments of equal salience
LEAST_MS = (480, 260, 190, 110, 80, 68, 61, 55, 50, 45)  # between any two moments
COLUMN_GAP_MS = (1000, 700, 500, 300, 185, 145, 120, 102, 88, 70)  # between notes of a column
LONG_MS = (450, 400, 345, 335, 168, 120, 105, 95, 85, 75)  # the shortest long note, by stars: osu!'s ranking criteria

HANDS_FROM = 2.7  # stars; easier charts have no chords of three notes (of four with 7 keys)


def at_level(table: tuple[float, ...], level: float) -> float:
    """Interpolate a table over LEVELS."""
    return float(np.interp(level, LEVELS, table))


@dataclass(frozen=True)
class Pattern:
    """A chart pattern. Shares of moments are given at levels 1 and 7, and interpolated linearly."""

    name: str
    levels: tuple[float, float]  # range in which the pattern makes sense
    jumps: tuple[float, float]  # share of moments with two notes or more, the strongest ones
    hands: tuple[float, float] = (0.0, 0.0)  # with three or more
    quads: tuple[float, float] = (0.0, 0.0)
    threshold: float = 1.0  # times THRESHOLD of the level
    gap: float = 1.0  # times GAP_MS
    least: float = 1.0  # times LEAST_MS
    column_gap: float = 1.0  # times COLUMN_GAP_MS
    chords_follow: bool = False  # whether chords may follow each other quickly
    jack: float = 3.0  # cost of a repeated column; deviating from the tune costs `pitch` per column
    anchor: float = 0.35  # cost of returning to a column after one other
    apart: float = 0.0  # smallest time between moments in column gaps: with 1 all notes could be in one column
    run: tuple[int, int] = (0, 0)  # number of consecutive notes in one column
    pitch: float = 0.6  # how closely columns follow the tune
    noise: float = 0.5
    long_notes: bool = True  # whether it works with many long notes

    def share(self, ends: tuple[float, float], level: float) -> float:
        return float(np.interp(level, (1.0, 7.0), ends))


PATTERNS = {
    pattern.name: pattern
    for pattern in (
        Pattern("stream", (0.6, 5.5), jumps=(0.02, 0.15)),
        Pattern("jumpstream", (1.2, 6.5), jumps=(0.25, 0.55), hands=(0.0, 0.07), jack=0.8),
        Pattern("handstream", (2.8, 7.5), jumps=(0.38, 0.58), hands=(0.19, 0.3), apart=0.5, jack=0.6),
        # Even and without rest. A minute of a harder chart needs other skills more than stamina.
        Pattern("stamina", (0.8, 2.2), jumps=(0.2, 0.4), threshold=0.3, gap=1.7, least=1.5, anchor=1.0, noise=0.3),
        Pattern("jackspeed", (1.6, 4.5), jumps=(0.02, 0.12), gap=1.5, column_gap=0.85, apart=1.0, jack=-6.0,
                run=(4, 8), pitch=0.2, noise=0.8, long_notes=False),
        Pattern("chordjack", (3.3, 7.5), jumps=(0.75, 1.0), hands=(0.4, 0.45), quads=(0.08, 0.15), gap=0.9, least=2.0,
                column_gap=0.7, chords_follow=True, jack=0.0, anchor=0.0, pitch=0.0, noise=3.0, long_notes=False),
        Pattern("technical", (0.7, 6.5), jumps=(0.05, 0.3), hands=(0.0, 0.05), threshold=1.15, gap=0.7, least=0.7,
                column_gap=0.85, jack=0.4, anchor=-0.3, noise=1.2),
    )
}  # fmt: skip
