"""A prompt as controls: what the form says is what was written into it."""

import gradio as gr
import pytest

from mug.config import PROJECT_ROOT
from mug.features import Feature, FeatureSpec
from mug.webui.presets import with_preset
from mug.webui.prompt_form import PromptForm


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    return FeatureSpec.from_yaml(PROJECT_ROOT / "configs/mug/mania_beatmap_features.yaml")


@pytest.fixture
def form(spec) -> PromptForm:
    with gr.Blocks(analytics_enabled=False):
        return PromptForm([spec])


def after(form: PromptForm, prompt: dict) -> dict:
    """The values of the form's components after `prompt` was written into it."""
    return updated({component: component.value for component in form.components}, form.write(prompt))


def updated(values: dict, updates: dict) -> dict:
    """The values of components after updates of them."""
    new = {part: update if not isinstance(update, dict) else update.get("value") for part, update in updates.items()}
    return values | {part: value for part, value in new.items() if value is not None}


def test_every_feature_has_a_control_and_only_stars_start_on(form, spec):
    prompt = form.read({component: component.value for component in form.components}, spec)
    assert set(prompt) == set(spec.names)
    assert {name: value for name, value in prompt.items() if value is not None} == {"sr": 4.0}


def test_read_returns_what_write_was_given(form, spec):
    given = {"sr": 5.2, "ln_ratio": 0.3, "rank_status": "loved", "rc": 0, "hb": 1, "ln": 0, "stream": 1, "technical": 0}
    given["stream_ett"] = 21.0
    prompt = form.read(after(form, given), spec)
    assert {name: value for name, value in prompt.items() if value is not None} == given


def test_an_empty_prompt_clears_the_form(form, spec):
    assert set(form.read(after(form, {}), spec).values()) == {None}


def test_numbers_beyond_the_range_are_brought_inside(form, spec):
    prompt = form.read(after(form, {"sr": 11.3, "ln_ratio": -0.2}), spec)
    assert (prompt["sr"], prompt["ln_ratio"]) == (8.0, 0.0)


def test_the_form_says_only_what_the_model_understands(form, spec):
    spec.encode(form.read(after(form, {"sr": 8.0, "rank_status": "ranked", "ln": True, "jackspeed_ett": 35.0}), spec))


def test_the_form_follows_another_model_and_keeps_what_it_knows(spec):
    other = FeatureSpec(
        [
            Feature("sr", "numeric", 2, 5, 0.5),
            Feature("rank_status", "category", values=("ranked", "unranked")),
            Feature("stream", "bool", values=(False, True)),
            Feature("swing", "bool", values=(False, True)),
        ]
    )
    with gr.Blocks(analytics_enabled=False):
        form = PromptForm([spec, other])
    box = {name: control.box for control in form.controls for name in control.names}
    assert box["ln_ratio"].visible
    assert not box["swing"].visible  # only the second model knows it
    values = after(form, {"sr": 7.0, "rank_status": "loved", "stream": 1, "ln_ratio": 0.3})
    values[form.avoided] = ["stream", "chordjack"]
    updates = form.follow(other, values)
    assert set(updates) <= set(form.followers)
    assert [updates[box[name]]["visible"] for name in ("sr", "ln_ratio", "rc", "swing")] == [True, False, False, True]
    values = updated(values, updates)
    assert form.read(values, other) == {"sr": 5.0, "rank_status": None, "stream": 1, "swing": None}
    assert form.read_avoided(values, other) == {"stream": True}
    assert form.read(updated(values, form.follow(spec, values)), spec)["ln_ratio"] == 0.3


def test_a_preset_sets_the_controls(form, spec):
    prompt = form.read(after(form, with_preset({"sr": 4.4, "technical": 1}, "Chordjacks")), spec)
    assert {name: value for name, value in prompt.items() if value is not None} == {
        "sr": 4.4,
        "ln_ratio": 0.0,
        "chordjack": 1,
    }


def test_wishes_that_exclude_each_other_are_pointed_out(form, spec):
    values = after(form, {"ln_ratio": 0.0, "rc": 0, "hb": 0, "ln": 1})
    values[form.avoided] = []
    assert "0% long notes and 10 % long notes or more (no rice): no chart is that at once." in form.notes(
        values, spec, 1.0
    )
    values = after(form, {"stream": 1}) | {form.avoided: ["stream", "jackspeed"]}
    notes = form.notes(values, spec, 1.0)
    assert "Streams are wished for and avoided" in notes
    assert "Guidance, under Advanced, is 1" in notes
    assert form.notes(after(form, {"stream": 1}) | {form.avoided: ["jackspeed"]}, spec, 2.0) == ""
