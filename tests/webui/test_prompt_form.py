"""A prompt as controls: what the form says is what was written into it."""

import gradio as gr
import pytest

from mug.config import PROJECT_ROOT
from mug.features import FeatureSpec
from mug.webui.prompt_form import PromptForm


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    return FeatureSpec.from_yaml(PROJECT_ROOT / "configs/mug/mania_beatmap_features.yaml")


@pytest.fixture
def form(spec) -> PromptForm:
    with gr.Blocks(analytics_enabled=False):
        return PromptForm(spec)


def after(form: PromptForm, prompt: dict) -> dict:
    """The values of the form's components after `prompt` was written into it."""
    values = {component: component.value for component in form.components}
    for component, update in form.write(prompt).items():
        if not isinstance(update, dict):
            values[component] = update
        elif "value" in update:
            values[component] = update["value"]
    return values


def test_every_feature_has_a_control_and_only_stars_start_on(form, spec):
    prompt = form.read({component: component.value for component in form.components})
    assert set(prompt) == set(spec.names)
    assert {name: value for name, value in prompt.items() if value is not None} == {"sr": 4.0}


def test_read_returns_what_write_was_given(form):
    given = {"sr": 5.2, "ln_ratio": 0.3, "rank_status": "loved", "rc": 0, "hb": 1, "ln": 0, "stream": 1, "technical": 0}
    given["stream_ett"] = 21.0
    prompt = form.read(after(form, given))
    assert {name: value for name, value in prompt.items() if value is not None} == given


def test_an_empty_prompt_clears_the_form(form):
    assert set(form.read(after(form, {})).values()) == {None}


def test_numbers_beyond_the_range_are_brought_inside(form):
    prompt = form.read(after(form, {"sr": 11.3, "ln_ratio": -0.2}))
    assert (prompt["sr"], prompt["ln_ratio"]) == (8.0, 0.0)


def test_the_form_says_only_what_the_model_understands(form, spec):
    spec.encode(form.read(after(form, {"sr": 8.0, "rank_status": "ranked", "ln": True, "jackspeed_ett": 35.0})))
