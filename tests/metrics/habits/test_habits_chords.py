"""Chords by size and place, by hand."""

import math

import numpy as np

from mug.metrics.habits.chords import by_place, places_of, sizes
from mug.metrics.habits.moments import Moments
from tests.metrics.hand_charts import rows


def test_sizes_of_chords_and_what_follows_them() -> None:
    found = sizes(Moments.of(rows("xx..", "x...", "xxx.", "xxxx", "x...", "....", "....", "xx..")))
    assert found == {
        "single notes": 2 / 6, "chords of 2": 2 / 6, "chords of 3": 1 / 6, "chords of 4 and more": 1 / 6,
        "chord after chord": 1 / 3,
    }  # fmt: skip


def test_places_of_ticks() -> None:
    assert places_of(np.array([0, 48, 144, 24, 12, 36, 16, 4])).tolist() == [0, 1, 1, 2, 3, 3, 4, 4]


def test_chords_by_place() -> None:
    """Half beats: beat 1, half, beat 2, half, ..., and beat 1 of the next measure."""
    found = by_place(Moments.of(rows("xx..", "x...", "x...", "....", "....", "....", "xxx.", "....", "xxxx")))
    assert (found["moments on beat 1"], found["notes at once on beat 1"]) == (2 / 5, 3.0)
    assert (found["moments on other beats"], found["notes at once on other beats"]) == (2 / 5, 2.0)
    assert (found["moments on half beats"], found["notes at once on half beats"]) == (1 / 5, 1.0)
    assert found["moments on quarters"] == 0.0
    assert math.isnan(found["notes at once on quarters"])
