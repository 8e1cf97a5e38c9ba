"""A prompt as controls of the web page: the features of all its models, those of the chosen one shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from mug.features import Feature, FeatureSpec
from mug.webui.feature_words import SKILL_RATING, words_of
from mug.webui.fields import Fields, Values
from mug.webui.prompt_controls import (
    MAP_TYPES,
    ChoiceControl,
    Control,
    Given,
    MapTypeControl,
    NumericControl,
    feature_in,
)

IN_FRONT = ("sr", "ln_ratio", "rank_status")  # the other features are in the accordion


class PromptForm:
    """The controls of a prompt. Creating one adds them to the current gradio layout."""

    def __init__(self, specs: Sequence[FeatureSpec]) -> None:
        """specs: the features of each model; those of the first are shown at first."""
        self.controls: list[Control] = []
        self._features: dict[str, Feature] = {}
        for feature in (feature for spec in specs for feature in spec.of_charts.features):
            self._features.setdefault(feature.name, feature)
        waiting = dict(self._features)
        for name in IN_FRONT:
            if name in waiting:
                self._place(waiting.pop(name))
        if waiting.keys() >= set(MAP_TYPES):
            self.controls.append(MapTypeControl.build())
            waiting = {name: feature for name, feature in waiting.items() if name not in MAP_TYPES}
        if waiting:
            with gr.Accordion("Patterns", open=False, elem_id="patterns"):
                gr.Markdown("What the chart should ask of a player. What you leave open is up to the model.")
                while waiting:
                    skill = next(iter(waiting)).removesuffix(SKILL_RATING)  # its yes/no and its rating side by side
                    pair = [waiting.pop(member, None) for member in (skill, skill + SKILL_RATING)]
                    with gr.Row():
                        for feature in filter(None, pair):
                            self._place(feature)
        self.avoided = gr.Dropdown(
            self._avoidable(specs[0]),
            value=[],
            multiselect=True,
            label="Avoid",
            info="The chart should have none of it. Needs a guidance above 1, under Sampling.",
            visible=bool(self._avoidable(specs[0])),
            elem_id="avoid",
        )
        for control in self.controls:
            if not set(control.names) <= set(specs[0].names):
                control.box.visible = False

    def _place(self, feature: Feature) -> None:
        kind = NumericControl if feature.type == "numeric" else ChoiceControl
        self.controls.append(kind.build(feature))

    @property
    def fields(self) -> Fields:
        """The controls by the names that scripts use."""
        return {"avoided": self.avoided} | {
            name: part for control in self.controls for name, part in control.fields.items()
        }

    @property
    def components(self) -> list[Any]:
        """The controls that `write` sets."""
        return [part for control in self.controls for part in control.fields.values()]

    @property
    def followers(self) -> list[Any]:
        """The components that `follow` changes."""
        return list(dict.fromkeys([*self.components, *(control.box for control in self.controls), self.avoided]))

    def read(self, values: Values, spec: FeatureSpec) -> dict[str, Given]:
        """Return the prompt of the features that a model knows, with None for those up to the model."""
        given = {name: value for control in self.controls for name, value in control.read(values).items()}
        return {name: value for name, value in given.items() if feature_in(spec, self._features[name]) is not None}

    def read_avoided(self, values: Values, spec: FeatureSpec) -> dict[str, Given]:
        """Return the features that the chart should not have, as a negative prompt."""
        return dict.fromkeys((name for name in values[self.avoided] if name in spec.names), True)

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        """Return the updates that set the controls to `prompt`."""
        return {part: update for control in self.controls for part, update in control.write(prompt).items()}

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        """Return the updates of `followers` for another model's features; values that it knows stay."""
        updates = {part: update for control in self.controls for part, update in control.follow(spec, values).items()}
        choices = self._avoidable(spec)
        kept = [name for name in values[self.avoided] if name in spec.names]
        return {**updates, self.avoided: gr.update(choices=choices, value=kept, visible=bool(choices))}

    def _avoidable(self, spec: FeatureSpec) -> list[tuple[str, str]]:
        """The yes/no features of a model, as choices."""
        return [(words_of(each.name).label, each.name) for each in spec.of_charts.features if each.type == "bool"]
