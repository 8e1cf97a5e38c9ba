"""How far a chart is from a wish, by hand."""

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.generation.prompt_distance import ask_again, distance
from mug.ratings.stars import star_rating


def chart(notes: list[Note]) -> Beatmap:
    return Beatmap(keys=4, notes=notes, timing_points=[TimingPoint(0, 500.0, 4)])


RUN = chart([Note(250.0 * i, i % 4) for i in range(80)])
HELD = chart([Note(250.0 * i, i % 4, 250.0 * i + 200 if i % 2 else None) for i in range(80)])


def test_distances_are_counted_in_tolerances():
    stars = star_rating(RUN)
    assert distance(RUN, {"sr": stars}) == 0.0
    assert distance(RUN, {"sr": stars + 0.5}) == pytest.approx(2.5)
    assert distance(HELD, {"ln_ratio": 0.2}) == pytest.approx(6.0)  # half of them are long
    assert distance(HELD, {"ln_ratio": 0.2, "rc": True}) == pytest.approx(9.0)  # nor are they rice
    assert distance(HELD, {"hb": True, "ln": True, "rc": False}) == 0.0
    assert distance(RUN, {"ln_ratio": None, "rank_status": "ranked"}) == 0.0  # not asked for, nothing to measure


def test_each_step_of_a_skillset_counts():
    assert distance(RUN, {"stream_ett": 30}) == pytest.approx(distance(RUN, {"stream_ett": 27}) + 1)


def test_a_chart_that_cannot_be_rated_is_the_farthest():
    dense = chart([Note(float(i), column) for i in range(30_000) for column in range(4)])
    assert distance(dense, {"sr": 4.0}) == float("inf")


def test_what_is_off_is_asked_for_again_by_as_much():
    wishes = {"sr": 3.0, "ln": True}
    assert ask_again(wishes, 2.0, wishes) == {"sr": 4.0, "ln": True}
    assert ask_again({"sr": 4.0, "ln": True}, 2.5, wishes) == {"sr": 4.5, "ln": True}
    assert ask_again({"sr": 4.5, "ln": True}, 3.5, wishes) == {"sr": 4.0, "ln": True}


def test_what_is_near_enough_is_not_asked_for_again():
    wishes = {"sr": 3.0}
    assert ask_again(wishes, 3.19, wishes) is None
    assert ask_again(wishes, 3.21, wishes) == {"sr": pytest.approx(2.79)}
    assert ask_again(wishes, None, wishes) is None
    assert ask_again({}, 3.0, {}) is None
