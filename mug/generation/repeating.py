"""Writes the charts of a recipe. Commands and the web page write all their charts through it, so recipes are right."""

from collections.abc import Callable
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.errors import CheckpointError, ConfigError
from mug.generation.generator import ChartGenerator
from mug.generation.package import polished
from mug.generation.recipe import Charting, Editing, ModelName, Recipe, as_read, chart_of
from mug.generation.request import GeneratedChart
from mug.generation.song import Song
from mug.progress import Progress, Stage


def repeat(
    recipe: Recipe, audio: Path, load: Callable[[ModelName], ChartGenerator], progress: Progress | None = None
) -> list[GeneratedChart]:
    """Write the charts of a recipe again.

    load: loads its models. Raises AudioError for another song, CheckpointError for another model, and what writing
    charts raises.
    """
    recipe.audio.check(audio)
    generators: dict[ModelName, ChartGenerator] = {}

    def generator_of(model: ModelName) -> ChartGenerator:
        if model not in generators:
            generators[model] = load(model)
            check_weights(model, generators[model])
        return generators[model]

    if isinstance(recipe.start, str):
        chart = chart_of(recipe.start, "the recipe's chart")
        made: list[GeneratedChart] = []
    else:
        made = new_charts(generator_of(recipe.model), audio, recipe.song, recipe.start, progress)
        made = _taken(made, recipe.start.chart)
    for number, edit in enumerate(recipe.edits, 1):
        if len(made) > 1:
            raise ConfigError(f"edit {number} of the recipe: {len(made)} charts before it; set `chart` there, from 1")
        if made:
            chart = as_read(made[0])
        made = _taken(edits_of(generator_of(edit.model or recipe.model), audio, chart, edit, progress), edit.chart)
    return made


def check_weights(model: ModelName, generator: ChartGenerator) -> None:
    """Raise CheckpointError if a model is not the recipe's."""
    if model.weights is not None and generator.fingerprint != model.weights:
        raise CheckpointError(
            f"{model.name}: its weights are not those that the recipe was made with; give the right model with "
            "--checkpoint. For other charts, by this model, delete the line of its weights in the recipe"
        )


def new_charts(
    generator: ChartGenerator, audio: Path, song: Song, charting: Charting, progress: Progress | None = None
) -> list[GeneratedChart]:
    """Write all charts of the first step of a recipe, ready for a package (mug.generation.package.polished)."""
    if charting.spread:
        charts = generator.spread(
            audio,
            list(charting.prompts.values()),
            charting.seed,
            song,
            charting.settings,
            charting.snap,
            charting.jack_interval_ms,
            charting.negative_prompt,
            progress,
        )
    else:
        charts = []
        for name, prompt in charting.prompts.items():
            for chart in generator.generate(
                audio,
                prompt,
                charting.count,
                charting.seed,
                song,
                charting.settings,
                charting.snap,
                charting.jack_interval_ms,
                progress,
                charting.negative_prompt,
            ):
                chart.version = f"{chart.version} {name}".strip()
                charts.append(chart)
    if progress is not None:
        progress.enter(Stage.FINISHING)
    return polished(charts, generator.reader.spectrum(audio), generator.reader.audio_settings)


def edits_of(
    generator: ChartGenerator, audio: Path, chart: Beatmap, edit: Editing, progress: Progress | None = None
) -> list[GeneratedChart]:
    """Write all edits of a step of a recipe. chart: as it was read from a .osu file, or `as_read`."""
    if edit.towards is not None:
        other = chart_of(edit.towards, "the recipe's other chart")
        return generator.interpolate(
            chart, other, audio, edit.count, edit.strength, edit.seed, edit.settings, progress=progress
        )
    return generator.edit(
        chart,
        audio,
        edit.region,
        edit.prompt,
        edit.harder,
        edit.strength,
        edit.count,
        edit.seed,
        edit.settings,
        edit.snap,
        edit.jack_interval_ms,
        progress,
    )


def _taken(charts: list[GeneratedChart], number: int | None) -> list[GeneratedChart]:
    """The one chart of that number, or all."""
    if number is None:
        return charts
    if not 1 <= number <= len(charts):
        raise ConfigError(f"chart {number} of the recipe: {len(charts)} charts were written")
    return [charts[number - 1]]
