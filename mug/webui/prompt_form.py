"""A prompt as controls of the web page: FeatureSpec -> gradio components, their values <-> prompt.

Every feature may stay "not given": numbers have a tick box, choices have "any".
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from mug.features import Feature, FeatureSpec
from mug.webui.fields import Fields, Values

ANY = "any"
MAP_TYPES = ("rc", "hb", "ln")
IN_FRONT = ("sr", "ln_ratio", "rank_status")  # the other features are in the accordion
USED_AT_FIRST = {"sr": 4.0}
LABELS = {  # feature -> label and explanation; a feature without an entry goes by its own name
    "sr": ("Star rating", "How hard: 2 is easy, 4 is hard, above 6 is for experts."),
    "ln_ratio": ("Share of long notes", "0 is taps only, 1 is long notes only."),
    "rank_status": ("Rank status", "Ranked charts follow the ranking criteria; loved and graveyard ones are freer."),
    "rc": ("Rice", "Under 10 % long notes."),
    "hb": ("Hybrid", "10 to 70 % long notes."),
    "ln": ("Long notes", "From 40 % long notes."),
    "ett": ("Overall MSD", "Etterna's difficulty of the whole chart."),
    "stream": ("Stream", "Runs of single notes."),
    "jumpstream": ("Jumpstream", "Runs with chords of two in them."),
    "handstream": ("Handstream", "Runs with chords of three in them."),
    "stamina": ("Stamina", "Long stretches without a rest."),
    "jackspeed": ("Jacks", "Fast repeats in one column."),
    "chordjack": ("Chordjack", "Repeated chords."),
    "technical": ("Technical", "Uneven rhythms, awkward changes of hand."),
}

Given = float | int | str | None


class NumericControl(NamedTuple):
    """A tick box that shows a slider; without the tick the feature is not given."""

    feature: Feature
    use: gr.Checkbox
    slider: gr.Slider

    @classmethod
    def build(cls, feature: Feature) -> "NumericControl":
        label, info = label_of(feature.name)
        start = USED_AT_FIRST.get(feature.name)
        with gr.Column(min_width=200), gr.Group():
            use = gr.Checkbox(start is not None, label=label, info=info, elem_id=f"use-{feature.name}")
            slider = gr.Slider(
                feature.min,
                feature.max,
                (feature.min + feature.max) / 2 if start is None else start,
                step=feature.interval,
                label=label,
                show_label=False,
                buttons=[],
                visible=start is not None,
                elem_id=f"feature-{feature.name}",
            )
        use.change(lambda used: gr.update(visible=used), use, slider, show_progress="hidden", api_visibility="private")
        return cls(feature, use, slider)

    @property
    def fields(self) -> Fields:
        return {f"use_{self.feature.name}": self.use, self.feature.name: self.slider}

    def read(self, values: Values) -> dict[str, Given]:
        return {self.feature.name: values[self.slider] if values[self.use] else None}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        value = prompt.get(self.feature.name)
        if value is None:
            return {self.use: False, self.slider: gr.update(visible=False)}
        inside = min(max(float(value), self.feature.min), self.feature.max)
        return {self.use: True, self.slider: gr.update(value=round(inside, 2), visible=True)}


class ChoiceControl(NamedTuple):
    """One of a feature's values, or any: for categories and for yes/no features."""

    feature: Feature
    radio: gr.Radio

    @classmethod
    def build(cls, feature: Feature) -> "ChoiceControl":
        label, info = label_of(feature.name)
        values = [("yes", 1), ("no", 0)] if feature.type == "bool" else [(value, value) for value in feature.values]
        radio = gr.Radio([(ANY, ANY), *values], value=ANY, label=label, info=info, elem_id=f"feature-{feature.name}")
        return cls(feature, radio)

    @property
    def fields(self) -> Fields:
        return {self.feature.name: self.radio}

    def read(self, values: Values) -> dict[str, Given]:
        chosen = values[self.radio]
        return {self.feature.name: None if chosen == ANY else chosen}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        value = prompt.get(self.feature.name)
        if value is not None and self.feature.type == "bool":
            value = int(value)
        return {self.radio: ANY if value is None else value}


class MapTypeControl(NamedTuple):
    """Tick boxes for rice, hybrid and long notes. If none is ticked, none is given; otherwise all three are."""

    boxes: gr.CheckboxGroup

    @classmethod
    def build(cls) -> "MapTypeControl":
        info = "Rice: under 10 % long notes; hybrid: 10 to 70 %; long notes: from 40 %. No tick means any."
        choices: list[Any] = [(label_of(name)[0], name) for name in MAP_TYPES]
        return cls(gr.CheckboxGroup(choices, label="Chart type", info=info, elem_id="feature-map-type"))

    @property
    def fields(self) -> Fields:
        return {"chart_type": self.boxes}

    def read(self, values: Values) -> dict[str, Given]:
        ticked = values[self.boxes]
        return {name: int(name in ticked) if ticked else None for name in MAP_TYPES}

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        return {self.boxes: [name for name in MAP_TYPES if prompt.get(name)]}


class PromptForm:
    """The controls of a prompt. Creating one adds them to the current gradio layout."""

    def __init__(self, spec: FeatureSpec) -> None:
        self.controls: list[NumericControl | ChoiceControl | MapTypeControl] = []
        waiting = {feature.name: feature for feature in spec.of_charts.features}
        for name in IN_FRONT:
            if name in waiting:
                self._place(waiting.pop(name))
        if waiting.keys() >= set(MAP_TYPES):
            self.controls.append(MapTypeControl.build())
            waiting = {name: feature for name, feature in waiting.items() if name not in MAP_TYPES}
        if waiting:
            with gr.Accordion("Patterns", open=False, elem_id="patterns"):
                gr.Markdown("Skills the chart should demand, and how hard each pattern is on Etterna's scale (MSD).")
                while waiting:
                    name = next(iter(waiting))
                    skill = name.removesuffix("_ett")  # a skillset's yes/no and its MSD stand side by side
                    pair = [waiting.pop(member, None) for member in (skill, f"{skill}_ett")]
                    with gr.Row():
                        for feature in filter(None, pair):
                            self._place(feature)
        yes_or_no = [feature.name for feature in spec.of_charts.features if feature.type == "bool"]
        self.avoided = gr.Dropdown(
            [(label_of(name)[0], name) for name in yes_or_no],
            value=[],
            multiselect=True,
            label="Avoid",
            info="The chart should have none of it. Needs a guidance above 1, under Sampling.",
            visible=bool(yes_or_no),
            elem_id="avoid",
        )

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

    def read(self, values: Values) -> dict[str, Given]:
        """Return the controls' prompt, with None for a feature that is not given."""
        return {name: value for control in self.controls for name, value in control.read(values).items()}

    def read_avoided(self, values: Values) -> dict[str, Given]:
        """Return the features that the chart should not have, as a negative prompt."""
        return dict.fromkeys(values[self.avoided], True)

    def write(self, prompt: Mapping[str, Given]) -> dict[Any, Any]:
        """Return the updates that set the controls to `prompt`."""
        return {part: update for control in self.controls for part, update in control.write(prompt).items()}


def label_of(name: str) -> tuple[str, str | None]:
    """Return a feature's label and explanation."""
    if name in LABELS:
        return LABELS[name]
    if name.endswith("_ett"):
        return f"{label_of(name.removesuffix('_ett'))[0]} MSD", None
    return name.replace("_", " "), None
