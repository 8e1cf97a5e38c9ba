"""How far a chart is from its prompt, by hand."""

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.generation.prompt_distance import corrected, measure
from mug.ratings.stars import star_rating


def chart(notes: list[Note]) -> Beatmap:
    return Beatmap(keys=4, notes=notes, timing_points=[TimingPoint(0, 500.0, 4)])


RUN = chart([Note(250.0 * i, i % 4) for i in range(80)])
HELD = chart([Note(250.0 * i, i % 4, 250.0 * i + 200 if i % 2 else None) for i in range(80)])


def test_distances_are_counted_in_tolerances():
    stars = star_rating(RUN)
    assert measure(RUN, {"sr": stars}) == (0.0, stars)
    assert measure(RUN, {"sr": stars + 0.5}).distance == pytest.approx(2.5)
    assert measure(HELD, {"ln_ratio": 0.2}).distance == pytest.approx(6.0)  # half of them are long
    assert measure(HELD, {"ln_ratio": 0.2, "rc": True}).distance == pytest.approx(9.0)  # nor are they rice
    assert measure(HELD, {"hb": True, "ln": True, "rc": False}).distance == 0.0
    assert measure(RUN, {"ln_ratio": None, "rank_status": "ranked"}).distance == 0.0  # nothing to measure


def test_each_step_of_a_skillset_counts():
    assert measure(RUN, {"stream_ett": 30}).distance == pytest.approx(measure(RUN, {"stream_ett": 27}).distance + 1)


def test_a_chart_that_cannot_be_rated_is_the_farthest():
    dense = chart([Note(float(i), column) for i in range(30_000) for column in range(4)])
    assert measure(dense, {"sr": 4.0}) == (float("inf"), None)


def test_what_is_off_is_asked_for_again_by_as_much():
    prompt = {"sr": 3.0, "ln": True}
    assert corrected(prompt, 2.0, prompt) == {"sr": 4.0, "ln": True}
    assert corrected({"sr": 4.0, "ln": True}, 2.5, prompt) == {"sr": 4.5, "ln": True}
    assert corrected({"sr": 4.5, "ln": True}, 3.5, prompt) == {"sr": 4.0, "ln": True}


def test_what_is_near_enough_is_not_asked_for_again():
    prompt = {"sr": 3.0}
    assert corrected(prompt, 3.19, prompt) is None
    assert corrected(prompt, 3.21, prompt) == {"sr": pytest.approx(2.79)}
    assert corrected(prompt, None, prompt) is None
    assert corrected({}, 3.0, {}) is None
