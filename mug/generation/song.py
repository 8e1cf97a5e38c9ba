"""What is known of a song besides its audio."""

from collections.abc import Sequence
from dataclasses import dataclass

from mug.charts.beatmap import TimingPoint
from mug.charts.timing import check_tempo
from mug.errors import PromptError


@dataclass(frozen=True)
class Song:
    """Known names and timing of a song. Raises PromptError for an impossible timing.

    title, artist: default to the audio's tags, then to its file name. bpm, offset_ms: the only tempo, and where a
    measure begins; if not given, they are fitted to each chart. timing_points: tempo changes, in place of both.
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

    @property
    def has_timing(self) -> bool:
        """Whether something of its timing is given."""
        return bool(self.timing_points) or self.bpm is not None or self.offset_ms is not None
