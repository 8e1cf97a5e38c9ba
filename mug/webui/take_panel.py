"""Downloads of the page: a format, one version or all, and a button. The file is made when it is asked for."""

import html
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from mug.errors import MugError, StudioError
from mug.webui.take import FORMATS, take
from mug.webui.visitor import Visitor

# The browser saves what the hidden component got. A link in the page would be another step for the visitor.
SAVE = """(file) => {
  if (!file) return;
  const link = document.createElement("a");
  link.href = file.url;
  link.download = file.orig_name;
  link.click();
}"""


@dataclass(frozen=True)
class TakePanel:
    """The components. kind: of mug.webui.take.FORMATS. whole: whether all visible versions are taken."""

    kind: gr.Dropdown
    whole: gr.Checkbox
    button: gr.Button
    file: gr.File

    @classmethod
    def build(cls) -> "TakePanel":
        with gr.Row(equal_height=True, elem_id="take"):
            kind = gr.Dropdown(
                [(each.name, kind) for kind, each in FORMATS.items()],
                value="osz",
                label="Download as",
                filterable=False,
                scale=3,
                min_width=200,
                elem_id="take-kind",
            )
            whole = gr.Checkbox(True, label="All versions", scale=1, min_width=120, elem_id="take-whole")
            button = gr.Button("Download", scale=1, min_width=120, elem_id="take-button")
        file = gr.File(visible="hidden", elem_id="take-file")
        kind.change(
            lambda chosen: gr.update(visible=FORMATS[chosen].holds_all),
            kind,
            whole,
            show_progress="hidden",
            api_visibility="private",
        )
        return cls(kind, whole, button, file)

    def listen(self, visitor: Visitor) -> None:
        """Let the button save a file of the visitor's current version, or of all that are shown."""

        def make(token: str, kind: str, whole: bool) -> str | None:
            try:
                workspace = visitor.workspace(token)
                song, current = workspace.song, workspace.current
                if song is None or current is None:
                    raise StudioError("there is no chart to download yet; make one, or open one")
                several = whole and kind in FORMATS and FORMATS[kind].holds_all
                with tempfile.TemporaryDirectory(prefix="mug-") as folder:
                    path, notes = take(kind, workspace.visible if several else [current], song, Path(folder))
                    kept = save_bytes_to_cache(path.read_bytes(), path.name, self.file.GRADIO_CACHE)
            except MugError as error:
                gr.Warning(html.escape(str(error)))
                return None
            for note in notes:
                gr.Info(html.escape(note))
            return kept

        self.button.click(
            make,
            [visitor.token, self.kind, self.whole],
            self.file,
            show_progress_on=self.button,
            api_visibility="private",
        ).then(None, self.file, None, js=SAVE)
