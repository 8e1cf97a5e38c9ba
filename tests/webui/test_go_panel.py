"""How many charts, or which set: what is offered, shown and asked for."""

import gradio as gr
import pytest

from mug.features import Feature, FeatureSpec
from mug.webui.go_panel import GoPanel
from mug.webui.presets import ONE

SPEC = FeatureSpec([Feature("sr", "numeric", 1, 8, 0.2)])
UP_TO_FOUR = FeatureSpec([Feature("sr", "numeric", 1, 4, 0.2)])
NO_STARS = FeatureSpec([Feature("stream", "bool", values=(False, True))])


@pytest.fixture
def panel() -> GoPanel:
    with gr.Blocks(analytics_enabled=False):
        return GoPanel.build(SPEC)


def test_a_set_replaces_the_number_of_charts(panel: GoPanel) -> None:
    updates = panel.chosen("Easy to Insane")
    assert updates[panel.difficulties]["value"] == ["Easy", "Normal", "Hard", "Insane"]
    assert updates[panel.difficulties]["visible"]
    assert not updates[panel.count]["visible"]
    assert panel.chosen(ONE)[panel.count]["visible"]


def test_the_stars_are_those_of_the_ticked_difficulties(panel: GoPanel) -> None:
    assert panel.spread({panel.what: ONE, panel.difficulties: ["Easy"]}) == ()
    assert panel.spread({panel.what: "Easy to Hard", panel.difficulties: ["Hard", "Easy"]}) == (1.5, 3.3)
    assert panel.spread({panel.what: "Easy to Hard", panel.difficulties: []}) == (1.5, 2.3, 3.3)  # none is ticked


def test_another_model_is_offered_what_it_can_write(panel: GoPanel) -> None:
    values = {panel.what: "Easy to Insane", panel.difficulties: ["Easy", "Insane"]}
    updates = panel.follow(UP_TO_FOUR, values)
    assert updates[panel.what]["value"] == ONE  # it knows no Insane
    assert updates[panel.difficulties]["value"] == ["Easy"]
    assert updates[panel.count]["visible"]
    assert not panel.follow(NO_STARS, values)[panel.what]["visible"]
    kept = panel.follow(SPEC, values)
    assert (kept[panel.what]["value"], kept[panel.difficulties]["value"]) == ("Easy to Insane", ["Easy", "Insane"])
