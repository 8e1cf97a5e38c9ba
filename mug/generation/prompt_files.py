"""Prompts as people give them: KEY=VALUE words, YAML files, and folders of those."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mug.config import find_file
from mug.errors import PromptError
from mug.generation.prompt_distance import STARS


def read_prompts(items: Sequence[str], folder: Path | None) -> dict[str, dict[str, Any]]:
    """Return the prompts by name: one for each file of `folder`, else one with an empty name; `items` override all.

    Raises PromptError for items that are neither a file nor KEY=VALUE.
    """
    overrides = read_features(items)
    if folder is None:
        return {"": overrides}
    files = sorted(find_file(folder).glob("*.y*ml"))
    if not files:
        raise PromptError(f"{folder}: no .yaml files in it; configs/mapping_config/ has examples")
    return {file.stem.replace("_", " "): read_prompt(file) | overrides for file in files}


def read_spread(items: Sequence[str], spread: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Return a prompt for each star rating of a spread. Raises PromptError for equal ones, and stars in `items`."""
    prompt = read_features(items)
    if STARS in prompt:
        raise PromptError(f"a spread gives each chart's stars: leave out {STARS}=...")
    if len(set(spread)) < len(spread):
        raise PromptError(f"a spread of {', '.join(f'{stars:g}' for stars in spread)} stars: give each number once")
    return {f"{stars}": {**prompt, STARS: stars} for stars in spread}


def read_features(items: Sequence[str]) -> dict[str, Any]:
    """Return the features of KEY=VALUE items and prompt files; later ones win. Raises PromptError."""
    features: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if equals:
            features[key] = yaml_value(value, item)
        elif item.endswith((".yaml", ".yml")):
            features |= read_prompt(Path(item))
        else:
            raise PromptError(f"'{item}' is neither KEY=VALUE nor a .yaml file")
    return features


def read_prompt(path: Path) -> dict[str, Any]:
    """Read a prompt file, a mapping of features to values. Raises PromptError."""
    try:
        text = find_file(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read: {error}") from error
    prompt = yaml_value(text, str(path))
    if not isinstance(prompt, dict):
        raise PromptError(f"{path}: a prompt is lines of 'feature: value', such as 'sr: 4.2'")
    return {str(key): value for key, value in prompt.items()}


def yaml_value(text: str, source: str) -> Any:
    """Parse YAML. Raises PromptError that names the source."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PromptError(f"{source}: not readable as YAML: {error}") from error
