"""Chords: how many notes at once, and where in the measure."""

import numpy as np

from mug.metrics.habits.moments import TICKS, Moments

PLACES = ("beat 1", "other beats", "half beats", "quarters", "elsewhere")
AT_ONCE_BEATS = 0.51


def sizes(moments: Moments) -> dict[str, float]:
    """The shares of moments with 1, 2, 3, and 4 or more notes, and how often what follows a chord at once is one, too.

    At once is within half a beat.
    """
    shares = np.bincount(np.minimum(moments.sizes, 4), minlength=5) / len(moments.sizes)
    chord = moments.sizes > 1
    after = chord[:-1] & (moments.gaps <= AT_ONCE_BEATS)
    return {
        "single notes": float(shares[1]),
        "chords of 2": float(shares[2]),
        "chords of 3": float(shares[3]),
        "chords of 4 and more": float(shares[4]),
        "chord after chord": float(chord[1:][after].mean()) if after.any() else float("nan"),
    }


def by_place(moments: Moments) -> dict[str, float]:
    """For each place in the measure: the share of moments there, and how many notes they have on average."""
    places = places_of(moments.ticks)
    figures = {}
    for number, name in enumerate(PLACES):
        there = places == number
        figures[f"moments on {name}"] = float(there.mean())
        figures[f"notes at once on {name}"] = float(moments.sizes[there].mean()) if there.any() else float("nan")
    return figures


def places_of(ticks: np.ndarray) -> np.ndarray:
    """Which of PLACES each tick of a measure is, int64 [N]."""
    conditions = [ticks == 0, ticks % TICKS == 0, ticks % (TICKS // 2) == 0, ticks % (TICKS // 4) == 0]
    return np.select(conditions, [0, 1, 2, 3], 4)
