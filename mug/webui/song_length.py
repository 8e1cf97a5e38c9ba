"""How long a song may be for the page."""

import math
from pathlib import Path

from mug.data.audio import seconds_of
from mug.errors import AudioError

MAX_SONG_MINUTES = 20


def is_too_long(seconds: float) -> bool:
    """Whether a song of this length is too long for the page."""
    return seconds > MAX_SONG_MINUTES * 60


def check_length(song: Path, name: str | None = None) -> None:
    """Raise AudioError for a song that is too long for the page. name: how to call it, by default its path."""
    seconds = seconds_of(song)
    if is_too_long(seconds):
        raise AudioError(
            f"{name or song}: this song lasts {duration(seconds)}; the page takes up to {MAX_SONG_MINUTES} minutes. "
            "The command `mug chart` takes longer ones"
        )


def duration(seconds: float) -> str:
    """Minutes and seconds."""
    whole = math.floor(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
