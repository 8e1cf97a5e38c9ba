"""What is known of a song besides its audio."""

from collections.abc import Sequence
from dataclasses import dataclass

from mug.charts.beatmap import TimingPoint
from mug.charts.timing import check_tempo
from mug.errors import PromptError


@dataclass(frozen=True)
class Song:
    """Names and timing of a song, as far as they are known. Raises PromptError for a timing that is impossible.

    title, artist: default to the audio's tags, then to its file name. bpm, offset_ms: of its only tempo, and where a
    measure begins; what is not given is fitted to each chart. timing_points: its tempo changes, in place of both.
    """

    title: str | None = None
    artist: str | None = None
    bpm: float | None = None
    offset_ms: float | None = None
    timing_points: Sequence[TimingPoint] | None = None

    def __post_init__(self) -> None:
        if self.timing_points and (self.bpm is not None or self.offset_ms is not None):
            raise PromptError("give either timing points or BPM and offset, not both")
        check_tempo(self.bpm, self.offset_ms)
