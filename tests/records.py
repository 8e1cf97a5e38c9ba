"""Recorded networks: their configuration, weights, inputs and outputs, and how near a reproduction has to come."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ROUNDING_FACTOR = 10  # a faithful float32 implementation lands within ten times float32's own distance from float64


class Record:
    """One .npz: `config` without the notes that begin with an underscore, `state`, `inputs`, `outputs`, `extra`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        config = json.loads(str(arrays.pop("config")))
        self.config = {name: value for name, value in config.items() if not name.startswith("_")}
        self.state = tensors(arrays, "state/")
        self.inputs = tensors(arrays, "in/")
        self.outputs = tensors(arrays, "out/")
        self.extra = tensors(arrays, "extra/")
        self.arrays = arrays

    def assert_reproduced(self, name: str, actual: Tensor) -> None:
        """Fail unless `actual` is the recorded output `name` within rounding (1e-4 where no rounding is recorded)."""
        rounding = self.extra.get(f"f32_vs_f64_maxabs/{name}")
        tolerance = ROUNDING_FACTOR * rounding.item() if rounding is not None else 1e-4
        one_ulp = torch.finfo(torch.float32).eps  # two floats side by side are the same result
        torch.testing.assert_close(actual.detach(), self.outputs[name], atol=tolerance, rtol=one_ulp, check_dtype=False)


def tensors(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    """The arrays whose name begins with `prefix`, without it, as tensors."""
    return {name.removeprefix(prefix): torch.tensor(value) for name, value in arrays.items() if name.startswith(prefix)}
