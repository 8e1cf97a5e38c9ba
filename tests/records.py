"""Recorded networks: how they were built, their weights, inputs and outputs, and how near a reproduction has to come.

Nothing here or in the tests that read records knows what one particular record holds: sizes, options, step counts and
names of outputs are the record's own, so that any other folder of the same layout (MUG_PARITY_DIR) can take its place.
"""

import inspect
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mug.config import PROJECT_ROOT, get_obj_from_str
from mug.diffusion.unet import UNetModel
from mug.firststage.autoencoder import Encoder
from mug.model.s4 import S4

ModuleT = TypeVar("ModuleT", bound=nn.Module)

ROUNDING_FACTOR = 10  # a faithful float32 implementation lands within ten times float32's own distance from float64
UNKNOWN_ROUNDING = 1e-4  # what is allowed where that distance was not recorded
REWRITTEN_C = 1e-3  # and for S4's C, which the original rewrote in float32 for every new inner length
ULP = torch.finfo(torch.float32).eps

# Families of records: what their names begin with, and those that every folder has.
FAMILIES = {
    "attention": ("attention_self", "attention_cross"),
    "attention_core": ("attention_core",),
    "autoencoder": ("autoencoder",),
    "ddim": ("ddim",),
    "ddpm": ("ddpm",),
    "loss": ("loss",),
    "s4": ("s4", "s4_bidirectional"),
    "unet": ("unet_plain", "unet_s4", "unet_lstm", "unet_r2_s4_lstm"),
    "wave_mel1d": ("wave_mel1d",),
    "wave_mel2d": ("wave_mel2d",),
    "wave_mel_scale": ("wave_mel_scale", "wave_mel_scale_r2"),
    "wave_stft": ("wave_stft",),
}

# Options of the original that ours lack have to be off, or at the one value that ours always have.
OFF = (None, False, 0, -1, "", [], {})
ALWAYS = {
    "measure": "legs", "rank": 1, "mode": "nplr", "channels": 1, "activation": "gelu", "postact": "glu",
    "real_type": "exp", "l_simple_weight": 1.0, "cosine_s": 0.008,
}  # fmt: skip
NO_EFFECT = ("dropout", "log_every_t", "monitor", "note", "state_shapes")  # on what is recorded, in evaluation mode
# The original summed over half of the poles of S4 where an optional library was missing, as on the recording machine.
READING = {S4: {"kernel": "nplr_half_poles"}, UNetModel: {"s4_kernel": "nplr_half_poles"}}


def parity_folder() -> Path:
    """The folder of records (environment variable MUG_PARITY_DIR), which need not exist."""
    return Path(os.environ.get("MUG_PARITY_DIR", PROJECT_ROOT.parent / "shared" / "parity"))


def family_of(name: str) -> str | None:
    """The family that a record's name belongs to: the longest that it begins with."""
    return max((family for family in FAMILIES if name.startswith(family)), key=len, default=None)


def recordings(family: str) -> list[str]:
    """The names of a family's records: those that every folder has, and those that this one has besides."""
    found = {path.stem for path in parity_folder().glob("*.npz") if family_of(path.stem) == family}
    return sorted({*FAMILIES[family], *found})


class Record:
    """One .npz: `config` (its notes, which begin with an underscore, apart), `state`, `inputs`, `outputs`, `extra`.

    `outputs` also holds what a forward pass made of the state, as "state_after/<name>".
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            pytest.skip(f"no {path.name} in {path.parent}: this record is not reproduced")
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        self.name = path.stem
        config = json.loads(str(arrays.pop("config")))
        self.config = {name: value for name, value in config.items() if not name.startswith("_")}
        self.notes = {name[1:]: value for name, value in config.items() if name.startswith("_")}
        self.state = tensors(arrays, "state/")
        self.inputs = tensors(arrays, "in/")
        after = {f"state_after/{name}": value for name, value in tensors(arrays, "state_after/").items()}
        self.outputs = tensors(arrays, "out/") | after
        self.extra = tensors(arrays, "extra/")
        self.reproduced: set[str] = set()

    def build(
        self, constructor: Callable[..., ModuleT], state: Mapping[str, Tensor] | None = None, **changes: Any
    ) -> ModuleT:
        """The recorded network, in evaluation mode, with its weights (or those of another record)."""
        network = constructor(**(arguments(constructor, self.config) | changes)).eval()
        weights = self.state if state is None else state
        # recorded, but of no effect on the outputs
        weights = {name: value for name, value in weights.items() if not name.endswith("position_embedding.inv_freq")}
        network.load_state_dict(weights, strict=True)
        return network

    def group(self, prefix: str) -> list[str]:
        """The names of the outputs that begin with `prefix`, without it."""
        return [name.removeprefix(prefix) for name in self.outputs if name.startswith(prefix)]

    def numbered(self, prefix: str) -> list[Tensor]:
        """The inputs `prefix`0, `prefix`1, ... in the order of their numbers."""
        found = [name for name in self.inputs if re.fullmatch(rf"{prefix}\d+", name)]
        return [self.inputs[name] for name in sorted(found, key=lambda name: int(name.removeprefix(prefix)))]

    def assert_reproduced(
        self, name: str, actual: Tensor | float, unknown: float = UNKNOWN_ROUNDING, relative: float = 10 * ULP
    ) -> None:
        """Fail unless `actual` is the recorded output `name` within rounding.

        Allowed are ROUNDING_FACTOR times the recorded rounding or, where none is recorded, `unknown` (of the largest
        value, if that is below one); besides, a difference of `relative` in any value.
        """
        expected = self.outputs[name]
        rounding = self.extra.get(f"f32_vs_f64_maxabs/{name}")
        if rounding is not None:
            tolerance = ROUNDING_FACTOR * rounding.item()
        else:
            tolerance = unknown * min(1.0, expected.abs().max().item())
        torch.testing.assert_close(
            torch.as_tensor(actual).detach(), expected, atol=tolerance, rtol=relative, check_dtype=False,
            msg=lambda message: f"{self.name}, {name}: {message}",
        )  # fmt: skip
        self.reproduced.add(name)

    def assert_all_reproduced(self, but: tuple[str, ...] = ()) -> None:
        """Fail if there is a recorded output that nothing was compared with, `but` for those."""
        forgotten = sorted(set(self.outputs) - self.reproduced - set(but))
        assert not forgotten, f"{self.name}: recorded, but compared with nothing: {', '.join(forgotten)}"


def tensors(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    """The arrays whose name begins with `prefix`, without it, as tensors."""
    return {name.removeprefix(prefix): torch.tensor(value) for name, value in arrays.items() if name.startswith(prefix)}


def arguments(constructor: Callable[..., Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Recorded options as the arguments of ours, in nodes of target and params too; -1 is the original's "not given".

    Fails for an option that ours lack and that is neither off nor at the value that ours always have.
    """
    known = inspect.signature(constructor).parameters
    ours: dict[str, Any] = dict(READING.get(constructor, {}))
    for name, value in config.items():
        if name in known and value != -1:
            if isinstance(value, dict) and "target" in value:
                params = arguments(get_obj_from_str(value["target"]), value.get("params") or {})
                ours[name] = {"target": value["target"], "params": params}
            else:
                ours[name] = arguments(Encoder, value) if name == "ddconfig" else value
        elif name not in known and name not in NO_EFFECT and value not in OFF and ALWAYS.get(name) != value:
            one_for_each = name == "n_ssm" and value == config.get("d_model")
            assert one_for_each, f"recorded with {name} = {value!r}, which {constructor.__name__} cannot be built with"
    return ours
