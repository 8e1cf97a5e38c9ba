"""Presets: difficulties have the stars that their names stand for, and models are offered what they know."""

from mug.config import PROJECT_ROOT
from mug.features import Feature, FeatureSpec
from mug.generation.contradictions import contradiction
from mug.generation.spread import difficulty_of
from mug.webui.presets import PRESETS, SETS, STARS_OF, difficulties_of, presets_of, sets_of, stars_of, with_preset

SPEC = FeatureSpec.from_yaml(PROJECT_ROOT / "configs/mug/mania_beatmap_features.yaml")
UP_TO_FIVE = FeatureSpec([Feature("sr", "numeric", 1, 5, 0.2), Feature("stream", "bool", values=(False, True))])


def test_a_difficulty_is_named_as_its_stars_are() -> None:
    assert [difficulty_of(stars).name for stars in STARS_OF.values()] == list(STARS_OF)


def test_a_set_is_written_easiest_first() -> None:
    assert stars_of(["Insane", "Easy", "Hard"]) == (1.5, 3.3, 4.6)
    assert stars_of(SETS["Easy to Hard"]) == (1.5, 2.3, 3.3)


def test_a_model_is_asked_for_stars_that_it_knows() -> None:
    assert difficulties_of(UP_TO_FIVE) == ["Easy", "Normal", "Hard", "Insane"]
    assert sets_of(UP_TO_FIVE) == ["Easy to Hard", "Easy to Insane"]
    assert sets_of(FeatureSpec([Feature("stream", "bool", values=(False, True))])) == []


def test_a_model_is_asked_for_presets_that_it_knows() -> None:
    assert presets_of(SPEC) == list(PRESETS)
    assert presets_of(UP_TO_FIVE) == []


def test_presets_are_understood_and_can_be_fulfilled() -> None:
    for wishes in PRESETS.values():
        SPEC.check(wishes)
        assert contradiction(wishes) == ""


def test_a_preset_leaves_the_stars_and_replaces_the_rest() -> None:
    prompt = {"sr": 4.0, "rank_status": "ranked", "ln_ratio": 0.5, "technical": 1, "ln": 1}
    assert with_preset(prompt, "Streams") == {"sr": 4.0, "rank_status": "ranked", "ln_ratio": 0.0, "stream": 1}
    assert with_preset(prompt, "") == {"sr": 4.0, "rank_status": "ranked"}
