"""After how long half measures return, by hand. Half measures of four rows, two beats of 400 ms."""

import math

from mug.metrics.habits.moments import Moments
from mug.metrics.habits.returning import periods, shares_that_return
from tests.metrics.hand_charts import rows

A = ("x...", ".x..", "..x.", "x...")
ANSWER = ("...x", "..x.", ".x..", "...x")
MOVED = (".x..", "..x.", "...x", ".x..")
OTHER = ("x...", "...x", ".x..", "..x.")
SLOW = ("x...", "....", ".x..", "x...")


def figures(*parts: tuple[str, ...]) -> dict[str, float]:
    return periods(Moments.of(rows(*(row for part in parts for row in part))))


def test_ways_in_which_columns_return_after_half_a_measure() -> None:
    found = figures(A, A, ANSWER, ANSWER, A, MOVED, OTHER, SLOW)
    assert found["rhythm as 1/2 before"] == 6 / 7
    assert found["columns as it was, 1/2 before"] == 2 / 6
    assert found["columns mirrored, 1/2 before"] == 2 / 6
    assert found["columns moved, 1/2 before"] == 1 / 6


def test_longer_periods() -> None:
    found = figures(*(A, OTHER, SLOW, MOVED) * 4)
    assert found["columns as it was, 2 before"] == found["rhythm as 2 before"] == 1.0
    assert found["columns as it was, 4 before"] == 1.0
    assert found["columns as it was, 1 before"] == 0.0
    assert found["rhythm as 1 before"] == 7 / 14  # OTHER and MOVED follow each other after a measure


def test_with_fewer_than_four_nothing_is_said() -> None:
    assert all(math.isnan(value) for value in figures(A, A, A, A, ("x...",)).values() if value != 1.0)
    assert math.isnan(figures(A, A, A)["rhythm as 1/2 before"])


def test_shares_are_those_of_mug_evaluate() -> None:
    found = shares_that_return(Moments.of(rows(*A, *OTHER, *ANSWER)))
    assert found == {"rhythm share": 2 / 3, "motif share": 1 / 2}
