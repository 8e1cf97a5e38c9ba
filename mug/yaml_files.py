"""Small YAML files, which may come from strangers: read within bounds, and written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mug.errors import CheckpointError, ConfigError

MAX_YAML_BYTES = 2**18  # a hundred times what a model's configuration takes
MAX_YAML_DEPTH = 30
MAX_YAML_EVENTS = 200_000  # values, keys, and where lists and mappings begin and end
NO_YAML = (yaml.YAMLError, OmegaConfBaseException, ValueError, TypeError, AssertionError, RecursionError)


def read_yaml(path: Path) -> Any:
    """Read a small YAML file that may come from a stranger: plain values, ${...} left alone. Raises CheckpointError."""
    try:
        if not path.is_file():
            raise CheckpointError(f"{path}: no such file")
        if path.stat().st_size > MAX_YAML_BYTES:
            raise CheckpointError(f"{path}: more than {MAX_YAML_BYTES} bytes; no model configuration is that long")
        text = path.read_text(encoding="utf-8")
        _check_structure(text)
        # OmegaConf, because plain YAML takes 1e-4 for a word; what is no mapping or list it meets with an assertion.
        return OmegaConf.to_container(OmegaConf.create(text), resolve=False)
    except (*NO_YAML, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{path}: not readable as YAML: {reason}") from error


def plain_yaml(text: str, source: str) -> Any:
    """Read YAML that may come from a stranger; `source` is for messages. Raises ConfigError."""
    try:
        _check_structure(text)
        return yaml.safe_load(text)
    except NO_YAML as error:
        problem = getattr(error, "problem", None) or next(iter(str(error).splitlines()), type(error).__name__)
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        raise ConfigError(f"{source}: not readable as YAML{line}: {problem}") from error


def _check_structure(text: str) -> None:
    """Raise YAMLError for YAML that takes longer to read, or more memory, than its size lets one expect."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if number > MAX_YAML_EVENTS:
            raise yaml.YAMLError("more than a hundred thousand values")
        if isinstance(event, yaml.AliasEvent):  # a few aliases of aliases stand for more than any memory holds
            raise yaml.YAMLError("YAML aliases (*name) are not read; write out the values")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {MAX_YAML_DEPTH} levels")


def write_yaml(path: Path, config: Mapping[str, Any]) -> None:
    """Write a configuration, innermost lists and mappings on one line."""
    text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=120)
    path.write_text(text, encoding="utf-8")
