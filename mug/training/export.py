"""Export: a run's checkpoint -> a model folder with a model card."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mug.checkpoints.model_card import Training, features_of, kind_of, model_card, parameters_of
from mug.checkpoints.model_folder import save_model_folder
from mug.checkpoints.trained_model import naming_config, read_model, skeleton
from mug.config import find_file
from mug.data.datamodule import DataModuleFromConfig
from mug.errors import CheckpointError
from mug.lr_scheduler import DECAYED_LAYERS
from mug.model.weights import check_fit, is_model_folder, read_checkpoint
from mug.training import csv_log, versions
from mug.training.ema import TRAINED_WEIGHTS
from mug.training.runs import CHECKPOINTS
from mug.yaml_files import read_yaml

MEASURED = ("val/", "test/")
PRIVATE = ("command", "started")  # recorded at the start of a run, but not exported: they contain paths, for one
HALVED_LAYERS = (*DECAYED_LAYERS, nn.Embedding)


def export_run(checkpoint: Path, folder: Path, half: bool = False, license_name: str | None = None) -> dict[str, int]:
    """Write a run's .ckpt as a model folder, atomically; return the number of parameters of each network.

    The weights are the run's EMA if it has one; the optimiser's state is left out. half: store layer weights as
    float16, see `halved`. Raises CheckpointError if the file is not a run's checkpoint, does not fit its own
    configuration, or the folder cannot be written.
    """
    if is_model_folder(checkpoint):
        raise CheckpointError(f"{checkpoint}: is a model folder already; name a run's checkpoints/last.ckpt")
    tensors, config = read_model(checkpoint)
    network = skeleton(config, tensors, str(checkpoint))
    check_fit(network, tensors, str(checkpoint))
    with naming_config(str(checkpoint)):
        parameters = parameters_of(network)
        features, training = features_of(config), _training_of(checkpoint, config)
        card = model_card(folder.name, kind_of(config), parameters, features, training, license_name, half)
        save_model_folder(folder, halved(network, tensors, str(checkpoint)) if half else tensors, config, card)
    return parameters


def halved(network: nn.Module, state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Return a state dict with the layers' weights, biases and embeddings in float16, and everything else unchanged.

    Norms, S4 dynamics, the schedule and the latent scale are small and need the precision.
    Raises CheckpointError for numbers outside the range of float16.
    """
    names = {
        f"{place}.{name}".lstrip(".")
        for place, layer in network.named_modules()
        if isinstance(layer, HALVED_LAYERS)
        for name, _ in layer.named_parameters(recurse=False)
    }
    largest = torch.finfo(torch.float16).max
    for name in sorted(names):
        if not state[name].abs().max() <= largest:
            raise CheckpointError(f"{source}: {name} has numbers beyond {largest:g}: float16 cannot hold them")
    return {name: value.half() if name in names else value for name, value in state.items()}


def _training_of(checkpoint: Path, config: Mapping[str, Any]) -> Training:
    content = read_checkpoint(checkpoint, mmap=True)
    file = find_file(checkpoint)
    run = file.parent.parent if file.parent.name == CHECKPOINTS else None
    step = content.get("global_step", 0)
    data = content.get(DataModuleFromConfig.__qualname__, {})
    counts = [count for split in data.values() for count in split.values()]
    if not all(type(number) is int for number in (step, *counts)):
        raise CheckpointError(f"{checkpoint}: its steps or data sizes are not whole numbers")
    return Training(
        step=step,
        seed=config["model"].get("params", {}).get("seed"),
        averaged=TRAINED_WEIGHTS in content,
        data=data,
        metrics={} if run is None else last_metrics(run / csv_log.FILE, step),
        versions={} if run is None else last_versions(run / versions.FILE),
    )


def last_metrics(path: Path, step: int) -> dict[str, float]:
    """Return every validation and test metric's last value up to `step`, from a run's metrics.csv if there is one.

    Raises CheckpointError for an invalid file.
    """
    found: dict[str, float] = {}
    if not path.is_file():
        return found
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if int(row["step"]) <= step:
                    measured = {name: float(row[name]) for name in row if name.startswith(MEASURED) and row[name]}
                    found |= {name: value for name, value in measured.items() if math.isfinite(value)}
    except (OSError, csv.Error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path}: not a table of a run's metrics: {error}") from error
    return found


def last_versions(path: Path) -> dict[str, Any]:
    """Return the last entry of a run's versions.yaml, if there is one, without its PRIVATE keys.

    Raises CheckpointError for an invalid file.
    """
    if not path.is_file():
        return {}
    starts = read_yaml(path)
    if not isinstance(starts, list) or not starts or not isinstance(starts[-1], Mapping):
        raise CheckpointError(f"{path}: not a list of a run's starts")
    found = {name: value for name, value in starts[-1].items() if name not in PRIVATE and value is not None}
    git = found.pop("git", {})
    if isinstance(git, Mapping):
        found |= {"git commit": git.get("commit"), "files changed since": len(git.get("changed") or ())}
    return {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in found.items()}
