"""What a model's files say before its networks are loaded, so that mistakes are reported at once."""

from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.checkpoints.trained_model import read_interface
from mug.errors import PromptError
from mug.generation.contradictions import contradiction
from mug.generation.editing import check_keys
from mug.generation.recipe import Charting, Editing, Recipe
from mug.generation.request import Request
from mug.generation.song import Song


def check_charting(
    charting: Charting, checkpoint: str | Path, audio: Path, song: Song, keys: int | None = None
) -> list[str]:
    """Check what is asked of a model for a song, and return what its user should know, a line each.

    keys: of the charts that are wanted. Raises CheckpointError for a missing model, and PromptError.
    """
    interface = read_interface(checkpoint)
    if keys not in (None, interface.keys):
        wanted = f"{keys}K needs a model trained on {keys}K charts"
        raise PromptError(f"this model writes {interface.keys}K charts; {wanted}")
    interface.spec.check(charting.negative_prompt)
    for prompt in charting.prompts.values():
        interface.spec.check(prompt)
        Request(
            audio,
            prompt,
            charting.count,
            charting.seed,
            song,
            charting.settings,
            charting.snap,
            charting.jack_interval_ms,
            charting.negative_prompt,
        )
    return list(dict.fromkeys(filter(None, map(contradiction, charting.prompts.values()))))


def check_recipe(recipe: Recipe, checkpoint: str | Path, audio: Path) -> None:
    """Check a recipe's first charts as `check_charting` does, and the prompts of its edits."""
    if isinstance(recipe.start, Charting):
        check_charting(recipe.start, checkpoint, audio, recipe.song)
    spec = read_interface(checkpoint).spec
    for edit in recipe.edits:
        if edit.model is None:
            spec.check(edit.prompt)


def check_edit(edit: Editing, checkpoint: str | Path, chart: Beatmap) -> list[str]:
    """The same for an edit of a chart. Raises ChartError for a chart of other keys, too."""
    interface = read_interface(checkpoint)
    check_keys(chart, interface.keys)
    interface.spec.check(edit.prompt)
    return list(filter(None, [contradiction(edit.prompt)]))
