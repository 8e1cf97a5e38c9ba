"""The song of the page: its audio or the example, title and artist."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from mug.data.audio import read_tags, seconds_of
from mug.errors import AudioError
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.fields import Fields, Values
from mug.webui.messages import shown_errors
from mug.webui.own_song import OwnSong
from mug.webui.song_length import MAX_SONG_MINUTES, check_length, duration, is_too_long
from mug.webui.visitor import Visitor

MAX_UPLOAD_MB = 200


@dataclass(frozen=True)
class SongPanel:
    """The components of the song."""

    audio: gr.Audio
    about: gr.HTML
    title: gr.Textbox
    artist: gr.Textbox

    @classmethod
    def build(cls) -> "SongPanel":
        audio = gr.Audio(label="Song", sources=["upload"], type="filepath", editable=False, buttons=[], elem_id="audio")
        about = gr.HTML(about_song(None), elem_id="song-about")
        example = gr.Button("Use the example song", size="sm", elem_id="example")
        with gr.Row():
            title = gr.Textbox(label="Title", placeholder="its file's name", min_width=120, elem_id="song-title")
            artist = gr.Textbox(label="Artist", placeholder="its file's name", min_width=120, elem_id="song-artist")
        example.click(
            lambda: str(EXAMPLE_SONG), None, audio, show_progress="hidden", queue=False, api_visibility="private"
        )
        return cls(audio, about, title, artist)

    @property
    def fields(self) -> Fields:
        return {"audio": self.audio, "title": self.title, "artist": self.artist}

    def listen(self, visitor: Visitor) -> None:
        """Say of each song that is given what it is called and how long it is, and keep it with the names it gets."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        def given(path: str | None, token: str) -> tuple[str, str, str]:
            return *names_of(path, visitor.give(token, path)), about_song(path)

        def named(path: str | None, token: str, title: str, artist: str) -> None:
            if song := visitor.song_of(token, path):
                visitor.workspace(token).set_names(song, title, artist)

        names = [self.title, self.artist]
        self.audio.change(given, [self.audio, visitor.token], [*names, self.about], **quiet)
        gr.on([self.title.blur, self.artist.blur], named, [self.audio, visitor.token, *names], None, **quiet)

    def file(self, values: Values) -> Path:
        """The song's audio. Raises AudioError if there is none yet, and for a song that is too long."""
        path = values[self.audio]
        if path is None:
            raise AudioError("Drop a song first, or use the example.")
        check_length(Path(path))
        return Path(path)


def about_song(path: str | None) -> str:
    """What is said under the song: how long it is, or without one, what may be dropped."""
    if path is None:
        return (
            f"<p>mp3, ogg, wav, flac or m4a, up to {MAX_SONG_MINUTES} minutes and {MAX_UPLOAD_MB} MB. "
            "It stays on the computer that serves this page.</p>"
        )
    seconds = seconds_of(path)
    if not seconds:  # what is wrong with it is said when it is charted
        return ""
    too_long = f": too long, the page takes {MAX_SONG_MINUTES} minutes" if is_too_long(seconds) else ""
    return f"<p>{duration(seconds)}{too_long}</p>"


def names_of(path: str | None, known: OwnSong | None = None) -> tuple[str, str]:
    """The title and artist of a song: those that its visitor gave it before, or else its tags; "" without any.

    known: the song as the visitor had it before.
    """
    if known is not None and (known.title or known.artist):
        return known.title, known.artist
    if path is not None:
        with shown_errors(path):
            title, artist = read_tags(Path(path))
            return title or "", artist or ""
    return "", ""
