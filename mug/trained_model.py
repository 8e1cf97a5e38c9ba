"""A finished run as one object: its checkpoint -> the networks and what they were trained on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mug.config import find_file, get_obj_from_str, instantiate_from_config
from mug.data.audio import AudioSettings
from mug.data.features import FeatureSpec
from mug.diffusion.diffusion import DDPM
from mug.errors import CheckpointError, ConfigError
from mug.lr_scheduler import LambdaLinearScheduler
from mug.model.weights import (
    check_fit,
    copy_weights,
    is_model_folder,
    read_checkpoint,
    read_tensors,
    tensors_of,
    without_numbers,
)
from mug.model_folder import read_folder_config
from mug.training.checkpoints import without_ckpt_paths

MAX_KERNEL_LENGTH = 2**16  # latent frames that an S4 layer was ever asked for; an hour's song has a sixth of it


@dataclass(frozen=True)
class TrainedModel:
    """A diffusion model, the prompt and the audio it understands, and the number of keys it writes."""

    model: DDPM
    spec: FeatureSpec
    audio_settings: AudioSettings
    keys: int


def load_trained_model(checkpoint: str | Path, config: Mapping[str, Any] | None = None) -> TrainedModel:
    """Load a stage 2 checkpoint onto the CPU; `config` replaces the run's configuration that it carries.

    A checkpoint is a run's .ckpt or a model folder (mug.model_folder), of which its .safetensors file may be named too.
    A configuration inside a checkpoint may only build this package's own networks, for it may come from a stranger.
    Raises CheckpointError that names what is missing or which tensors do not fit.
    """
    state, config = read_model(checkpoint, config)
    source = str(checkpoint)
    model = skeleton(config, state, source)
    if not isinstance(model, DDPM):
        raise CheckpointError(
            f"{checkpoint}: its configuration is that of a {type(model).__name__}; charts need "
            "stage 2, configs/mug/mug_diffusion.yaml"
        )
    check_fit(model, state, source)
    for name, value in state.items():
        if name.endswith(".kernel.kernel.L") and not 0 <= value <= MAX_KERNEL_LENGTH:
            raise CheckpointError(f"{checkpoint}: {name} is {value}, between 0 and {MAX_KERNEL_LENGTH} is possible")
    with naming_config(source):
        common = config["data"]["params"]["common"]
        keys, audio_settings = int(common["keys"]), AudioSettings.from_params(common["audio"])
        features = config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"]
        spec = FeatureSpec.from_yaml(find_file(features))
        model = instantiate_from_config(without_ckpt_paths(config["model"]), "model")
    copy_weights(model, state, source)
    return TrainedModel(model.eval().requires_grad_(False), spec, audio_settings, keys)


def read_model(
    checkpoint: str | Path, config: Mapping[str, Any] | None = None
) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
    """Return the tensors of a .ckpt or a model folder and the configuration that it carries, or else `config`.

    A configuration that asks for anything but networks of this package is refused. Raises CheckpointError.
    """
    carried: Any
    if is_model_folder(checkpoint):
        state, carried = read_tensors(checkpoint), read_folder_config(checkpoint) if config is None else config
    else:
        content = read_checkpoint(checkpoint)
        carried = content.get("config") if config is None else config
        if "state_dict" not in content or carried is None:
            raise CheckpointError(f"{checkpoint}: not a run's checkpoint: it lacks a state_dict or a config")
        state = tensors_of(content, checkpoint)
    if not isinstance(carried, Mapping):
        raise CheckpointError(f"{checkpoint}: its configuration is a {type(carried).__name__}, not a mapping")
    if config is None:
        with naming_config(str(checkpoint)):
            _check_targets(carried.get("model"), str(checkpoint))
    return state, carried


def skeleton(config: Mapping[str, Any], state: Mapping[str, Tensor], source: str) -> torch.nn.Module:
    """Build the model of a configuration without numbers, to compare with the tensors that belong to it.

    Raises CheckpointError for a configuration that builds none.
    """
    with naming_config(source), without_numbers(source):
        params = config["model"].get("params") or {}
        betas = state.get("betas", ())
        if len(betas) < params.get("timesteps", 0):  # whose schedule would take memory all the same
            raise CheckpointError(f"{source}: betas is [{len(betas)}], its configuration has more timesteps")
        return instantiate_from_config(without_ckpt_paths(config["model"]), "model")


@contextmanager
def naming_config(source: str) -> Iterator[None]:
    """Name the checkpoint in whatever goes wrong with its configuration."""
    try:
        yield
    except KeyError as error:
        raise CheckpointError(f"{source}: its configuration lacks {error}") from error
    except (TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError, ConfigError) as error:
        raise CheckpointError(f"{source}: its configuration builds no model: {error}") from error


def _check_targets(node: Any, checkpoint: str) -> None:
    """Raise CheckpointError for a model's configuration that asks for anything but this package's networks.

    A function of this package would do harm: some write files where they are told to.
    """
    if isinstance(node, Mapping):
        target = node.get("target")
        if target is not None and not _is_network(target):
            raise CheckpointError(
                f"{checkpoint}: its configuration asks for '{target}', which is no network of this package; "
                "if you trust it, load it with the run's own configuration"
            )
        children: list[Any] = list(node.values())
    else:
        children = node if isinstance(node, list) else []
    for child in children:
        _check_targets(child, checkpoint)


def _is_network(target: Any) -> bool:
    """Whether a dotted path names a network of this package, or what goes into one: a loss, a learning rate."""
    if not isinstance(target, str) or not target.startswith("mug."):
        return False
    try:
        found = get_obj_from_str(target)
    except ConfigError:
        return False
    return isinstance(found, type) and issubclass(found, (torch.nn.Module, LambdaLinearScheduler))
