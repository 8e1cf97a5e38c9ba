"""A prompt as controls of the web page: the features of all its models, those of the chosen one shown."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr

from mug.features import Feature, FeatureSpec
from mug.generation.contradictions import contradiction
from mug.generation.prompt_distance import LONG_NOTES, STARS
from mug.webui.feature_words import SKILL_RATING, UP_TO_THE_MODEL, words_of
from mug.webui.fields import Fields, Values
from mug.webui.presets import presets_of, with_preset
from mug.webui.prompt_controls import (
    MAP_TYPES,
    ChoiceControl,
    Control,
    Given,
    MapTypeControl,
    NumericControl,
    feature_in,
)

GUIDANCE_TO_AVOID = 2.0  # what a model is set to when something is to be avoided; at 1 that has no effect
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
        self.preset = gr.Dropdown(
            _presets(specs[0]),
            value="",
            label="Preset",
            info="Sets long notes and patterns below; change them as you like.",
            visible=bool(presets_of(specs[0])),
            elem_id="preset",
        )
        for name in IN_FRONT:
            if name in waiting:
                self._place(waiting.pop(name))
        if waiting.keys() >= set(MAP_TYPES):
            self.controls.append(MapTypeControl.build())
            waiting = {name: feature for name, feature in waiting.items() if name not in MAP_TYPES}
        self.note = gr.HTML("", elem_id="prompt-note")
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
            info="What the chart should have little of. Charting then takes twice as long.",
            visible=bool(self._avoidable(specs[0])),
            elem_id="avoid",
        )
        for control in self.controls:
            if not set(control.names) <= set(specs[0].names):
                control.box.visible = False

    def listen(self, model: gr.Dropdown, guidance: gr.Slider, spec_of: Callable[[str], FeatureSpec]) -> None:
        """Let a preset set the controls, and say beside them what cannot be had together.

        model, guidance: the controls of both. spec_of: the features of a model, by its name.
        """
        hidden: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        inputs = [*self.components, self.avoided]

        def as_preset(*given: Any) -> dict[Any, Any]:
            *values, preset, name = given
            prompt = self.read(dict(zip(inputs, values, strict=True)), spec_of(name))
            return self.write(with_preset(prompt, preset))

        def noted(*given: Any) -> str:
            *values, guidance, name = given
            return self.notes(dict(zip(inputs, values, strict=True)), spec_of(name), guidance)

        def guided(avoided: list[str], guidance: float) -> Any:
            return GUIDANCE_TO_AVOID if avoided and guidance <= 1 else gr.skip()

        self.preset.input(as_preset, [*inputs, self.preset, model], self.components, **hidden)
        self.avoided.input(guided, [self.avoided, guidance], guidance, **hidden)
        flags = [part for control in self.controls if isinstance(control, ChoiceControl) for part in [control.box]]
        shares = [
            part
            for control in self.controls
            if {LONG_NOTES, *MAP_TYPES} & set(control.names)
            for part in control.fields.values()
        ]
        changes = [part.change for part in dict.fromkeys([*shares, *flags, self.avoided, guidance])]
        gr.on(changes, noted, [*inputs, guidance, model], self.note, trigger_mode="always_last", **hidden)

    def notes(self, values: Values, spec: FeatureSpec, guidance: float) -> str:
        """What of the wishes cannot be had together, as HTML; "" if nothing."""
        prompt, avoided = self.read(values, spec), self.read_avoided(values, spec)
        notes = [contradiction(prompt)]
        notes += [
            f"{words_of(name).label} are wished for and avoided: no chart is that at once"
            for name in avoided
            if prompt.get(name)
        ]
        if avoided and guidance <= 1:
            notes.append("What is avoided has no effect while Guidance, under Advanced, is 1: set it to 2")
        said = [note[0].upper() + note[1:] for note in notes if note]
        return "".join(f'<p class="note" role="status">{html.escape(note)}.</p>' for note in said)

    @property
    def stars(self) -> Any:
        """What shows or hides the star rating; None if no model knows it."""
        return next((control.box for control in self.controls if STARS in control.names), None)

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
        boxes = (control.box for control in self.controls)
        return list(dict.fromkeys([*self.components, *boxes, self.avoided, self.preset]))

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
        preset = gr.update(choices=_presets(spec), value="", visible=bool(presets_of(spec)))
        return {
            **updates,
            self.avoided: gr.update(choices=choices, value=kept, visible=bool(choices)),
            self.preset: preset,
        }

    def _avoidable(self, spec: FeatureSpec) -> list[tuple[str, str]]:
        """The yes/no features of a model, as choices."""
        return [(words_of(each.name).label, each.name) for each in spec.of_charts.features if each.type == "bool"]


def _presets(spec: FeatureSpec) -> list[tuple[str, str]]:
    return [(UP_TO_THE_MODEL, ""), *((name, name) for name in presets_of(spec))]
