"""The charts of the page: the player, their figures, pictures and downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from mug.generation.request import GeneratedChart, Prompt
from mug.pictures.charts import draw_chart
from mug.webui.chart_player import chart_player, player_value, show_chart
from mug.webui.tables import RESULT_COLUMNS, result_row


@dataclass(frozen=True)
class ChartPanel:
    """The components that show charts."""

    player: gr.HTML
    table: gr.Dataframe
    package: gr.DownloadButton
    gallery: gr.Gallery

    @classmethod
    def build(cls) -> "ChartPanel":
        table = gr.Dataframe(headers=RESULT_COLUMNS, interactive=False, visible=False, buttons=[], elem_id="results")
        player = chart_player()
        package = gr.DownloadButton("Download .osz", visible=False, elem_id="package")
        gallery = gr.Gallery(
            show_label=False,
            preview=True,
            object_fit="contain",
            height=720,
            buttons=["fullscreen"],
            elem_id="charts",
        )
        gallery.select(show_chart, None, player, show_progress="hidden", api_visibility="private")
        return cls(player, table, package, gallery)

    @property
    def outputs(self) -> list[Any]:
        return [self.gallery, self.table, self.package, self.player]

    def shown(self, charts: Sequence[GeneratedChart], prompt: Prompt, audio: Path, package: Path) -> tuple[Any, ...]:
        """The updates of `outputs` that show charts of one song and their package."""
        pictures = [(draw_chart(chart, star_rating=chart.star_rating), chart.version) for chart in charts]
        rows = [result_row(chart, prompt) for chart in charts]
        return (
            gr.update(value=pictures, selected_index=0),
            gr.update(value=rows, visible=True),
            gr.update(value=str(package), visible=True),
            player_value(charts, audio),
        )
