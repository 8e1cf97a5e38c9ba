"""The second tab: a chart's features, and a button that copies them into the first tab's prompt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from mug.webui.make_tab import MakeTab
from mug.webui.messages import shown_errors
from mug.webui.prompt_controls import Given
from mug.webui.tables import feature_row


def open_tab(make: MakeTab, tabs: gr.Tabs) -> None:
    """Lay out the tab. `make`, `tabs`: where the prompt goes, of the features that the model chosen there knows."""
    prompt = gr.State({})
    chart = gr.File(label="Chart (.osu)", file_types=[".osu"], height=140, elem_id="chart-file")
    rate = gr.Slider(0.5, 2.0, 1.0, step=0.05, label="Rate", info="As if played this much faster.")
    copy = gr.Button("Use as prompt", variant="primary", interactive=False, elem_id="copy")
    table = gr.Dataframe(headers=["Feature", "Value"], interactive=False, visible=False, buttons=[], elem_id="features")

    def describe(path: str | None, rate: float, model: str) -> tuple[Any, ...]:
        if path is not None:
            with shown_errors(path):
                generator = make.models.generator(model)
                found = generator.prompt_of(Path(path), rate=rate)
                known = [feature for feature in generator.spec.features if found.get(feature.name) is not None]
                rows = [feature_row(feature, found[feature.name]) for feature in known]
                return found, gr.update(value=rows, visible=True), gr.update(interactive=True)
        return {}, gr.update(visible=False), gr.update(interactive=False)

    def use_as_prompt(found: Mapping[str, Given]) -> dict[Any, Any]:
        return {**make.prompt.write(found), tabs: gr.Tabs(selected="make")}

    described = [prompt, table, copy]
    gr.on(
        [chart.change, rate.change], describe, [chart, rate, make.model.choice], described, trigger_mode="always_last"
    )
    copy.click(use_as_prompt, prompt, [*make.prompt.components, tabs], api_visibility="private")
