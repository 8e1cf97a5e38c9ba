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
from mug.model.s4 import NPLRKernel
from mug.model.weights import copy_weights, read_checkpoint
from mug.training.checkpoints import without_ckpt_paths


@dataclass(frozen=True)
class TrainedModel:
    """A diffusion model, the prompt and the audio it understands, and the number of keys it writes."""

    model: DDPM
    spec: FeatureSpec
    audio_settings: AudioSettings
    keys: int


def load_trained_model(checkpoint: str | Path, config: Mapping[str, Any] | None = None) -> TrainedModel:
    """Load a stage 2 checkpoint onto the CPU; `config` replaces the run's configuration that it carries.

    A configuration inside a checkpoint may only build this package's own networks, for it may come from a stranger.
    Raises CheckpointError that names what is missing or which tensors do not fit.
    """
    content = read_checkpoint(checkpoint)
    state = content.get("state_dict")
    if config is None:
        config = content.get("config")
        _check_targets(config.get("model") if isinstance(config, Mapping) else None, str(checkpoint))
    if not isinstance(config, Mapping) or not isinstance(state, Mapping):
        raise CheckpointError(f"{checkpoint}: not a run's checkpoint: it lacks a state_dict or a config")
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{checkpoint}: its state_dict holds something else than tensors")
    try:
        model = instantiate_from_config(without_ckpt_paths(config["model"]), "model")
        if not isinstance(model, DDPM):
            raise ConfigError(
                f"it is that of a {type(model).__name__}; charts need stage 2, configs/mug/mug_diffusion.yaml"
            )
        common = config["data"]["params"]["common"]
        keys, audio_settings = int(common["keys"]), AudioSettings.from_params(common["audio"])
        features = config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"]
        spec = FeatureSpec.from_yaml(find_file(features))
    except KeyError as error:
        raise CheckpointError(f"{checkpoint}: its configuration lacks {error}") from error
    except (TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{checkpoint}: its configuration builds no generator: {error}") from error
    copy_weights(model, dict(state), str(checkpoint))
    return TrainedModel(model.eval().requires_grad_(False), spec, audio_settings, keys)


@contextmanager
def kernels_as_they_were(model: torch.nn.Module) -> Iterator[None]:
    """Undo what a longer song than any before does to S4 layers: they rewrite C for it, equal but for rounding.

    Without this a chart would depend, in its last digits, on the songs charted before it.
    """
    kernels = [module for module in model.modules() if isinstance(module, NPLRKernel)]
    before = [(kernel.C.detach().clone(), kernel.L.clone()) for kernel in kernels]
    try:
        yield
    finally:
        with torch.no_grad():
            for kernel, (c, length) in zip(kernels, before, strict=True):
                if length != kernel.L:
                    kernel.C.copy_(c)
                    kernel.L.copy_(length)


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
