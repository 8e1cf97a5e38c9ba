"""The song of the page: what is said of it, and which are refused."""

from pathlib import Path

import gradio as gr
import pytest

from mug.errors import AudioError
from mug.webui import song_length
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.own_song import OwnSong
from mug.webui.song_panel import SongPanel, about_song, names_of


@pytest.fixture
def panel() -> SongPanel:
    with gr.Blocks(analytics_enabled=False):
        return SongPanel.build()


def test_the_limits_are_told_before_a_song_is_there() -> None:
    assert "up to 20 minutes and 200 MB" in about_song(None)


def test_a_song_shows_its_length_and_names() -> None:
    assert about_song(str(EXAMPLE_SONG)) == "<p>0:44</p>"
    assert names_of(str(EXAMPLE_SONG)) == ("Horshancol", "Menbrin")
    assert names_of(None) == ("", "")
    assert names_of(str(EXAMPLE_SONG), OwnSong("id", EXAMPLE_SONG, "Mine")) == ("Mine", "")  # as it was called before
    assert names_of(str(EXAMPLE_SONG), OwnSong("id", EXAMPLE_SONG)) == ("Horshancol", "Menbrin")


def test_a_file_that_is_no_song_has_no_length(tmp_path: Path) -> None:
    (tmp_path / "x.ogg").write_bytes(b"no music" * 100)
    assert about_song(str(tmp_path / "x.ogg")) == ""


def test_a_song_may_be_missing_or_too_long(panel: SongPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioError, match="Drop a song first"):
        panel.file({panel.audio: None})
    assert panel.file({panel.audio: str(EXAMPLE_SONG)}) == EXAMPLE_SONG
    monkeypatch.setattr(song_length, "MAX_SONG_MINUTES", 0.5)
    assert "too long" in about_song(str(EXAMPLE_SONG))
    with pytest.raises(AudioError, match="this song lasts 0:44; the page takes up to"):
        panel.file({panel.audio: str(EXAMPLE_SONG)})
