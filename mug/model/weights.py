"""Weights from a checkpoint file into a network, strictly: a name or shape that does not fit is an error."""

import pickle
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from mug.config import find_file
from mug.errors import CheckpointError, ConfigError

# What torch's unpickler raises on files that are not checkpoints: it interprets the bytes as far as it can.
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
WEIGHTS = "model.safetensors"  # of a model folder, see mug.checkpoints.model_folder
MAX_NAMES = 2  # for the same memory: tied weights have two
MAX_PARAMETERS = 10_000  # tensors; the full-size diffusion model has 1487
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def read_checkpoint(path: str | Path, mmap: bool = False) -> dict[str, Any]:
    """Return the content of a checkpoint file: tensors and plain values, never code. Raises CheckpointError.

    With `mmap`, tensors are read when they are used, which saves the memory of the optimiser state; the file must not
    change meanwhile.
    """
    file = find_file(path)
    if not file.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    if not file.stat().st_size:
        raise CheckpointError(f"{path}: not a readable checkpoint of tensors: the file is empty")
    try:
        is_archive = zipfile.is_zipfile(file)  # other files are from before torch 1.6
        if is_archive:
            _check_unpacked(file, path)
        lazily = mmap and is_archive
        content: Any = torch.load(str(file), map_location="cpu", weights_only=True, mmap=lazily)
    except (*DAMAGE, zipfile.BadZipFile, OSError) as error:
        if isinstance(error, pickle.UnpicklingError):  # torch's message advises allowing the code
            asked = re.search(r"GLOBAL ([\w.]+)", str(error))
            if asked:
                reason = f"it contains code ({asked[1]}), which is never run; export its state_dict alone"
            else:
                reason = "it is not a checkpoint, is damaged, or contains code, which is never run"
        elif "central directory" in str(error):  # which is at an archive's end
            reason = "the file is cut off or damaged"
        else:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{path}: not a readable checkpoint of tensors: {reason}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a checkpoint")
    return dict(content)


def _check_unpacked(file: Path, path: str | Path) -> None:
    """Raise CheckpointError for an archive that unpacks to more than its own size."""
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > file.stat().st_size:
        raise CheckpointError(
            f"{path}: not a readable checkpoint of tensors: it is compressed; torch never writes that"
        )


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint: a Lightning .ckpt, a bare state dict or a model folder (or the .safetensors
    file in it). Raises CheckpointError.
    """
    if is_model_folder(path):
        return read_tensors(path)
    return tensors_of(read_checkpoint(path, mmap=True), path)


def tensors_of(content: Mapping[str, Any], path: str | Path) -> dict[str, Tensor]:
    """Return the state dict in what `read_checkpoint` returned, or that itself.

    Raises CheckpointError for anything but plain tensors, and if they would take more memory than the file's size
    allows.
    """
    state = content.get("state_dict", content)
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{path}: holds no state dict of tensors")
    for name, value in state.items():
        if not isinstance(name, str) or not name.isprintable() or not isinstance(value, Tensor):
            raise CheckpointError(f"{path}: its state dict holds something other than tensors: {name!r}")
        if value.layout != torch.strided or value.device.type != "cpu":  # no network has these
            raise CheckpointError(f"{path}: {name!r} is not a plain tensor")
        if value.nbytes > value.untyped_storage().nbytes():
            raise CheckpointError(
                f"{path}: {name!r} is a small tensor expanded to {list(value.shape)}; no network is saved like that"
            )
    size, asked = find_file(path).stat().st_size, sum(value.nbytes for value in state.values())
    if asked > MAX_NAMES * size:
        raise CheckpointError(
            f"{path}: its tensors share memory: they would take {asked} bytes, but the file has {size}"
        )
    return dict(state)


def is_model_folder(path: str | Path) -> bool:
    """Whether `path` is a folder, or the .safetensors file in it, rather than a run's .ckpt."""
    found = find_file(path)
    return found.is_dir() or found.suffix == ".safetensors"


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a model folder or of a .safetensors file. Raises CheckpointError."""
    file = find_file(path)
    if file.is_dir():
        file = file / WEIGHTS
        if not file.exists():
            raise CheckpointError(f"{path}: no {WEIGHTS} in this folder; for a run, give its checkpoints/last.ckpt")
    if not file.is_file():
        raise CheckpointError(f"{file}: no such checkpoint")
    try:
        return tensors_of(load_file(file), file)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file}: not a readable file of tensors: {error}") from error


def load_weights(
    module: nn.Module, path: str | Path, ignore_keys: Iterable[str] = (), remove_prefix: str | None = None
) -> None:
    """Copy a checkpoint's weights into `module`.

    `remove_prefix` keeps only entries with this prefix and removes it ("model.first_stage_model." reads stage 1 out of
    a stage 2 checkpoint). Parameters whose name starts with one of `ignore_keys` keep their initial values. Raises
    CheckpointError for names or shapes that do not fit.
    """
    state = read_state(path)
    if remove_prefix is not None:
        state = {name[len(remove_prefix) :]: value for name, value in state.items() if name.startswith(remove_prefix)}
    copy_weights(module, state, str(path), ignore_keys)


def copy_weights(module: nn.Module, state: Mapping[str, Tensor], source: str, ignore_keys: Iterable[str] = ()) -> None:
    """Copy a state dict into `module`, as `load_weights` does; `source` names its origin in messages."""
    ignored = tuple(ignore_keys)
    state = {name: value for name, value in state.items() if not name.startswith(ignored)}
    check_fit(module, state, source, ignored)
    module.load_state_dict(state, strict=False)  # only ignore_keys are missing now


def check_fit(module: nn.Module, state: Mapping[str, Tensor], source: str, ignored: tuple[str, ...] = ()) -> None:
    """Raise CheckpointError unless `state` has the tensors of `module`, except those with a prefix in `ignored`."""
    own = {name: value for name, value in module.state_dict().items() if not name.startswith(ignored)}
    problems = [f"{name} is missing" for name in sorted(set(own) - set(state))]
    problems += [f"{name} is unknown" for name in sorted(set(state) - set(own))]
    for name in sorted(set(own) & set(state)):
        given, wanted = state[name], own[name]
        if given.shape != wanted.shape:
            problems.append(f"{name} is {list(given.shape)}, the model's is {list(wanted.shape)}")
        elif given.dtype != wanted.dtype and not {given.dtype, wanted.dtype} <= set(FLOATS):
            problems.append(f"{name} is of {given.dtype}, the model's of {wanted.dtype}")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise CheckpointError(f"{source} does not fit {type(module).__name__}: {'; '.join(problems[:3])}{more}")


class NotDrawn(TorchFunctionMode):
    """Draws no initial values: new weights hold whatever was in memory.

    On the device "meta", torch.randn and torch.nn.init import SymPy and torch.compile, which takes longer than to
    import torch.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"]
        return (torch.empty if func is torch.randn else func)(*args, **kwargs)


@contextmanager
def without_numbers(source: str) -> Iterator[None]:
    """Build networks without allocating their weights, to check whether a checkpoint fits before using memory.

    Raises CheckpointError, naming `source`, if the networks have more than MAX_PARAMETERS tensors.
    """
    built = 0

    def count(*_: Any) -> None:
        nonlocal built
        built += 1
        if built > MAX_PARAMETERS:
            raise CheckpointError(f"{source}: its configuration asks for more than {MAX_PARAMETERS} tensors of weights")

    hook = register_module_parameter_registration_hook(count)
    try:
        with torch.device("meta"), NotDrawn():
            yield
    finally:
        hook.remove()


def freeze_all_but(module: nn.Module, training_keys: Iterable[str]) -> None:
    """Freeze every parameter whose name contains none of `training_keys` (without keys, nothing is frozen).

    Parameters that are already frozen stay frozen. Raises ConfigError if nothing is left to train.
    """
    keys = tuple(training_keys)
    for name, parameter in module.named_parameters():
        if keys and not any(key in name for key in keys):
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ConfigError(f"training_keys {list(keys)} leave no parameter of {type(module).__name__} to train")
