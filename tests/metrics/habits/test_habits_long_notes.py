"""Long notes, by hand. Beats of 400 ms."""

import math

import pytest

from mug.charts.beatmap import Note
from mug.metrics.habits.long_notes import Held, lengths, long_notes, meanwhile, releases
from mug.metrics.habits.moments import Moments
from tests.metrics.hand_charts import chart_of


def of(*notes: Note, keys: int = 4) -> tuple[Held, Moments]:
    moments = Moments.of(chart_of(*notes, keys=keys))
    return Held.of(moments), moments


def test_lengths_in_beats() -> None:
    ends = (100, 200, 201, 400, 900, 4000)
    found = lengths(of(*(Note(0, column, end) for column, end in enumerate(ends)), keys=6)[0])
    assert found["length, beats"] == pytest.approx(301 / 400 - 0.5 / 400)
    kinds = {name: found[f"length {name}"] for name in ("to 1/4 beat", "to 1/2", "to 1", "to 2", "longer")}
    assert kinds == {"to 1/4 beat": 1 / 6, "to 1/2": 2 / 6, "to 1": 1 / 6, "to 2": 0.0, "longer": 2 / 6}


def test_what_the_hands_do_while_a_note_is_held() -> None:
    taps = (Note(0, 0, 400), Note(0, 3), Note(400, 2))  # the one at the release counts
    holds = (Note(2000, 0, 2400), Note(2200, 3, 2600))  # each holds for the other
    rests = (Note(4000, 0, 4400), Note(4000, 3), Note(4200, 1))
    assert meanwhile(of(*taps, *holds, *rests)[0], 4) == {
        "other hand taps": 1 / 4, "other hand holds": 2 / 4, "other hand rests": 1 / 4, "same hand plays": 1 / 4
    }  # fmt: skip


def test_how_notes_are_released() -> None:
    together = (Note(0, 0, 400), Note(0, 3, 405))
    on_a_note = (Note(2000, 0, 2200), Note(2200, 3))
    one_by_one = (Note(4000, 0, 4300), Note(4000, 3, 4800))
    again = Note(4500, 0)
    assert releases(*of(*together, *on_a_note, *one_by_one, again)) == {
        "released together": 2 / 5,
        "released on a note": 1 / 5,
        "released one by one": 1 / 5,
        "released on a beat": 2 / 5,  # 400 and 4800; 405 is a tick later
        "inverse": 1 / 5,
    }


def test_a_column_hit_at_the_release_is_inverse() -> None:
    held, moments = of(Note(0, 0, 400), Note(400, 0))
    assert releases(held, moments)["inverse"] == 1.0


def test_of_a_few_long_notes_only_the_share_is_counted() -> None:
    few = long_notes(Moments.of(chart_of(*(Note(at * 400, 0, at * 400 + 200) for at in range(9)), Note(0, 1))))
    assert few["long notes"] == 9 / 10
    assert sum(not math.isnan(value) for value in few.values()) == 1
    ten = long_notes(Moments.of(chart_of(*(Note(at * 400, 0, at * 400 + 200) for at in range(10)))))
    assert list(ten) == list(few)
    assert (ten["length, beats"], ten["inverse"]) == (0.5, 0.9)
