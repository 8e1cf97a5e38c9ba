"""The request that a ChartGenerator takes, and the charts that it returns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.errors import PromptError
from mug.generation.prompt_distance import STARS
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song

MAX_CHARTS = 64
MAX_SEED = 2**53  # beyond it, spreadsheets and JSON readers lose digits
CREATOR = "MuG"
FAR_STARS = 0.5  # from the requested stars: a chart for other players
# Repetition that gives people's motif share at these stars: easy charts repeat more than hard ones (docs/log.md)
REPETITION = {1.0: 0.55, 2.0: 0.35, 4.0: 0.35, 5.0: 0.25}
MEDIUM_STARS = 3.0

PromptValue = float | str | bool | None
Prompt = Mapping[str, PromptValue]


@dataclass(slots=True)
class GeneratedChart(Beatmap):
    """A chart that a model wrote.

    star_rating: None if osu! does not rate it because it is too dense to be played. nearest_stars: the star rating
    closest to the prompt's over all attempts, None if the prompt gives none. timing_note: what to know of the chart's
    timing, empty if nothing. in_harder: the share of its moments that the next harder chart of its spread has, None if
    it is in none or the hardest.
    """

    star_rating: float | None = None
    nearest_stars: float | None = None
    timing_note: str = ""
    in_harder: float | None = None

    def stars_warning(self, prompt: Prompt) -> str:
        """Return a warning if the chart is far from the prompt's stars, "" if not."""
        requested = prompt.get(STARS)
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
    """A request for charts of one song, with one prompt. Raises PromptError for impossible values.

    prompt: the given features. count, seed: chart i is sampled from seed + i. snap: whether notes are snapped to the
    beat. jack_interval_ms: notes of a column that are closer than this are moved apart. negative_prompt: the features
    that guidance leads away from; they need a guidance other than 1.
    """

    audio: Path
    prompt: Prompt
    count: int
    seed: int
    song: Song
    settings: SamplingSettings
    snap: bool
    jack_interval_ms: float
    negative_prompt: Prompt = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_CHARTS:
            raise PromptError(f"{self.count} charts: ask for 1 to {MAX_CHARTS}")
        if not 0 <= self.seed <= MAX_SEED:
            raise PromptError(f"seed {self.seed}: give a whole number from 0 to {MAX_SEED}")
        if not self.jack_interval_ms >= 0:
            raise PromptError(f"minijack interval {self.jack_interval_ms} ms: give 0 or more")
        if self.negative_prompt and self.settings.guidance == 1:
            raise PromptError("a negative prompt has no effect without guidance: set guidance above 1, such as 2")
        for name, value in self.negative_prompt.items():
            if self.prompt.get(name) == value:
                raise PromptError(f"{name}={value} is in the prompt and in the negative prompt; keep one")

    def repetition_of(self, prompt: Prompt) -> float:
        """The share of repeats that come again: as set, or else what people's charts of the prompt's stars have."""
        if self.settings.repetition is not None:
            return self.settings.repetition
        stars = prompt.get(STARS)
        return float(np.interp(MEDIUM_STARS if stars is None else float(stars), [*REPETITION], [*REPETITION.values()]))

    def version(self, index: int, star_rating: float | None = None) -> str:
        """The chart's difficulty name, with its star rating if the prompt gives one."""
        stars = f" {star_rating:.1f}*" if STARS in self.prompt and star_rating is not None else ""
        return f"AI v{index + 1}{stars}"

    def nearest_stars(self, reached: Sequence[float]) -> float | None:
        """The star rating closest to the prompt's."""
        requested = self.prompt.get(STARS)
        if requested is None:
            return None
        return min(reached, key=lambda stars: abs(stars - float(requested)), default=None)

    def metadata(self, index: int) -> dict[str, str]:
        """How the chart was made, for its metadata."""
        negative = {"AINegativePrompt": json.dumps(self.negative_prompt, default=float)} if self.negative_prompt else {}
        return {
            "AIMode": CREATOR,
            "AIPrompt": json.dumps(self.prompt, default=float),  # numpy's numbers, too
            **negative,
            "AISeed": str(self.seed + index),
            "AIEnsemble": str(self.settings.ensemble),
        }
