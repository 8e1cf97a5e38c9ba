"""`mug chart --recipe`: charts again, note for note."""

import argparse
from pathlib import Path

from mug.commands.chart_output import write_charts
from mug.config import find_file
from mug.errors import CheckpointError, ConfigError
from mug.generation.recipe import ModelName
from mug.generation.recipe_file import read_recipe
from mug.progress import progress_bar

BESIDE_A_RECIPE = ("recipe", "audio", "outdir", "background", "format", "checkpoint", "device")


def check_alone(args: argparse.Namespace, parser: argparse.ArgumentParser, several: bool) -> None:
    """Raise ConfigError for options that the recipe answers, and for several songs."""
    unset = vars(parser.parse_args(["--audio", ""]))
    for name, value in vars(args).items():
        if name not in BESIDE_A_RECIPE and value != unset[name]:
            raise ConfigError(f"--{name} is in the recipe: leave it out, or change it in {args.recipe}")
    if several:
        raise ConfigError("--recipe writes the charts of one song: give that one as --audio")


def repeat_charts(args: argparse.Namespace, audio: Path) -> None:
    """Write the charts of a recipe again."""
    recipe = read_recipe(args.recipe)
    from mug.generation import ChartGenerator  # imports torch, and before that says how its threads wait
    from mug.generation.beforehand import check_recipe
    from mug.generation.repeating import repeat

    loaded: list[ChartGenerator] = []

    def path_of(model: ModelName) -> Path:
        given = args.checkpoint or Path(model.name)
        if not find_file(given).exists():
            raise CheckpointError(f"{args.recipe}: its model '{given}' is not here; name its place with --checkpoint")
        return given

    def load(model: ModelName) -> ChartGenerator:
        loaded.append(ChartGenerator.load(path_of(model), device=args.device))
        return loaded[-1]

    check_recipe(recipe, path_of(recipe.model), audio)
    with progress_bar("charting") as progress:
        charts = repeat(recipe, audio, load, progress)
        write_charts(args, loaded[-1], audio, charts, recipe)
