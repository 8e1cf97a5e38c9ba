"""What is asked of a ChartGenerator, and what comes out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.errors import PromptError
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song

MAX_CHARTS = 64
MAX_SEED = 2**53  # more than a spreadsheet or a JSON reader keeps exactly
CREATOR = "MuG"

PromptValue = float | str | bool | None
Prompt = Mapping[str, PromptValue]


@dataclass(slots=True)
class GeneratedChart(Beatmap):
    """A chart that a model wrote, and its star rating; None where osu! takes it for too dense to be played."""

    star_rating: float | None = None


@dataclass(frozen=True)
class Request:
    """Charts of one song, for one prompt. Raises PromptError for what is impossible.

    prompt: the features that are given. count, seed: chart i is sampled from seed + i. snap: whether notes are moved
    to the beat. jack_interval_ms: notes of a column that are closer than this are moved apart.
    """

    audio: Path
    prompt: Prompt
    count: int
    seed: int
    song: Song
    settings: SamplingSettings
    snap: bool
    jack_interval_ms: float

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_CHARTS:
            raise PromptError(f"{self.count} charts: ask for 1 to {MAX_CHARTS}")
        if not 0 <= self.seed <= MAX_SEED:
            raise PromptError(f"seed {self.seed}: give a whole number from 0 to {MAX_SEED}")
        if not self.jack_interval_ms >= 0:
            raise PromptError(f"minijack interval {self.jack_interval_ms} ms: give 0 or more")

    def version(self, index: int) -> str:
        """The name of a chart's difficulty."""
        stars = f" {self.prompt['sr']:.1f}*" if "sr" in self.prompt else ""
        return f"AI v{index + 1}{stars}"

    def metadata(self, index: int) -> dict[str, str]:
        """What a chart says of how it was made."""
        return {
            "AIMode": CREATOR,
            "AIPrompt": json.dumps(self.prompt, default=float),  # numpy's numbers too
            "AISeed": str(self.seed + index),
            "AIEnsemble": str(self.settings.ensemble),
        }
