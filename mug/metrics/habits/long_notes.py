"""Long notes: how long they are, what happens meanwhile, and how they are released.

Axes: N notes, L long notes.
"""

from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import note_arrays
from mug.charts.rows import CHORD_MS
from mug.metrics.habits.moments import Moments
from mug.ratings.long_notes import ln_ratio

LEAST = 10  # long notes of a chart, for more than their share to be counted
LENGTHS = {"to 1/4 beat": 0.25, "to 1/2": 0.5, "to 1": 1.0, "to 2": 2.0, "longer": np.inf}
SLACK_BEATS = 0.03
INVERSE_BEATS = 0.5  # from a release to the column's next note, at most


MEANWHILE = ("other hand taps", "other hand holds", "other hand rests", "same hand plays")
RELEASES = ("released together", "released on a note", "released one by one", "released on a beat", "inverse")


@dataclass(frozen=True)
class Held:
    """The long notes of a chart among all its notes: columns and times of all [N], and which are long, bool [N].

    beat_ms: how long a beat is at each long note's start, [L].
    """

    columns: np.ndarray
    starts_ms: np.ndarray
    ends_ms: np.ndarray
    is_long: np.ndarray
    beat_ms: np.ndarray

    @classmethod
    def of(cls, moments: Moments) -> "Held":
        notes = sorted(moments.chart.notes)
        columns, starts_ms, ends_ms = note_arrays(notes)
        is_long = np.array([note.is_long for note in notes])
        at = np.searchsorted(moments.times_ms, starts_ms[is_long], side="right") - 1
        return cls(columns, starts_ms, ends_ms, is_long, moments.beat_ms[at])


def long_notes(moments: Moments) -> dict[str, float]:
    """All figures of long notes; all but their share are NaN for a chart with fewer than ten."""
    share = {"long notes": ln_ratio(moments.chart)}
    if moments.chart.n_long_notes < LEAST:
        names = ("length, beats", *(f"length {name}" for name in LENGTHS), *MEANWHILE, *RELEASES)
        return share | dict.fromkeys(names, float("nan"))
    held = Held.of(moments)
    return share | lengths(held) | meanwhile(held, moments.keys) | releases(held, moments)


def lengths(held: Held) -> dict[str, float]:
    """The median length in beats, and the shares of each kind of length."""
    beats = (held.ends_ms - held.starts_ms)[held.is_long] / held.beat_ms
    kinds = np.searchsorted(list(LENGTHS.values()), beats - SLACK_BEATS)
    shares = np.bincount(kinds, minlength=len(LENGTHS)) / len(beats)
    of_kinds = {f"length {name}": float(share) for name, share in zip(LENGTHS, shares, strict=True)}
    return {"length, beats": float(np.median(beats))} | of_kinds


def meanwhile(held: Held, keys: int) -> dict[str, float]:
    """What happens while a note is held: in the other hand taps, else only holds, else nothing; and in its own hand.

    Notes that start together with it do not count, those that start at its release do. The thumb is of neither hand.
    """
    counts = np.zeros(len(MEANWHILE))
    side = np.sign(2 * held.columns - (keys - 1))  # -1 left, 0 thumb, 1 right
    for i in np.flatnonzero(held.is_long):
        begun_ms = held.starts_ms[i] + CHORD_MS
        low, high = np.searchsorted(held.starts_ms, [begun_ms, held.ends_ms[i] + CHORD_MS], side="right")
        is_other = side[:high] != side[i]
        taps = (is_other & ~held.is_long[:high])[low:].any()
        holds = (is_other & held.is_long[:high] & (held.ends_ms[:high] > begun_ms)).any()
        counts[0 if taps else 1 if holds else 2] += 1
        counts[3] += (~is_other[low:]).any()
    return dict(zip(MEANWHILE, (counts / held.is_long.sum()).tolist(), strict=True))


def releases(held: Held, moments: Moments) -> dict[str, float]:
    """How notes are released, as shares of long notes.

    Together with another one; when another note starts; while another one is held on; on a beat; and in a column that
    is hit again within half a beat (inverse charts hold all columns that are not about to be hit).
    """
    heads, tails = held.starts_ms[held.is_long], held.ends_ms[held.is_long]
    in_order = np.sort(tails)
    begun_before = np.searchsorted(heads, tails - CHORD_MS, side="left")
    ended = np.searchsorted(in_order, tails + CHORD_MS, side="right")
    again = np.zeros(len(tails), bool)
    for column in np.unique(held.columns[held.is_long]):
        of_column = held.columns[held.is_long] == column
        starts = np.append(held.starts_ms[held.columns == column], np.inf)
        following = starts[np.searchsorted(starts, tails[of_column])]
        again[of_column] = following - tails[of_column] <= (INVERSE_BEATS + SLACK_BEATS) * held.beat_ms[of_column]
    figures = (
        _near(in_order, tails) > 1,
        _near(held.starts_ms, tails) > 0,
        begun_before > ended,
        moments.on_beat(tails),
        again,
    )
    return {name: float(values.mean()) for name, values in zip(RELEASES, figures, strict=True)}


def _near(sorted_ms: np.ndarray, times_ms: np.ndarray) -> np.ndarray:
    """How many of the sorted times are in a chord with each time."""
    highs = np.searchsorted(sorted_ms, times_ms + CHORD_MS, side="right")
    return highs - np.searchsorted(sorted_ms, times_ms - CHORD_MS, side="left")
