"""An exported model: a self-contained folder, in formats that cannot contain code.

- model.safetensors: the tensors by name
- config.yaml: the model's target and params, and from data.params.common the keys, the audio, the time axis and the
  split of the songs
- features.yaml: the features of a prompt; a first stage and a timing model have none
- README.md: the model card, see mug.checkpoints.model_card

A diffusion model's folder may also contain:

- placement: the model folder of a note-placement model, see mug.placement.model
- timing: the model folder of a model that hears beats and tempo, see mug.timing.model
- density.yaml: a prior of chart density, see mug.placement.density
- sampling.yaml: default sampling settings, see mug.generation.settings
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from mug.config import find_file, without_ckpt_paths
from mug.data.split import SPLIT_KEYS
from mug.errors import ChartError, CheckpointError
from mug.files import resolve_inside
from mug.model.weights import WEIGHTS
from mug.yaml_files import read_yaml, write_yaml

CONFIG, FEATURES, CARD = "config.yaml", "features.yaml", "README.md"
PLACEMENT, DENSITY, TIMING = "placement", "density.yaml", "timing"
DATA = ("keys", "audio", "time", *SPLIT_KEYS)  # the keys of data.params.common that are kept


def read_folder_config(path: str | Path) -> Any:
    """Return the configuration of a model folder, or of a .safetensors file's folder.

    Its feature list has to be in the folder too; the result has the full path. Raises CheckpointError.
    """
    folder = find_file(path)
    folder = folder if folder.is_dir() else folder.parent
    config = read_yaml(folder / CONFIG)
    prompt = prompt_params(config)
    if isinstance(prompt.get("path_to_yaml"), str):
        try:
            features = resolve_inside(folder, prompt["path_to_yaml"])
        except ChartError as error:
            raise CheckpointError(f"{folder / CONFIG}: path_to_yaml: {error}") from error
        read_yaml(features)  # limits its size and rejects aliases
        prompt["path_to_yaml"] = str(features)
    return config


def save_model_folder(folder: Path, state: Mapping[str, Tensor], config: Mapping[str, Any], card: str) -> None:
    """Write a state dict, its run's configuration and a card as a model folder, atomically.

    Only what describes the trained model is kept of the configuration. Raises CheckpointError if `folder` already
    exists or cannot be written.
    """
    common = config.get("data", {}).get("params", {}).get("common", {})
    kept = {
        "model": without_ckpt_paths(config["model"]),
        "data": {"params": {"common": {key: common[key] for key in DATA if key in common}}},
    }
    prompt = prompt_params(kept)
    with new_folder(folder) as temporary:
        if "path_to_yaml" in prompt:
            features = find_file(prompt["path_to_yaml"])
            read_yaml(features)
            shutil.copyfile(features, temporary / FEATURES)
            prompt["path_to_yaml"] = FEATURES
        write_yaml(temporary / CONFIG, kept)
        (temporary / CARD).write_text(card, encoding="utf-8")
        save_file(own_storage(state), temporary / WEIGHTS)
        (temporary / WEIGHTS).chmod((temporary / CONFIG).stat().st_mode)  # safetensors makes it unreadable for others


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to `folder` when the block ends, or deleted if it raises.

    Raises CheckpointError if `folder` already exists and is not empty, or cannot be written.
    """
    temporary = folder.parent / f".{folder.name}-{secrets.token_hex(4)}"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CheckpointError(f"{folder}: exists already; name another folder, or delete this one")
        temporary.mkdir(parents=True)
        yield temporary
        os.replace(temporary, folder)
    except (OSError, SafetensorError, yaml.YAMLError) as error:
        raise CheckpointError(f"{folder}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def own_storage(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the same tensors, copying those that share memory, like the weights of an LSTM from a GPU."""
    own: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, value in state.items():
        is_whole = value.is_contiguous() and value.untyped_storage().nbytes() == value.nbytes
        if is_whole and value.data_ptr() not in taken:
            own[name] = value.detach()
            taken.add(value.data_ptr())
        else:
            own[name] = value.detach().clone(memory_format=torch.contiguous_format)
    return own


def prompt_params(config: Any) -> dict[str, Any]:
    """Return the parameters of a configuration's prompt embedder, or an empty dict if it has none."""
    for key in ("model", "params", "cond_stage_config", "params"):
        config = config.get(key) if isinstance(config, dict) else None
    return config if isinstance(config, dict) else {}
