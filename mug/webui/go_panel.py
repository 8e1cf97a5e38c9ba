"""How many charts or which set of difficulties, from which seed, and the button that makes them."""

import secrets
from dataclasses import dataclass
from typing import Any

import gradio as gr

from mug.features import FeatureSpec
from mug.webui.fields import Fields, Values
from mug.webui.presets import ONE, SETS, STARS_OF, difficulties_of, sets_of, stars_of

MAX_SEED = 2**31 - 1
MAX_COUNT = 16


@dataclass(frozen=True)
class GoPanel:
    """The components that start a request."""

    what: gr.Radio
    difficulties: gr.CheckboxGroup
    count: gr.Slider
    seed: gr.Number
    start: gr.Button

    @classmethod
    def build(cls, spec: FeatureSpec) -> "GoPanel":
        """spec: the features of the model that is chosen at first."""
        what = gr.Radio(_choices(spec), value=ONE, label="Make", visible=len(_choices(spec)) > 1, elem_id="what")
        difficulties = gr.CheckboxGroup(
            _difficulties(spec),
            value=[],
            label="Difficulties",
            info="Harder ones have nearly all notes of the easier ones.",
            visible=False,
            elem_id="difficulties",
        )
        with gr.Row(equal_height=True):
            count = gr.Slider(1, MAX_COUNT, 1, step=1, label="How many charts", elem_id="count")
            seed = gr.Number(
                0,
                label="Seed",
                info="The same seed gives the same chart.",
                precision=0,
                minimum=0,
                maximum=MAX_SEED,
                min_width=120,
                elem_id="seed",
            )
            dice = gr.Button("🎲 New seed", min_width=100, scale=0, elem_id="dice")
        start = gr.Button("Generate", variant="primary", size="lg", elem_id="generate")
        dice.click(
            lambda: secrets.randbelow(MAX_SEED),
            None,
            seed,
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
        return cls(what, difficulties, count, seed, start)

    @property
    def fields(self) -> Fields:
        return {"what": self.what, "difficulties": self.difficulties, "seed": self.seed, "count": self.count}

    @property
    def followers(self) -> list[Any]:
        """The components that `follow` and `chosen` change."""
        return [self.what, self.difficulties, self.count]

    def follow(self, spec: FeatureSpec, values: Values) -> dict[Any, Any]:
        """Return the updates for another model: the sets that it can write."""
        choices = _choices(spec)
        what = values[self.what] if values[self.what] in dict(choices).values() else ONE
        kept = [name for name in values[self.difficulties] if name in difficulties_of(spec)]
        return {
            self.what: gr.update(choices=choices, value=what, visible=len(choices) > 1),
            self.difficulties: gr.update(choices=_difficulties(spec), value=kept, visible=what != ONE),
            self.count: gr.update(visible=what == ONE),
        }

    def chosen(self, what: str) -> dict[Any, Any]:
        """Return the updates for a choice of `what`."""
        return {
            self.difficulties: gr.update(value=list(SETS.get(what, ())), visible=what != ONE),
            self.count: gr.update(visible=what == ONE),
        }

    def spread(self, values: Values) -> tuple[float, ...]:
        """The stars of the set's difficulties; none for charts of the prompt's stars."""
        what = values[self.what]
        return () if what == ONE else stars_of(values[self.difficulties] or SETS.get(what, ()))


def _choices(spec: FeatureSpec) -> list[tuple[str, str]]:
    return [("Charts of the wished stars", ONE), *((f"A set: {name}", name) for name in sets_of(spec))]


def _difficulties(spec: FeatureSpec) -> list[tuple[str, str]]:
    return [(f"{name} {STARS_OF[name]:g}★", name) for name in difficulties_of(spec)]
