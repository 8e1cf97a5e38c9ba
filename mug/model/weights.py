"""Weights from a checkpoint file into a network, strictly: a name or shape that does not fit is an error."""

import pickle
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mug.config import find_file
from mug.errors import CheckpointError, ConfigError

# What torch's unpickler raises on bytes that are no checkpoint: it runs them as far as they make sense.
DAMAGE = (
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Return all that a checkpoint file holds: tensors and plain values, never code. Raises CheckpointError."""
    file = find_file(path)
    if not file.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    try:
        content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except (*DAMAGE, OSError) as error:
        if isinstance(error, pickle.UnpicklingError):  # torch's own words advise to run what the file asks for
            reason = "it is none, is damaged, or holds code, which is never run"
        else:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{path}: not a readable checkpoint of tensors: {reason}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a checkpoint")
    return dict(content)


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint (a Lightning .ckpt or a bare state dict). Raises CheckpointError."""
    content = read_checkpoint(path)
    state = content.get("state_dict", content)
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path}: holds no state dict of tensors")
    return dict(state)


def load_weights(
    module: nn.Module, path: str | Path, ignore_keys: Iterable[str] = (), remove_prefix: str | None = None
) -> None:
    """Copy a checkpoint's weights into `module`.

    `remove_prefix` keeps only the entries whose name begins with it, without it ("model.first_stage_model." reads stage
    1 out of a stage 2 checkpoint). `ignore_keys` are beginnings of names that stay as they were initialised. Raises
    CheckpointError for names or shapes that do not fit.
    """
    state = read_state(path)
    if remove_prefix is not None:
        state = {name[len(remove_prefix) :]: value for name, value in state.items() if name.startswith(remove_prefix)}
    copy_weights(module, state, str(path), ignore_keys)


def copy_weights(module: nn.Module, state: Mapping[str, Tensor], source: str, ignore_keys: Iterable[str] = ()) -> None:
    """Copy a state dict into `module`, as `load_weights` does; `source` is where it comes from, for messages."""
    own = module.state_dict()
    ignored = tuple(ignore_keys)
    state = {name: value for name, value in state.items() if not name.startswith(ignored)}
    wanted = {name for name in own if not name.startswith(ignored)}
    problems = [f"{name} is missing" for name in sorted(wanted - set(state))]
    problems += [f"{name} is unknown" for name in sorted(set(state) - wanted)]
    problems += [
        f"{name} is {list(state[name].shape)}, the model's is {list(own[name].shape)}"
        for name in sorted(wanted & set(state))
        if state[name].shape != own[name].shape
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise CheckpointError(f"{source} does not fit {type(module).__name__}: {'; '.join(problems[:3])}{more}")
    module.load_state_dict(state, strict=False)  # what is absent now is what ignore_keys named


def trainable_parameters(module: nn.Module, training_keys: Iterable[str] = ()) -> list[nn.Parameter]:
    """Freeze every parameter whose name contains none of `training_keys` (no keys: none frozen); return the rest.

    Parameters that are frozen already stay so. Raises ConfigError when nothing is left to train.
    """
    keys = tuple(training_keys)
    for name, parameter in module.named_parameters():
        if keys and not any(key in name for key in keys):
            parameter.requires_grad_(False)
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not trainable:
        raise ConfigError(f"training_keys {list(keys)} leave no parameter of {type(module).__name__} to train")
    return trainable
