"""Starting and resuming runs.

A run's folder is logs/<time>_<name>/{checkpoints,configs,charts,tensorboard,metrics.csv,versions.yaml}.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mug.config import load_config, merge_configs, without_removed
from mug.errors import CheckpointError, ConfigError
from mug.model.weights import read_checkpoint

CHECKPOINTS, CONFIGS, CHARTS = "checkpoints", "configs", "charts"
LAST_CHECKPOINT = "last.ckpt"
FOLDER_VARIABLE = "MUG_RUN_FOLDER"  # tells the processes that Lightning starts for more GPUs their run's folder


@dataclass(frozen=True)
class Run:
    """A run's folder, its merged configuration, and the checkpoint and step that it resumes from, if any."""

    folder: Path
    config: dict[str, Any]
    checkpoint: Path | None = None
    step: int | None = None  # set if a run is resumed in its own folder


def start_run(logdir: Path, name: str | None, postfix: str, files: Sequence[str], overrides: Sequence[str]) -> Run:
    """Plan a new run with the merged `files`, named after the last one unless `name` is given.

    Writes nothing. Raises ConfigError.
    """
    if not files:
        raise ConfigError(
            "no configuration: give one, e.g. --base configs/mug/mini_autoencoder.yaml, or resume with -r"
        )
    config = load_config(files, overrides)
    return Run(_new_folder(logdir, (name or Path(files[-1]).stem) + postfix), config)


def resume_run(path: Path, logdir: Path, files: Sequence[str], overrides: Sequence[str]) -> Run:
    """Plan to resume a run folder (at its last checkpoint) or any checkpoint.

    `files` and `overrides` change its configuration. A checkpoint outside a run folder is resumed in a new one. A run
    that was stopped before its first checkpoint starts again in its folder. Raises CheckpointError or ConfigError.
    """
    changes = load_config(files, overrides)
    if path.is_dir():
        newest, configs = _newest_checkpoint(path), sorted((path / CONFIGS).glob("*.yaml"))
        if newest is None and not configs:
            raise CheckpointError(f"{path}: no checkpoint in {path / CHECKPOINTS}; there is nothing to resume")
        if newest is None:
            return Run(path, merge_configs(load_config(configs[-1:]), changes))
        path = newest
    try:
        content = read_checkpoint(path, mmap=True)
    except CheckpointError as error:
        others = _readable_beside(path)
        if not others:
            raise
        raise CheckpointError(f"{error}; go on from another checkpoint of the run: -r {others[0]}") from error
    config = content.get("config")
    if not isinstance(config, dict):
        raise CheckpointError(f"{path}: contains no configuration, so it is not a checkpoint of a training run")
    merged = merge_configs(without_removed(config), changes)
    if path.parent.name != CHECKPOINTS:
        return Run(_new_folder(logdir, path.stem), merged, path)
    return Run(path.parent.parent, merged, path, content.get("global_step"))


def _newest_checkpoint(folder: Path) -> Path | None:
    last = folder / CHECKPOINTS / LAST_CHECKPOINT
    found = sorted((folder / CHECKPOINTS).glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    return last if last.is_file() else next(reversed(found), None)


def _readable_beside(damaged: Path) -> list[Path]:
    """Return the readable checkpoints of the same run, newest first."""
    if damaged.parent.name != CHECKPOINTS or not damaged.parent.is_dir():
        return []
    others = sorted(set(damaged.parent.glob("*.ckpt")) - {damaged}, key=lambda path: path.stat().st_mtime, reverse=True)
    readable = []
    for path in others:
        with suppress(CheckpointError):
            read_checkpoint(path, mmap=True)
            readable.append(path)
    return readable


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
