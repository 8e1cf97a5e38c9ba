"""Run folders, logs/<time>_<name>/{checkpoints,configs,charts,tensorboard}: starting a run, and coming back to it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mug.config import load_config
from mug.errors import CheckpointError, ConfigError
from mug.model.weights import read_checkpoint

CHECKPOINTS, CONFIGS, CHARTS = "checkpoints", "configs", "charts"
LAST_CHECKPOINT = "last.ckpt"
FOLDER_VARIABLE = "MUG_RUN_FOLDER"  # tells the processes that Lightning starts for further GPUs where they belong


@dataclass(frozen=True)
class Run:
    """Where a run lives, its merged configuration, and the checkpoint it goes on from, if any."""

    folder: Path
    config: dict[str, Any]
    checkpoint: Path | None = None


def start_run(logdir: Path, name: str | None, postfix: str, files: Sequence[str], overrides: Sequence[str]) -> Run:
    """Plan a new run of the merged `files`, named after the first of them unless `name` is given.

    Nothing is written yet. Raises ConfigError.
    """
    if not files:
        raise ConfigError(
            "no configuration: give one, e.g. --base configs/mug/demo_autoencoder.yaml, or resume with -r"
        )
    config = load_config(files, overrides)
    return Run(_new_folder(logdir, (name or Path(files[0]).stem) + postfix), config)


def resume_run(path: Path, logdir: Path, files: Sequence[str], overrides: Sequence[str]) -> Run:
    """Come back to a run folder (at its last checkpoint) or to any checkpoint; `files` and `overrides` change it.

    A checkpoint outside a run folder goes on in a new one. Raises CheckpointError or ConfigError.
    """
    checkpoint = _newest_checkpoint(path) if path.is_dir() else path
    config = read_checkpoint(checkpoint).get("config")
    if not isinstance(config, dict):
        raise CheckpointError(f"{checkpoint}: carries no configuration, so it is no checkpoint of a run of main.py")
    changes = load_config(files, overrides)
    merged = OmegaConf.to_container(OmegaConf.merge(config, changes), resolve=True)
    in_run_folder = checkpoint.parent.name == CHECKPOINTS
    folder = checkpoint.parent.parent if in_run_folder else _new_folder(logdir, checkpoint.stem)
    return Run(folder, merged, checkpoint)  # type: ignore[arg-type]


def _newest_checkpoint(folder: Path) -> Path:
    last = folder / CHECKPOINTS / LAST_CHECKPOINT
    if last.is_file():
        return last
    found = sorted((folder / CHECKPOINTS).glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise CheckpointError(f"{folder}: no checkpoint in {folder / CHECKPOINTS}; there is nothing to resume")
    return found[-1]


def _new_folder(logdir: Path, name: str) -> Path:
    inherited = os.environ.get(FOLDER_VARIABLE)
    if inherited is not None and "LOCAL_RANK" in os.environ:
        return Path(inherited)
    started = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    folder = logdir / f"{started}_{name}"
    number = 2
    while folder.exists():
        folder = logdir / f"{started}_{name}-{number}"
        number += 1
    os.environ[FOLDER_VARIABLE] = str(folder)
    return folder
