"""The charts of a visitor: the player, the versions, and a part drawn again.

What they look like and do in the browser is plain JavaScript in mug/webui/studio/ and mug/webui/player/.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from mug.errors import Cancelled, MugError, StudioError
from mug.generation.settings import SamplingSettings
from mug.webui.fields import Values
from mug.webui.jobs import WORKER, Jobs
from mug.webui.messages import message_of
from mug.webui.models import Model, Models
from mug.webui.redraw import Redraw, redraw
from mug.webui.scripts import on_load
from mug.webui.take_panel import TakePanel
from mug.webui.version_list import studio_value
from mug.webui.visitor import Visitor
from mug.webui.workspace import Workspace

# gradio runs this once for the element, and calls `watch` whenever Python sets a new value. The template never changes,
# so the player stays while versions come and go. Python hears of the events that studio.js tells.
ON_LOAD = on_load(
    "studio/studio.js",
    """
  const told = ["choose", "hide", "undo", "redo", "draw", "stop"]; // gradio looks for the names of events in here
  const tell = (name, detail) => told.includes(name) && trigger(name, detail);
  const studio = await module.mountStudio(element.querySelector(".studio"), tell);
  const show = () => props.value && studio.show(props.value);
  watch("value", show);
  watch("progress", () => studio.drawing(props.progress));
  show();
""",
)

SHOWN_EVERY_S = 0.4
ForKeys = Callable[[Values, int], tuple[Model, SamplingSettings]]


@dataclass(frozen=True)
class ChartPanel:
    """The components that show charts. `studio`: its value is a `studio_value`; `progress`: of what is drawn, in %."""

    studio: gr.HTML
    visitor: Visitor

    @classmethod
    def build(cls, visitor: Visitor) -> "ChartPanel":
        studio = gr.HTML(
            html_template='<div class="studio"></div>',
            js_on_load=ON_LOAD,
            apply_default_css=False,
            progress=None,
            elem_id="studio",
        )
        panel = cls(studio, visitor)
        TakePanel.build().listen(visitor)
        steps: dict[str, Callable[[Workspace, Mapping[str, Any]], None]] = {
            "choose": lambda workspace, asked: workspace.choose(asked["id"]),
            "hide": lambda workspace, asked: workspace.hide(asked["id"]),
            "undo": lambda workspace, asked: workspace.undo(),
            "redo": lambda workspace, asked: workspace.redo(),
        }
        for name, step in steps.items():
            panel._on(name, step, answers=name != "choose")
        return panel

    def shown(self, token: str) -> dict[str, Any]:
        """The value of the studio for a visitor."""
        try:
            return studio_value(self.visitor.workspace(token))
        except MugError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def show_after(self, event: Any) -> None:
        """Show the versions when a handler is done, whether it failed or not."""
        event.then(
            self.shown, self.visitor.token, self.studio, queue=False, show_progress="hidden", api_visibility="private"
        )

    def listen(self, models: Models, jobs: Jobs, inputs: Sequence[Any], for_keys: ForKeys) -> None:
        """Let the buttons draw parts again. for_keys: the model and settings for a chart, by the values of `inputs`."""
        token = self.visitor.token

        async def draw(values: Values, event: gr.EventData, request: gr.Request) -> AsyncIterator[Any]:
            workspace, shares = None, [0.0]
            try:
                workspace = self._workspace(values[token], event._data)
                wanted, version = Redraw.of(event._data), workspace.version(event._data["id"])
                model, settings = for_keys(values, version.figures["keys"])
                work = partial(redraw, models, model, workspace, version, wanted, settings)
                task = asyncio.create_task(
                    jobs.compute(
                        str(request.session_hash),
                        work,
                        lambda progress: shares.append(progress.done / max(progress.total, 1)),
                    )
                )
                try:
                    while not task.done():
                        yield gr.HTML(progress=round(100 * shares[-1]))
                        await asyncio.wait([task], timeout=SHOWN_EVERY_S)
                    task.result()
                finally:
                    task.cancel()
            except Cancelled:
                gr.Info("Stopped.")
            except MugError as error:
                song = None if workspace is None else workspace.song
                gr.Warning(message_of(error, None if song is None else song.audio))

        def stop(request: gr.Request) -> None:
            jobs.cancel(str(request.session_hash))

        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        drawing = self.studio.draw(draw, {token, *inputs}, self.studio, **WORKER, **hidden)
        self.show_after(drawing)
        self.show_after(self.studio.stop(stop, None, None, cancels=[drawing], queue=False, **hidden))

    def _on(self, name: str, step: Callable[[Workspace, Mapping[str, Any]], None], answers: bool) -> None:
        """Take a step in the visitor's workspace when the studio tells of it."""

        def handle(event: gr.EventData, token: str) -> None:
            try:
                step(self._workspace(token, event._data), event._data)
            except MugError as error:
                gr.Warning(message_of(error))

        told = getattr(self.studio, name)(
            handle, self.visitor.token, None, queue=False, show_progress="hidden", api_visibility="private"
        )
        if answers:
            self.show_after(told)

    def _workspace(self, token: str, asked: Mapping[str, Any]) -> Workspace:
        """The visitor's workspace. Raises StudioError if its song is no longer the one that the page shows."""
        workspace = self.visitor.workspace(token)
        if workspace.song is None or workspace.song.id != asked.get("song"):
            raise StudioError("another song was opened in another tab of this page; reload this one to go on with it")
        return workspace
