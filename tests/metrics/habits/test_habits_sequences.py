"""Stairs, rolls, trills, jacks and anchors, by hand."""

import math

import pytest

from mug.metrics.habits.moments import Moments
from mug.metrics.habits.sequences import anchors, jacks, rolls, sequences, stairs, trills
from tests.metrics.hand_charts import rows


def run(columns: str) -> list[int]:
    """A run of single notes, one digit each, columns from 0."""
    return [1 << int(column) for column in columns]


def marked(flags: list[bool]) -> str:
    return "".join("x" if flag else "." for flag in flags)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("01230", "xxxx."),
        ("0123210", "xxxxxxx"),  # the turn belongs to both
        ("012012", "......"),
        ("0023", "...."),
        ("0213", "...."),
    ],
)
def test_stairs(columns: str, expected: str) -> None:
    assert marked(stairs(run(columns), 4)) == expected


def test_stairs_are_as_wide_as_three_columns_allow() -> None:
    assert marked(stairs(run("0121"), 3)) == "xxx."
    assert marked(stairs([1, 2, 0b1100, 8], 4)) == "...."


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("01230123", "xxxxxxxx"),
        ("12301230", "xxxxxxxx"),  # begun later
        ("32103210", "xxxxxxxx"),
        ("0120122", "xxxxxx."),
        ("0123012", "......."),  # less than twice
        ("02130213", "........"),  # neither up nor down
        ("010010", "......"),
    ],
)
def test_rolls(columns: str, expected: str) -> None:
    assert marked(rolls(run(columns), 4)) == expected


def test_trills_of_single_notes_and_of_chords() -> None:
    assert marked(trills(run("01013"), chords=False)) == "xxxx."
    assert marked(trills(run("0102"), chords=False)) == "...."
    assert marked(trills(run("0000"), chords=False)) == "...."
    split = [0b0011, 0b1100, 0b0011, 0b1100, 0b1000]
    assert marked(trills(split, chords=True)) == "xxxx."
    assert marked(trills(split, chords=False)) == "....."
    assert marked(trills([0b0011, 0b0110] * 2, chords=True)) == "...."  # a jack in the middle


def test_shares_are_of_notes_and_end_at_rests() -> None:
    chart = rows("x...", ".x..", "x...", ".x..", "....", "....", "xx..", "..xx", "xx..", "..xx")
    assert sequences(Moments.of(chart)) == {
        "in stairs": 0.0, "in rolls": 0.0, "in trills": 4 / 12, "in chord trills": 8 / 12
    }  # fmt: skip
    apart = rows("x...", ".x..", "....", "....", "x...", ".x..")
    assert sequences(Moments.of(apart))["in trills"] == 0.0


def test_jacks_by_their_length() -> None:
    chart = rows("x...", "x.x.", ".xx.", "..x.", "...x", "...x", "...x", "...x", "...x")
    assert jacks(Moments.of(chart)) == {
        "in jacks of 2": 2 / 11, "in jacks of 3": 3 / 11, "in jacks of 4 and more": 5 / 11
    }  # fmt: skip


def test_the_anchor_is_the_most_used_column_of_a_measure() -> None:
    measure = ("x...", ".x..", "x...", "..x.", "x...", "...x", "x...", ".x..")
    assert anchors(Moments.of(rows(*measure, *("x...",) * 2))) == {"anchor": 4 / 8}  # the second has too few notes
    assert math.isnan(anchors(Moments.of(rows("x...", "x...")))["anchor"])
