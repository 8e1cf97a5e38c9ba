"""The second tab: a person's charts open in the player, and a chart's features become the first tab's prompt."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from mug.charts.beatmap import Beatmap
from mug.webui.chart_panel import ChartPanel
from mug.webui.make_tab import MakeTab
from mug.webui.messages import shown_errors
from mug.webui.opening import OPENED, keep_opened, opened
from mug.webui.prompt_controls import Given
from mug.webui.tables import feature_row

AUDIO = (".mp3", ".ogg", ".oga", ".opus", ".wav", ".flac", ".m4a", ".aac")
HOW = "A package (.osz, .qp, .mcz, .smzip), or a chart (.osu, .sm, .ssc, .qua, .mc) and its audio."


class OpenTab:
    """The tab's components. Creating it adds them to the current layout."""

    def __init__(self) -> None:
        gr.Markdown(f"{HOW} Its charts play here, parts of them can be drawn again, and they describe themselves.")
        self.files = gr.File(
            label="Package, or chart and audio",
            file_count="multiple",
            file_types=[*OPENED, *AUDIO],
            height=140,
            elem_id="chart-file",
        )
        self.charts = gr.State([])  # of the song that was opened
        self.choice = gr.Dropdown([], label="Chart", visible=False, elem_id="opened-chart")
        self.rate = gr.Slider(
            0.5, 2.0, 1.0, step=0.05, label="Rate", info="As if it were played this much faster.", elem_id="rate"
        )
        self.prompt = gr.State({})
        self.copy = gr.Button("Use as prompt", variant="primary", interactive=False, elem_id="copy")
        self.table = gr.Dataframe(
            headers=["Feature", "Value"], interactive=False, visible=False, buttons=[], elem_id="features"
        )

    def listen(self, make: MakeTab, panel: ChartPanel, tabs: gr.Tabs) -> None:
        """Let charts open in `panel`, and prompts go to `make`, of the features that the model chosen there knows."""

        nothing: tuple[Any, ...] = [], gr.update(choices=[], value=None, visible=False), gr.skip()

        def take(paths: Sequence[str] | None, token: str) -> tuple[Any, ...]:
            if not paths:
                return nothing
            with shown_errors(paths[0]), opened([Path(path) for path in paths]) as (song, said):
                own = None if song.audio is None else keep_opened(panel.visitor.workspace(token), song)
                if own is None:
                    said.append("To hear the chart and to draw in it, give its audio, too.")
                for line in said:
                    gr.Info(html.escape(line))
                names = [(chart.version or "Chart", number) for number, chart in enumerate(song.charts)]
                charts = gr.update(choices=names, value=0, visible=len(names) > 1)
                return list(song.charts), charts, gr.skip() if own is None else str(own)
            return nothing

        def describe(charts: Sequence[Beatmap], choice: int | None, rate: float, model: str) -> tuple[Any, ...]:
            with shown_errors(""):
                if charts:
                    generator = make.models.generator(model)
                    found = generator.prompt_of(charts[choice or 0], rate=rate)
                    known = [feature for feature in generator.spec.features if found.get(feature.name) is not None]
                    rows = [feature_row(feature, found[feature.name]) for feature in known]
                    return found, gr.update(value=rows, visible=True), gr.update(interactive=True)
            return {}, gr.update(visible=False), gr.update(interactive=False)

        def use_as_prompt(found: Mapping[str, Given]) -> dict[Any, Any]:
            return {**make.prompt.write(found), tabs: gr.Tabs(selected="make")}

        inputs = [self.charts, self.choice, self.rate, make.model.choice]
        outputs = [self.prompt, self.table, self.copy]
        taken = self.files.change(
            take,
            [self.files, panel.visitor.token],
            [self.charts, self.choice, make.song.audio],
            api_visibility="private",
        )
        panel.show_after(taken)
        taken.then(describe, inputs, outputs, api_visibility="private")
        described = [self.choice.input, self.rate.change]
        gr.on(described, describe, inputs, outputs, trigger_mode="always_last", api_visibility="private")
        self.copy.click(use_as_prompt, self.prompt, [*make.prompt.components, tabs], api_visibility="private")
