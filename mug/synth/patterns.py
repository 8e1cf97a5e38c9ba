"""The chart patterns of mappers, named after Etterna's skillsets: chord sizes and note spacing."""

from dataclasses import dataclass

import numpy as np

# About osu! stars; the tables below are interpolated between them.
LEVELS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5, 10.0)
THRESHOLD = (1.4, 1.1, 0.9, 0.7, 0.5, 0.4, 0.3, 0.23, 0.18, 0.14, 0.09, 0.05)  # salience of a charted moment
GAP_MS = (1900, 950, 540, 370, 225, 122, 80, 64, 52, 44, 36, 30)  # between moments of equal salience
LEAST_MS = (900, 480, 260, 185, 105, 76, 58, 46, 36, 30, 26, 22)  # between any two moments
COLUMN_GAP_MS = (2000, 1000, 700, 500, 300, 185, 145, 120, 102, 88, 70, 60)  # between notes of a column
LONG_MS = (450, 450, 400, 345, 335, 168, 95, 78, 70, 62, 52, 46)  # the shortest long note, by stars: osu!'s criteria
# How much of a moment's salience is the usual one of its place, and how much drive changes it, as an exponent.
METRIC = (1.0, 1.0, 1.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # and its place in the measure, as an exponent
EVEN = (1.0, 1.0, 1.0, 1.0, 0.7, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
SWING = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 3.0, 3.5, 3.5)

HANDS_FROM = 2.7  # stars; easier charts have no chords of three notes (of four with 7 keys)


def at_level(table: tuple[float, ...], level: float) -> float:
    """Interpolate a table over LEVELS."""
    return float(np.interp(level, LEVELS, table))


Shares = tuple[float, float, float, float]  # of the moments of a chart, at SHARE_LEVELS; interpolated
SHARE_LEVELS = (1.0, 2.0, 4.0, 7.0)
# What each further key adds to the shares of chords of at least 2, 3 and 4 notes, as a share of them, at SHARE_LEVELS:
# people's 7K charts have more of these than 4K charts with the same stars, but fewer jumps the harder they are.
WIDER = ((0.35, 0.12, 0.18, 0.03), (0.5, 0.45, 0.7, 0.35), (2.0, 2.0, 1.7, 1.0))
LARGER = 0.35  # share of chords of 4 notes that have a fifth from 6 keys on, of these a sixth from 7 on...
FEW_KEYS = 5
# Up to FEW_KEYS, times the shares of chords of at least 2, 3 and 4 notes, so that they are those of people's 4K charts.
FITTED_LEVELS = (1.0, 2.0, 3.0, 4.0, 5.2, 7.0, 9.0)
FITTED = (
    (0.6, 1.45, 1.2, 0.95, 1.25, 0.95, 1.15),
    (1.0, 1.0, 1.5, 0.9, 1.25, 1.0, 1.3),
    (1.0, 1.0, 1.5, 1.8, 1.0, 1.0, 1.5),
)
NONE = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Pattern:
    """A chart pattern."""

    name: str
    levels: tuple[float, float]  # range in which the pattern makes sense
    jumps: Shares  # moments with two notes or more, the strongest ones
    hands: Shares = NONE  # with three or more
    quads: Shares = NONE
    threshold: float = 1.0  # times THRESHOLD of the level
    gap: float = 1.0  # times GAP_MS
    least: float = 1.0  # times LEAST_MS
    column_gap: float = 1.0  # times COLUMN_GAP_MS
    chords_follow: bool = False  # whether chords may follow each other quickly
    apart: float = 0.0  # smallest time between moments in column gaps: with 1 all notes could be in one column
    own_chords: bool = False  # whether its chord sizes make it what it is, so that they are not fitted to people's
    long_notes: bool = True  # whether it works with many long notes

    def shares(self, level: float, keys: int) -> list[float]:
        """The shares of moments with at least 2, 3, ... notes in a chart with `keys` columns."""
        found = [1.0]
        for share, more, fitted in zip((self.jumps, self.hands, self.quads), WIDER, FITTED, strict=True):
            by_keys = 1 + (keys - 4) * float(np.interp(level, SHARE_LEVELS, more))
            wide = float(np.interp(level, SHARE_LEVELS, share)) * max(by_keys, 0.0)
            if keys <= FEW_KEYS and not self.own_chords:
                wide *= float(np.interp(level, FITTED_LEVELS, fitted))
            found.append(min(wide, found[-1]))
        found += [found[-1] * LARGER**more for more in range(1, keys - 4)]
        return found[1:keys]


PATTERNS = {
    pattern.name: pattern
    for pattern in (
        Pattern("stream", (0.3, 10.0), jumps=(0.02, 0.14, 0.18, 0.22), hands=(0.0, 0.0, 0.0, 0.02)),
        Pattern("jumpstream", (1.2, 10.0), jumps=(0.06, 0.35, 0.44, 0.48), hands=(0.0, 0.0, 0.05, 0.09),
                quads=(0.0, 0.0, 0.0, 0.02)),
        Pattern("handstream", (2.8, 10.0), jumps=(0.3, 0.4, 0.54, 0.58), hands=(0.12, 0.17, 0.28, 0.3),
                quads=(0.0, 0.0, 0.01, 0.04), apart=0.5, own_chords=True),
        # Even and without rest. A minute of a harder chart needs other skills more than stamina.
        Pattern("stamina", (0.8, 2.2), jumps=(0.1, 0.3, 0.3, 0.3), threshold=0.3, gap=1.7, least=1.5),
        Pattern("jackspeed", (1.6, 6.0), jumps=(0.03, 0.2, 0.3, 0.35), hands=(0.0, 0.0, 0.03, 0.06), gap=1.5,
                column_gap=0.85, apart=1.0, own_chords=True, long_notes=False),
        Pattern("chordjack", (3.3, 10.0), jumps=(0.7, 0.7, 0.78, 0.8), hands=(0.25, 0.25, 0.28, 0.3),
                quads=(0.08, 0.08, 0.1, 0.1), gap=0.9, least=2.0, column_gap=0.7, chords_follow=True, own_chords=True,
                long_notes=False),
        Pattern("technical", (0.7, 10.0), jumps=(0.03, 0.28, 0.34, 0.4), hands=(0.0, 0.0, 0.05, 0.09),
                quads=(0.0, 0.0, 0.0, 0.02), threshold=1.15, gap=0.7, least=0.7, column_gap=0.85),
    )
}  # fmt: skip
