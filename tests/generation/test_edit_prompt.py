"""What an edit is conditioned on, and what its new notes should be like."""

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.errors import PromptError
from mug.generation.edit_prompt import between, edit_prompt, own_features, wanted_of_part
from mug.ratings.stars import star_rating

OWN = {"sr": 3.0, "ln_ratio": 0.05, "rc": True, "ett": 15.0, "stream_ett": 12.0, "stream": 1}


def chart(n: int, beat_ms: float = 150.0) -> Beatmap:
    return Beatmap(4, [Note(beat_ms * i, i % 4) for i in range(n)], [TimingPoint(0.0, 600.0)])


def test_a_chart_describes_itself():
    features = own_features(chart(50), ["sr", "rc", "rank_status"])
    assert features == {"sr": pytest.approx(star_rating(chart(50))), "rc": True}
    assert own_features(chart(0), ["sr"]) == {}


def test_without_wishes_the_prompt_is_the_charts_own():
    assert edit_prompt(OWN, {"stream": None}) == OWN


def test_skillset_ratings_follow_the_stars():
    scaled = {**OWN, "sr": 4.5, "ett": 22.5, "stream_ett": 18.0}
    assert edit_prompt(OWN, {"sr": 4.5}) == scaled
    assert edit_prompt(OWN, {}, harder=1.5) == scaled
    assert edit_prompt(OWN, {}, harder=-5)["sr"] == 0.1
    with pytest.raises(PromptError, match=r"\+50 stars: give -8 to 8, such as 0\.5"):
        edit_prompt(OWN, {}, harder=50)


def test_a_given_feature_replaces_those_that_it_contradicts():
    assert edit_prompt(OWN, {"ln": True}) == {
        "sr": 3.0, "ln": True, "ett": 15.0, "stream_ett": 12.0, "stream": 1
    }  # fmt: skip
    assert edit_prompt(OWN, {"jumpstream": True}) == {"sr": 3.0, "ln_ratio": 0.05, "rc": True, "jumpstream": True}


@pytest.mark.parametrize(
    ("own", "given", "what"),
    [(OWN, {"sr": 3}, "sr=3 and \\+1 stars: give one"), ({}, {}, "no star rating"), (OWN, {"sr": "high"}, "'high'")],
)
def test_contradictions_are_refused(own, given, what):
    with pytest.raises(PromptError, match=what):
        edit_prompt(own, given, harder=0 if given.get("sr") == "high" else 1)


def test_a_part_is_as_much_harder_as_the_chart_is_to_be():
    old = chart(20)
    prompt = edit_prompt(OWN, {"jumpstream": True}, harder=1.5)
    wanted = wanted_of_part(OWN, {"jumpstream": True}, prompt, old)
    assert wanted == {"jumpstream": True, "sr": pytest.approx(star_rating(old) * 1.5), "ln_ratio": 0.0}
    assert wanted_of_part(OWN, {"ln": True, "sr": 4.0}, edit_prompt(OWN, {"sr": 4.0}), chart(9)) == {"ln": True}


def test_between_two_charts_numbers_are_in_proportion():
    found = between({"sr": 2.0, "stream": 1, "ett": 9.0}, {"sr": 6.0, "stream": 0}, 0.25)
    assert found == {"sr": 3.0, "stream": 1}
