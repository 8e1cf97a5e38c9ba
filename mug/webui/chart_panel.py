"""The charts of the page: the player, their figures and downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from mug.generation.request import GeneratedChart, Prompt
from mug.webui.chart_player import chart_player, player_value
from mug.webui.tables import RESULT_COLUMNS, result_row


@dataclass(frozen=True)
class ChartPanel:
    """The components that show charts."""

    player: gr.HTML
    table: gr.Dataframe
    package: gr.DownloadButton

    @classmethod
    def build(cls) -> "ChartPanel":
        player = chart_player()
        table = gr.Dataframe(headers=RESULT_COLUMNS, interactive=False, visible=False, buttons=[], elem_id="results")
        package = gr.DownloadButton("Download .osz", visible=False, elem_id="package")
        return cls(player, table, package)

    @property
    def outputs(self) -> list[Any]:
        return [self.player, self.table, self.package]

    def shown(self, charts: Sequence[GeneratedChart], prompt: Prompt, audio: Path, package: Path) -> tuple[Any, ...]:
        """The updates of `outputs` that show charts of one song and their package."""
        rows = [result_row(chart, prompt) for chart in charts]
        return (
            player_value(charts, audio),
            gr.update(value=rows, visible=True),
            gr.update(value=str(package), visible=True),
        )
