"""What a model's files say before its networks are loaded, so that mistakes are reported at once."""

from collections.abc import Iterable
from pathlib import Path

from mug.checkpoints.trained_model import Interface
from mug.config import find_file
from mug.errors import PromptError
from mug.generation.contradictions import contradiction
from mug.generation.request import Prompt
from mug.generation.settings import SAMPLING, SamplingSettings
from mug.model.weights import is_model_folder


def own_settings(checkpoint: str | Path) -> SamplingSettings:
    """The sampling settings of a model: those in its folder, if there are any. Raises CheckpointError."""
    found = find_file(checkpoint)
    path = (found if found.is_dir() else found.parent) / SAMPLING
    return SamplingSettings.from_yaml(path) if is_model_folder(checkpoint) and path.exists() else SamplingSettings()


def check_keys(keys: int, interface: Interface) -> None:
    """Raise PromptError if a model does not write charts of so many keys."""
    if keys != interface.keys:
        wanted = f"{keys}K needs a model trained on {keys}K charts"
        raise PromptError(f"this model writes {interface.keys}K charts; {wanted}")
