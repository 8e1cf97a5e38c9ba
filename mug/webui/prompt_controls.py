"""The controls of a prompt: a feature's gradio components, their values <-> the prompt's.

Each feature may stay up to the model: then it is not in the prompt. A control follows the chosen model: `follow` shows
it with the ranges and values that the model knows, or hides it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import gradio as gr

from mug.features import Feature, FeatureSpec
from mug.webui.feature_words import UP_TO_THE_MODEL, value_words, words_of
from mug.webui.fields import Fields, Values

ANY = "any"
MAP_TYPES = ("rc", "hb", "ln")
USED_AT_FIRST = {"sr": 4.0}

Given = float | int | str | None


class Control(Protocol):
    """What all controls do."""

    @property
    def names(self) -> tuple[str, ...]:
        """The features that it is for."""

    @property
    def fields(self) -> Fields:
        """Its inputs."""

    @property
    def box(self) -> Any:
        """What is hidden if the model does not know the feature."""

    def read(self, values: Values) -> dict[str, Given]:
        """Return the features of the prompt, None for those up to the model."""

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        """Return the updates that set it to a prompt."""

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        """Return the updates for another model; a value that it knows stays."""


class NumericControl(NamedTuple):
    """A tick box that shows a slider; without the tick the feature is up to the model."""

    feature: Feature
    box: gr.Column
    use: gr.Checkbox
    slider: gr.Slider

    @classmethod
    def build(cls, feature: Feature) -> "NumericControl":
        label, meaning = words_of(feature.name)
        start = USED_AT_FIRST.get(feature.name)
        with gr.Column(min_width=200) as box, gr.Group():
            use = gr.Checkbox(start is not None, label=label, info=meaning or None, elem_id=f"use-{feature.name}")
            slider = gr.Slider(
                feature.min,
                feature.max,
                feature.inside((feature.min + feature.max) / 2 if start is None else start),
                step=feature.interval,
                label=label,
                show_label=False,
                buttons=[],
                visible=start is not None,
                elem_id=f"feature-{feature.name}",
            )
        use.change(lambda used: gr.update(visible=used), use, slider, show_progress="hidden", api_visibility="private")
        return cls(feature, box, use, slider)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.feature.name,)

    @property
    def fields(self) -> Fields:
        return {f"use_{self.feature.name}": self.use, self.feature.name: self.slider}

    def read(self, values: Values) -> dict[str, Given]:
        return {self.feature.name: values[self.slider] if values[self.use] else None}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        value = prompt.get(self.feature.name)
        if value is None:
            return {self.use: False, self.slider: gr.update(visible=False)}
        return {self.use: True, self.slider: gr.update(value=round(self.feature.inside(value), 2), visible=True)}

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        own = feature_in(spec, self.feature)
        if own is None:
            return {self.box: gr.update(visible=False)}
        inside = own.inside(values[self.slider])
        slider = gr.update(minimum=own.min, maximum=own.max, step=own.interval, value=inside)
        return {self.box: gr.update(visible=True), self.slider: slider}


class ChoiceControl(NamedTuple):
    """One of a feature's values, or up to the model: for categories and for yes/no features."""

    feature: Feature
    box: gr.Radio

    @classmethod
    def build(cls, feature: Feature) -> "ChoiceControl":
        label, meaning = words_of(feature.name)
        radio = gr.Radio(
            _choices(feature), value=ANY, label=label, info=meaning or None, elem_id=f"feature-{feature.name}"
        )
        return cls(feature, radio)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.feature.name,)

    @property
    def fields(self) -> Fields:
        return {self.feature.name: self.box}

    def read(self, values: Values) -> dict[str, Given]:
        chosen = values[self.box]
        return {self.feature.name: None if chosen == ANY else chosen}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        value = prompt.get(self.feature.name)
        if value is not None and self.feature.type == "bool":
            value = int(value)
        return {self.box: ANY if value is None else value}

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        own = feature_in(spec, self.feature)
        if own is None:
            return {self.box: gr.update(visible=False)}
        chosen = values[self.box]
        known = chosen == ANY or chosen in own.values
        return {self.box: gr.update(choices=_choices(own), value=chosen if known else ANY, visible=True)}


class MapTypeControl(NamedTuple):
    """Tick boxes for rice, hybrid and long notes. If none is ticked, none is given; otherwise all three are."""

    box: gr.CheckboxGroup

    @classmethod
    def build(cls) -> "MapTypeControl":
        info = "Rice: under 10 % long notes; hybrid: 10 to 70 %; long notes: from 40 %. No tick: up to the model."
        choices: list[Any] = [(words_of(name).label, name) for name in MAP_TYPES]
        return cls(gr.CheckboxGroup(choices, label="Type", info=info, elem_id="feature-map-type"))

    @property
    def names(self) -> tuple[str, ...]:
        return MAP_TYPES

    @property
    def fields(self) -> Fields:
        return {"chart_type": self.box}

    def read(self, values: Values) -> dict[str, Given]:
        ticked = values[self.box]
        return {name: int(name in ticked) if ticked else None for name in MAP_TYPES}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        return {self.box: [name for name in MAP_TYPES if prompt.get(name)]}

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        return {self.box: gr.update(visible=set(spec.names) >= set(MAP_TYPES))}


def feature_in(spec: FeatureSpec, feature: Feature) -> Feature | None:
    """A model's own feature of the same name and type, None if it has none."""
    found = (own for own in spec.features if (own.name, own.type) == (feature.name, feature.type))
    return next(found, None)


def _choices(feature: Feature) -> list[Any]:
    values: list[Any] = [("Yes", 1), ("No", 0)]
    if feature.type != "bool":
        values = [(value_words(value), value) for value in feature.values]
    return [(UP_TO_THE_MODEL, ANY), *values]
