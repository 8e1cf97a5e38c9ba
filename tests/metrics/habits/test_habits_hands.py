"""The two hands, by hand."""

import math

from mug.metrics.habits.hands import chord_shapes, hands
from mug.metrics.habits.moments import Moments
from tests.metrics.hand_charts import rows


def test_the_balance_of_both_hands() -> None:
    left, right = ("x...", ".x..") * 4, ("..x.", "...x") * 4
    found = hands(Moments.of(rows(*left, *right)))
    assert (found["hand balance"], found["hand balance in a measure"]) == (0.0, 1.0)
    assert hands(Moments.of(rows(*left, *left, *right)))["hand balance"] == 8 / 24
    assert math.isnan(found["in the middle column"])


def test_how_often_single_notes_change_hands() -> None:
    chart = rows("x...", ".x..", "..x.", "x...", "xx..", "...x", "....", "....", "x...")
    assert hands(Moments.of(chart))["hands change"] == 2 / 3  # chords and rests separate


def test_the_thumb_is_of_neither_hand() -> None:
    chart = rows("x......", "...x...", "......x", "x......")
    found = hands(Moments.of(chart))
    assert (found["hands change"], found["in the middle column"], found["hand balance"]) == (1.0, 1 / 4, 1 / 3)


def test_jumps_of_one_hand_and_of_neighbours() -> None:
    chart = rows("xx..", "..xx", ".xx.", "x..x", "xxx.")
    assert chord_shapes(Moments.of(chart)) == {"jumps of one hand": 2 / 4, "jumps of neighbours": 3 / 4}
    thumbs = rows("x..x...", "x.x....")
    assert chord_shapes(Moments.of(thumbs)) == {"jumps of one hand": 1 / 2, "jumps of neighbours": 0.0}
