"""What a visitor asked for -> charts -> versions. No layout."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mug.data.audio import seconds_of
from mug.generation.prompt_distance import STARS
from mug.generation.recipe import AudioFile, Charting, Recipe
from mug.generation.repeating import new_charts
from mug.generation.request import GeneratedChart, Prompt
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.webui.jobs import Job
from mug.webui.models import Models
from mug.webui.recipes import model_name, recipes_of
from mug.webui.time_left import Size
from mug.webui.version_list import made_of
from mug.webui.versions import Version
from mug.webui.workspace import Workspace


@dataclass(frozen=True)
class Wanted:
    """A visitor's request for charts of a song.

    model: its name. spread: the stars of each chart of a set, in place of the prompt's stars and of `count`; none for
    charts without a set. For the others see ChartGenerator.generate.
    """

    model: str
    audio: Path
    song: Song
    prompt: Prompt
    avoided: Prompt
    settings: SamplingSettings
    snap: bool
    jack_interval_ms: float
    count: int
    seed: int
    spread: tuple[float, ...] = ()

    @property
    def charting(self) -> Charting:
        """How the charts are written, for their recipe."""
        spread = {str(number): {**self.prompt, STARS: stars} for number, stars in enumerate(self.spread, 1)}
        prompts = spread or {"": {**self.prompt}}
        return Charting(
            prompts,
            self.avoided,
            bool(self.spread),
            1 if self.spread else self.count,
            self.seed,
            self.settings,
            self.snap,
            self.jack_interval_ms,
        )


def write_charts(models: Models, wanted: Wanted, job: Job) -> list[GeneratedChart]:
    """Write the charts, ready for a package. Raises MugError."""
    generator = models.generator(wanted.model)
    generator.spec.check(wanted.prompt)
    with job.using(generator):
        return new_charts(generator, wanted.audio, wanted.song, wanted.charting, job.progress)


def size_of(wanted: Wanted) -> Size:
    """How long a request is likely to take depends on this."""
    stars = wanted.prompt.get(STARS)
    each = [None if stars is None else float(stars)] * wanted.count
    return Size(
        seconds=max(1.0, seconds_of(wanted.audio)),
        stars=sorted(wanted.spread, reverse=True) or each,
        together=not wanted.spread,
        samples=wanted.settings.ensemble,
        passes=wanted.settings.steps * (1 if wanted.settings.guidance == 1 else 2),
    )


def prompt_of(chart: GeneratedChart) -> Prompt:
    """The prompt that a chart was written for, which has the stars of its own in a set."""
    prompt: Prompt = json.loads(chart.metadata["AIPrompt"])
    return prompt


def keep(
    workspace: Workspace, audio: Path, wanted: Wanted, charts: Sequence[GeneratedChart], models: Models
) -> list[Version]:
    """Make charts versions of their song, which becomes the visitor's current one. Raises StudioError."""
    workspace.set_song(audio, wanted.song.title or "", wanted.song.artist or "")
    model = model_name(models[wanted.model], models.generator(wanted.model))
    recipes = recipes_of(Recipe(model, AudioFile.of(audio), wanted.song, wanted.charting), len(charts))
    return workspace.add(made_of(workspace, charts, "new", recipes))
