"""The request that a ChartGenerator answers, and the charts that it returns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.errors import PromptError
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song

MAX_CHARTS = 64
MAX_SEED = 2**53  # more than a spreadsheet or a JSON reader keeps exactly
CREATOR = "MuG"
FAR_STARS = 0.5  # from those requested: a chart for other players

PromptValue = float | str | bool | None
Prompt = Mapping[str, PromptValue]


@dataclass(slots=True)
class GeneratedChart(Beatmap):
    """A chart that a model wrote, and its star rating; None where osu! takes it for too dense to be played.

    nearest_stars: how near to the prompt's stars the model came at any attempt, None where the prompt gives none.
    """

    star_rating: float | None = None
    nearest_stars: float | None = None

    def stars_warning(self, prompt: Prompt) -> str:
        """Say that the chart is far from the stars of a prompt, "" where it is not."""
        requested = prompt.get("sr")
        if requested is None or self.star_rating is None or abs(self.star_rating - float(requested)) <= FAR_STARS:
            return ""
        most = "hardest" if float(requested) > self.star_rating else "easiest"
        nearest = self.star_rating if self.nearest_stars is None else self.nearest_stars
        return (
            f"{self.version}: requested {float(requested):.1f} stars, got {self.star_rating:.1f}; the {most} that this "
            f"model reached for this song is {nearest:.1f}"
        )


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

    def version(self, index: int, star_rating: float | None = None) -> str:
        """The name of a chart's difficulty: with the stars that it has, where the prompt gives some."""
        stars = f" {star_rating:.1f}*" if "sr" in self.prompt and star_rating is not None else ""
        return f"AI v{index + 1}{stars}"

    def nearest_stars(self, reached: Sequence[float]) -> float | None:
        """Of star ratings the nearest one to the prompt's."""
        requested = self.prompt.get("sr")
        if requested is None:
            return None
        return min(reached, key=lambda stars: abs(stars - float(requested)), default=None)

    def metadata(self, index: int) -> dict[str, str]:
        """What a chart says of how it was made."""
        return {
            "AIMode": CREATOR,
            "AIPrompt": json.dumps(self.prompt, default=float),  # numpy's numbers too
            "AISeed": str(self.seed + index),
            "AIEnsemble": str(self.settings.ensemble),
        }
