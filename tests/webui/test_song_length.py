"""How long a song may be for the page."""

import pytest

from mug.errors import AudioError
from mug.webui import song_length
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.song_length import check_length, duration, is_too_long


def test_twenty_minutes_are_the_most() -> None:
    assert not is_too_long(1200)
    assert is_too_long(1200.1)
    assert duration(1200.9) == "20:00"


def test_a_song_that_is_too_long_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    check_length(EXAMPLE_SONG)
    monkeypatch.setattr(song_length, "MAX_SONG_MINUTES", 0.5)
    with pytest.raises(AudioError, match=r"^set\.osz: this song lasts 0:44; the page takes up to 0\.5 minutes"):
        check_length(EXAMPLE_SONG, "set.osz")
    with pytest.raises(AudioError, match=r"Horshancol\.ogg: this song lasts"):
        check_length(EXAMPLE_SONG)
