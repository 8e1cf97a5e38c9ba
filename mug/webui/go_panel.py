"""How many charts, and the button that makes them."""

from dataclasses import dataclass

import gradio as gr

from mug.webui.fields import Fields


@dataclass(frozen=True)
class GoPanel:
    """The components that start a request."""

    count: gr.Slider
    start: gr.Button

    @classmethod
    def build(cls) -> "GoPanel":
        with gr.Row(equal_height=True):
            count = gr.Slider(1, 16, 1, step=1, label="How many charts", scale=3, elem_id="count")
            start = gr.Button("Generate", variant="primary", size="lg", scale=1, elem_id="generate")
        return cls(count, start)

    @property
    def fields(self) -> Fields:
        return {"count": self.count}
