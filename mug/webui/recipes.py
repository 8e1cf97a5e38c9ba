"""The recipes of the page's versions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mug.charts.osu import read_osu
from mug.config import PROJECT_ROOT
from mug.generation.generator import ChartGenerator
from mug.generation.recipe import AudioFile, Editing, ModelName, Recipe, chart_text
from mug.generation.recipe_file import from_values, to_values
from mug.generation.song import Song
from mug.webui.models import Model
from mug.webui.own_song import OwnSong
from mug.webui.versions import Version


def model_name(model: Model, generator: ChartGenerator) -> ModelName:
    """How recipes call a model: by its path if it is shipped. The paths of others are nobody else's concern."""
    path, root = model.path.resolve(), PROJECT_ROOT.resolve()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else model.name
    return ModelName(name, generator.fingerprint)


def recipes_of(recipe: Recipe, count: int) -> list[Mapping[str, Any]]:
    """The recipe of each of the charts that were written, as workspaces keep it."""
    return [to_values(recipe.taking(number)) for number in range(1, count + 1)]


def recipe_of_edit(version: Version, song: OwnSong, edit: Editing, model: ModelName) -> Recipe:
    """The recipe of an edit of a version, of a song that has no other name or timing than the chart's.

    Raises ConfigError for a damaged recipe.
    """
    if version.recipe is not None:
        return from_values(version.recipe, version.name).edited(replace(edit, model=model))
    text = chart_text(read_osu(version.chart))
    return Recipe(model, AudioFile.of(song.audio), Song(), text, (edit,))
