"""From a run's configuration to its model, data and trainer. An unknown key anywhere is an error that names it."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch.utils.tensorboard import SummaryWriter

from mug.config import check_params, instantiate_from_config
from mug.errors import ConfigError
from mug.training.callbacks import BaselineMetrics, ConfigSaver, LastCheckpoint
from mug.training.checkpoints import SafeCheckpointIO
from mug.training.csv_log import CSVLog
from mug.training.ema import EMA
from mug.training.finite import FiniteCheck
from mug.training.interrupts import StopBetweenSteps
from mug.training.monitors import TrainingMonitor
from mug.training.optimizer import ConfiguredOptimizer
from mug.training.processes import Processes
from mug.training.progress import StepProgressBar
from mug.training.resume import ExactResume
from mug.training.runs import CHECKPOINTS
from mug.training.versions import VersionsSaver

CONFIG_KEYS = ("model", "data", "lightning")
LIGHTNING_KEYS = ("trainer", "logger", "modelcheckpoint", "callbacks")
# filled in by build_trainer
OWN_TRAINER_KEYS = ("logger", "callbacks", "plugins", "default_root_dir", "use_distributed_sampler")
SHARDED = ("fsdp", "deepspeed", "model")  # prefixes of the strategies that shard the weights
TENSORBOARD = {
    "target": "pytorch_lightning.loggers.TensorBoardLogger",
    "params": {"name": "tensorboard", "version": ""},
}
MODEL_CHECKPOINT: dict[str, Any] = {"target": "mug.training.best.BestCheckpoint", "params": {}}


def check_config(config: Mapping[str, Any]) -> None:
    """Raise ConfigError unless `config` has exactly a run's keys, at the top level and under lightning."""
    _check_keys(config, CONFIG_KEYS, "the configuration")
    for key in ("model", "data"):
        node = config.get(key)
        if not isinstance(node, Mapping) or not isinstance(node.get("params", {}), Mapping):
            raise ConfigError(f"the configuration: '{key}' must be a node with target and params, got {node!r}")
    lightning = config.get("lightning") or {}
    _check_keys(lightning, LIGHTNING_KEYS, "lightning")
    for key in LIGHTNING_KEYS:
        if not isinstance(lightning.get(key) or {}, Mapping):
            raise ConfigError(f"lightning.{key}: expected a mapping, got {lightning[key]!r}")
    trainer = lightning.get("trainer") or {}
    for key in OWN_TRAINER_KEYS:
        if key in trainer:
            raise ConfigError(f"lightning.trainer: '{key}' is not set here; see lightning.logger, lightning.callbacks")
    check_params(pl.Trainer, trainer, where="lightning.trainer")
    strategy = trainer.get("strategy")
    if isinstance(strategy, str) and strategy.startswith(SHARDED):
        raise ConfigError(
            f"lightning.trainer.strategy: '{strategy}' shards the weights, but EMA "
            "and gradient_clip_val need them whole; take ddp, see docs/scaling.md"
        )


def with_seed(config: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return `config` with `seed` for the model and the data, unless they set their own."""
    nodes = {key: config[key] for key in ("model", "data")}
    return {
        **config,
        **{key: {**node, "params": {"seed": seed, **(node.get("params") or {})}} for key, node in nodes.items()},
    }


def build_trainer(config: Mapping[str, Any], folder: Path, resumed_step: int | None = None) -> pl.Trainer:
    """Build the trainer of a checked configuration; everything it writes goes into the run's `folder`.

    resumed_step: the step of a run that is resumed in its own folder; TensorBoard drops what comes after it.
    Raises ConfigError for an unknown key, and for values that Lightning rejects.
    """
    lightning = config.get("lightning") or {}
    logger = _with_defaults(lightning.get("logger"), TENSORBOARD, {"save_dir": str(folder)})
    monitor = config["model"].get("params", {}).get("monitor")
    checkpoint = _with_defaults(
        lightning.get("modelcheckpoint"), MODEL_CHECKPOINT, {"dirpath": str(folder / CHECKPOINTS), "monitor": monitor}
    )
    if logger["target"] == TENSORBOARD["target"]:
        known = (*inspect.signature(TensorBoardLogger).parameters, *inspect.signature(SummaryWriter).parameters)
        _check_keys(logger["params"], known, "lightning.logger.params")  # the logger itself would fail too late
        if resumed_step is not None:
            # Pictures are numbered by steps done, scalars by the index of the last step.
            logger["params"].setdefault("purge_step", resumed_step + 1)
    try:
        callbacks = [
            FiniteCheck(), ExactResume(), ConfiguredOptimizer(), StopBetweenSteps(), ConfigSaver(config),
            VersionsSaver(), BaselineMetrics(), TrainingMonitor(),
        ]  # fmt: skip
        if (lightning.get("trainer") or {}).get("enable_progress_bar", True):
            callbacks.append(StepProgressBar())
        if monitor is not None:
            callbacks.append(instantiate_from_config(checkpoint, "lightning.modelcheckpoint", pl.Callback))
        for name, node in (lightning.get("callbacks") or {}).items():
            callbacks.append(instantiate_from_config(node, f"lightning.callbacks.{name}", pl.Callback))
        callbacks += [LastCheckpoint(), Processes()]
        callbacks.sort(key=lambda callback: not isinstance(callback, EMA))  # it updates before the others run
        trainer = pl.Trainer(
            **(lightning.get("trainer") or {}),
            logger=[
                instantiate_from_config(logger, "lightning.logger", Logger),
                CSVLog(folder),
            ],
            callbacks=callbacks,
            plugins=[SafeCheckpointIO()],
            default_root_dir=folder,
            use_distributed_sampler=False,  # ours handles ranks
        )
        # Lightning puts the checkpoint callbacks after the others: BestCheckpoint before LastCheckpoint, which records
        # the best. Processes comes last: when it stops a run, the others have finished the step or saved.
        trainer.callbacks.sort(key=lambda callback: isinstance(callback, Processes))  # type: ignore[attr-defined]
        return trainer
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise ConfigError(f"lightning: {error}") from error


def scale_learning_rate(config: dict[str, Any], trainer: pl.Trainer) -> dict[str, Any]:
    """Return `config` with model.params.learning_rate multiplied by the items per optimiser step.

    Those are accumulated batches * devices * batch size. Raises ConfigError if there is no learning rate.
    """
    model, data = config["model"], config["data"]
    try:
        base, batch_size = model["params"]["learning_rate"], data["params"]["batch_size"]
    except (KeyError, TypeError) as error:
        raise ConfigError("--scale_lr needs model.params.learning_rate and data.params.batch_size") from error
    devices = trainer.num_devices * trainer.num_nodes
    rate = base * trainer.accumulate_grad_batches * devices * batch_size
    return {**config, "model": {**model, "params": {**model["params"], "learning_rate": rate}}}


def _with_defaults(
    node: Mapping[str, Any] | None, default: Mapping[str, Any], placed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `node` merged over `default`, with `placed`, the params that depend on the run.

    The default params are only used if `node` has the default's target.
    """
    node = node or {}
    same_target = node.get("target", default["target"]) == default["target"]
    params = {**(default["params"] if same_target else {}), **placed, **(node.get("params") or {})}
    return {**default, **node, "params": params}


def _check_keys(config: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in config:
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{key}'; it knows {', '.join(known)}")
