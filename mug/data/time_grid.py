"""Conversion between milliseconds and frames of audio, notes or latents, done only here."""

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Frames:
    """Frames of one length, counted from 0. Scalars, numpy arrays and torch tensors alike."""

    frame_ms: float

    def at(self, time_ms: Any) -> Any:
        """Time in ms -> frame, with its fraction."""
        return time_ms / self.frame_ms

    def to_ms(self, frame: Any) -> Any:
        """Frame, with its fraction -> time in ms."""
        return frame * self.frame_ms


@dataclass(frozen=True)
class TimeGrid:
    """Frames <-> ms in a window of a song: the whole song, or the part that a training item covers.

    note_frame_ms: length of a note frame. max_frame: note frames of the window. rate: the speed at which the song is
    played; its times are divided by it. offset_ms: added to them afterwards; negative if the window begins in mid-song.
    end_ms: when the song ends, in its own time; infinite if unknown. audio_per_note: audio frames per note frame.
    notes_per_latent: note frames per latent frame. Raises ValueError for an invalid grid.
    """

    note_frame_ms: float
    max_frame: int
    rate: float = 1.0
    offset_ms: float = 0.0
    end_ms: float = math.inf
    audio_per_note: int = 1
    notes_per_latent: int = 1

    def __post_init__(self) -> None:
        lengths = (self.note_frame_ms, self.max_frame, self.rate, self.audio_per_note, self.notes_per_latent)
        if not all(length > 0 for length in lengths):
            raise ValueError(f"impossible grid: {self}")

    @property
    def notes(self) -> Frames:
        return Frames(self.note_frame_ms)

    @property
    def audio(self) -> Frames:
        return Frames(self.note_frame_ms / self.audio_per_note)

    @property
    def latents(self) -> Frames:
        return Frames(self.note_frame_ms * self.notes_per_latent)

    @property
    def audio_per_latent(self) -> int:
        return self.notes_per_latent * self.audio_per_note

    def beginning_at(self, audio_frame: int) -> "TimeGrid":
        """The grid of a window that begins at this audio frame of the song, counted at the grid's rate."""
        return replace(self, offset_ms=self.audio.to_ms(-audio_frame))

    def in_window(self, song_ms: Any) -> Any:
        """Time in the song -> time in the window, in ms."""
        return song_ms / self.rate + self.offset_ms

    def in_song(self, window_ms: Any) -> Any:
        """Time in the window -> time in the song, in ms."""
        return (window_ms - self.offset_ms) * self.rate

    @property
    def filled_frames(self) -> int:
        """Note frames of the window that the song fills, at least 1; what follows is padding."""
        if math.isinf(self.end_ms):
            return self.max_frame
        return min(max(math.ceil(self.notes.at(self.in_window(self.end_ms))), 1), self.max_frame)
