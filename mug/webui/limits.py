"""What visitors may ask of the server: how large and long their songs may be."""

from pathlib import Path

from mug.data.audio import seconds_of
from mug.errors import AudioError

UPLOAD = "200mb"  # as gradio takes it
MAX_MINUTES = 30  # of a song; `mug chart` takes longer ones


def check_length(audio: Path) -> None:
    """Raise AudioError for a song that is too long for the page."""
    minutes = seconds_of(audio) / 60
    if minutes > MAX_MINUTES:
        raise AudioError(
            f"{audio}: is {minutes:.0f} minutes long, and songs of up to {MAX_MINUTES} are taken here; cut it, or use "
            "`mug chart`"
        )
