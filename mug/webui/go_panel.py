"""How many charts or which set of difficulties, from which seed, and the button that makes them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from mug.features import FeatureSpec
from mug.webui.fields import Fields, Values
from mug.webui.presets import ONE, SETS, STARS_OF, difficulties_of, sets_of, stars_of

MAX_SEED = 2**31 - 1
MAX_COUNT = 16
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}


@dataclass(frozen=True)
class GoPanel:
    """The components that start a request."""

    what: gr.Radio
    difficulties: gr.CheckboxGroup
    count: gr.Slider
    seed: gr.Number
    start: gr.Button
    cancel: gr.Button
    progress: gr.HTML

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
        count = gr.Slider(1, MAX_COUNT, 1, step=1, label="Charts", elem_id="count")
        with gr.Row():
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
            dice = gr.Button("New seed", min_width=100, scale=0, elem_id="dice")
        with gr.Row(equal_height=True):
            start = gr.Button("Generate", variant="primary", size="lg", scale=3, elem_id="generate")
            cancel = gr.Button("Cancel", size="lg", min_width=100, interactive=False, elem_id="cancel")
        progress = gr.HTML("", elem_id="progress")  # before it is computed, gradio shows the place in the queue here
        dice.click(
            lambda: secrets.randbelow(MAX_SEED),
            None,
            seed,
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
        # before the request itself: gradio handles a click's listeners one after another
        start.click(lambda: gr.update(interactive=True), None, cancel, **HIDDEN)
        return cls(what, difficulties, count, seed, start, cancel, progress)

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

    def cancels(self, request: gr.events.Dependency, cancel: Callable[[str], None]) -> None:
        """Let the button cancel a request that `start` began, as long as it waits or is computed.

        cancel: called with the session of the page.
        """
        shown = [self.cancel, self.progress]

        def stop(page: gr.Request) -> tuple[Any, str]:
            cancel(str(page.session_hash))
            return gr.update(interactive=False), ""

        request.then(lambda: (gr.update(interactive=False), ""), None, shown, **HIDDEN)
        self.cancel.click(stop, None, shown, cancels=[request], **HIDDEN)

    def spread(self, values: Values) -> tuple[float, ...]:
        """The stars of the set's difficulties; none for charts of the prompt's stars."""
        what = values[self.what]
        return () if what == ONE else stars_of(values[self.difficulties] or SETS.get(what, ()))


def _choices(spec: FeatureSpec) -> list[tuple[str, str]]:
    return [("Charts of the wished stars", ONE), *((f"A set: {name}", name) for name in sets_of(spec))]


def _difficulties(spec: FeatureSpec) -> list[tuple[str, str]]:
    return [(f"{name} {STARS_OF[name]:g}★", name) for name in difficulties_of(spec)]
