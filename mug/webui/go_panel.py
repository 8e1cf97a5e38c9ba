"""How many charts, from which seed, and the button that makes them."""

import secrets
from dataclasses import dataclass

import gradio as gr

from mug.webui.fields import Fields

MAX_SEED = 2**31 - 1
MAX_COUNT = 16


@dataclass(frozen=True)
class GoPanel:
    """The components that start a request."""

    count: gr.Slider
    seed: gr.Number
    start: gr.Button

    @classmethod
    def build(cls) -> "GoPanel":
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
        dice.click(lambda: secrets.randbelow(MAX_SEED), None, seed, show_progress="hidden", api_visibility="private")
        return cls(count, seed, start)

    @property
    def fields(self) -> Fields:
        return {"seed": self.seed, "count": self.count}
