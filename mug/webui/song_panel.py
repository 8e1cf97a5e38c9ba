"""The song of the page: its audio, title and artist."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from mug.data.audio import read_tags
from mug.webui.fields import Fields, Values
from mug.webui.messages import shown_errors


@dataclass(frozen=True)
class SongPanel:
    """The components of the song."""

    audio: gr.Audio
    title: gr.Textbox
    artist: gr.Textbox

    @classmethod
    def build(cls) -> "SongPanel":
        audio = gr.Audio(label="Song", sources=["upload"], type="filepath", editable=False, buttons=[], elem_id="audio")
        with gr.Row():
            title = gr.Textbox(label="Title", placeholder="its file's name", min_width=120, elem_id="song-title")
            artist = gr.Textbox(label="Artist", placeholder="its file's name", min_width=120, elem_id="song-artist")
        audio.change(fill_in_tags, audio, [title, artist], show_progress="hidden", api_visibility="private")
        return cls(audio, title, artist)

    @property
    def fields(self) -> Fields:
        return {"audio": self.audio, "title": self.title, "artist": self.artist}

    def file(self, values: Values) -> Path | None:
        """The song's audio, None if there is none yet."""
        path = values[self.audio]
        return None if path is None else Path(path)


def fill_in_tags(path: str | None) -> tuple[str, str]:
    """The title and artist of a song that was dropped, "" for those it does not say."""
    if path is not None:
        with shown_errors(path):
            title, artist = read_tags(Path(path))
            return title or "", artist or ""
    return "", ""
