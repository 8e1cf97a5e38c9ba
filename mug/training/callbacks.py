"""Callbacks that save a run's configuration and its last state."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.utilities.rank_zero import rank_zero_info, rank_zero_only

from mug.config import without_ckpt_paths
from mug.errors import MugError, TrainingError
from mug.files import replacing
from mug.training.resume import ExactResume
from mug.training.runs import CHECKPOINTS, CONFIGS, LAST_CHECKPOINT


class ConfigSaver(pl.Callback):
    """Writes the merged configuration into the run's folder, one file per start, and into every checkpoint."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = dict(config)

    @rank_zero_only
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        started = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
        with replacing(Path(trainer.default_root_dir) / CONFIGS / f"{started}.yaml") as temporary:
            temporary.write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["config"] = without_ckpt_paths(self.config)


class BaselineMetrics(pl.Callback):
    """Logs the sanity check's metrics before the first step, if it covered the whole validation set.

    With `num_sanity_val_steps: -1` the untrained model is the first point of every curve.
    """

    def on_sanity_check_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.num_sanity_val_steps != float("inf"):
            return
        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=trainer.global_step)


class LastCheckpoint(Checkpoint):
    """Saves checkpoints/last.ckpt: after validation, every `every_n_steps` steps, at the end, and on an exception.

    Weights that are NaN or in the middle of a step are not saved; the previous file stays.
    """

    def __init__(self, every_n_steps: int = 1000) -> None:
        self.every_n_steps = every_n_steps
        self.saved_step = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.saved_step = trainer.global_step  # a resumed run's first state is already saved

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        # Not at the end of a batch: its metrics are logged after that, and validation may follow.
        if trainer.global_step > self.saved_step and trainer.global_step % self.every_n_steps == 0:
            self._save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step > self.saved_step:
            self._save(trainer)
        rank_zero_info(f"saved {self._path(trainer)}")

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if trainer.state.fn != "fit":
            return
        trusted = not isinstance(exception, TrainingError) and not any(one.is_stepping for one in _resumes(trainer))
        if trusted and trainer.global_step > self.saved_step:
            try:
                # trainer.save_checkpoint would wait for the other processes, which may never get here
                checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
                trainer.strategy.save_checkpoint(checkpoint, self._path(trainer))
                self.saved_step = trainer.global_step
            except (MugError, OSError) as error:  # what is reported is the exception that ends the run
                rank_zero_info(f"step {trainer.global_step} is not saved: {error}")
        if self._path(trainer).is_file():
            rank_zero_info(
                f"stopped at step {trainer.global_step}, saved is step {self.saved_step}; "
                f"resume with -r {trainer.default_root_dir}"
            )

    def _save(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self._path(trainer), weights_only=False)  # the optimiser's state too
        self.saved_step = trainer.global_step

    def _path(self, trainer: pl.Trainer) -> Path:
        return Path(trainer.default_root_dir) / CHECKPOINTS / LAST_CHECKPOINT


def _resumes(trainer: pl.Trainer) -> list[ExactResume]:
    return [callback for callback in trainer.callbacks if isinstance(callback, ExactResume)]  # type: ignore[attr-defined]
