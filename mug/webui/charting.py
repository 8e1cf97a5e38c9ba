"""What a visitor asked for -> charts. No layout."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mug.generation.package import polished
from mug.generation.request import GeneratedChart, Prompt
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.progress import Progress
from mug.webui.models import Models


@dataclass(frozen=True)
class Wanted:
    """A visitor's request for charts of a song. model: its name; for the others see ChartGenerator.generate."""

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


def write_charts(models: Models, wanted: Wanted, show: Callable[[float, float], None]) -> list[GeneratedChart]:
    """Write the charts, ready for a package. `show`: told of samples drawn and to be drawn. Raises MugError."""
    generator = models.generator(wanted.model)
    generator.spec.check(wanted.prompt)
    charts = generator.generate(
        wanted.audio,
        wanted.prompt,
        count=wanted.count,
        seed=wanted.seed,
        song=wanted.song,
        settings=wanted.settings,
        snap=wanted.snap,
        jack_interval_ms=wanted.jack_interval_ms,
        progress=Progress(show),
        negative_prompt=wanted.avoided,
    )
    return polished(charts, generator.reader.spectrum(wanted.audio), generator.reader.audio_settings)
