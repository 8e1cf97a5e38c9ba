"""The chart player of the web page: charts as its JSON, and its gradio component.

The player itself is plain JavaScript in mug/webui/player/, which the page serves under PLAYER_PATH.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mug.charts.beatmap import Beatmap
from mug.charts.tempo_map import is_tempo
from mug.lint.finding import Checked, Finding
from mug.lint.rules import lint
from mug.ratings.passages import WINDOW_MS, rate_passages
from mug.ratings.stars import star_rating_or_none

PLAYER_FOLDER = Path(__file__).parent / "player"
PLAYER_PATH = "/player"
# gradio runs this once for the element, and calls `watch` whenever Python sets a new value. The template never changes,
# so the player stays while charts come and go. Python hears of 'selection', 'position', 'chart' and 'result'.
ON_LOAD = f"""
const root = (window.gradio_config?.root ?? "").replace(/[/]$/, "");
import(new URL(root + "{PLAYER_PATH}/player.js", document.baseURI)).then(async ({{ mountPlayer }}) => {{
  const player = await mountPlayer(element.querySelector(".chart-player"));
  for (const name of ['selection', 'position', 'chart', 'result'])
    player.addEventListener(name, (event) => trigger(name, event.detail));
  const show = () => {{
    if (props.value) player.show({{ ...props.value, audioUrl: props.value.audio?.url ?? null }});
  }};
  watch("value", show);
  show();
}});
"""


def chart_player(elem_id: str = "player") -> gr.HTML:
    """Add a player to the page. Its value is a `player_value`.

    Events: `player.selection(handler, ...)` and likewise `position`, `chart`, `result`. The handler's gr.EventData has
    the fields that player.js documents.
    """
    return gr.HTML(
        html_template='<div class="chart-player"></div>',
        js_on_load=ON_LOAD,
        apply_default_css=False,
        elem_id=elem_id,
    )


def player_routes() -> list[Mount]:
    """The routes that serve the player's files; for launch(app_kwargs={"routes": ...})."""
    return [Mount(PLAYER_PATH, _PlayerFiles(directory=PLAYER_FOLDER))]


class _PlayerFiles(StaticFiles):
    """The player's files, of which a browser asks each time whether they changed: modules of two versions would mix."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        if str(full_path).endswith(".js"):  # Windows may know another type, which browsers refuse
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response


def player_value(charts: Sequence[Beatmap], audio: Path | None, selected: int = 0) -> dict[str, Any]:
    """Return the value of a player that shows charts of one song. `audio`: a file that gradio may serve."""
    file = None if audio is None else FileData(path=str(audio)).model_dump()
    return {"charts": [chart_json(chart) for chart in charts], "audio": file, "selected": selected}


def chart_json(chart: Beatmap) -> dict[str, Any]:
    """Return a chart as the player reads it; mug/webui/player/chart.js lists the fields."""
    passages, stars = rate_passages(chart), star_rating_or_none(chart)
    return {
        "keys": chart.keys,
        "notes": [[note.column, note.start_ms, note.end_ms] for note in sorted(chart.notes)],
        "timing_points": [
            {"time_ms": point.time_ms, "beat_ms": point.beat_ms, "meter": max(1, point.meter)}
            for point in chart.timing_points
            if is_tempo(point)
        ],
        "od": chart.overall_difficulty,
        "title": chart.title,
        "artist": chart.artist,
        "version": chart.version,
        "stars": stars,
        "passages": {
            "step_ms": WINDOW_MS,
            "stars": None if passages.stars is None else passages.stars.round(2).tolist(),
            "density": passages.density.round(2).tolist(),
        },
        "findings": [_finding_json(finding) for finding in lint(Checked(chart, stars))],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "time_ms": finding.spot.time_ms,
        "text": finding.spot.message,
        "severity": str(finding.rule.severity),
    }
