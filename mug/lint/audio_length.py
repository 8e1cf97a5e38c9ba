"""How long a song is, by the header of its file."""

from pathlib import Path

import mutagen


def audio_length_ms(audio: Path) -> float | None:
    """Return the length that an audio file's header gives, without decoding it; None if it gives none."""
    try:
        file = mutagen.File(audio)
    except (mutagen.MutagenError, OSError):
        return None
    length_s = getattr(getattr(file, "info", None), "length", 0.0)
    return 1000.0 * length_s if length_s else None
