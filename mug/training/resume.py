"""Saves a run's position as that after its last complete optimiser step, whatever the run was doing."""

from copy import deepcopy
from typing import Any

import pytorch_lightning as pl

from mug.training.csv_log import CSVLog

ROWS = "metrics_rows"  # key in a checkpoint: rows of metrics.csv at that time


class ExactResume(pl.Callback):
    """Makes a resumed run equal to an uninterrupted one: the same steps, validations, and rows of metrics.csv.

    A checkpoint's weights are those after the last optimiser step, so its counters have to be from that moment too.
    Lightning saves the current counters. They count batches whose accumulated gradients are lost, and a validation that
    was interrupted, as done. Here both are repeated.
    """

    def __init__(self) -> None:
        self.loops: dict[str, Any] | None = None  # Lightning's counters after the last step
        self.n_rows = 0
        self.seen_step = 0
        self.is_between_steps = False
        self.max_steps: int | None = None  # set while a run only has its last validation left
        self.is_stepping = False  # the weights may be half updated, or the step's metrics not logged yet

    # --- following the steps -----------------------------------------------------------------------------------------

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen_step = trainer.global_step
        self.n_rows = rows_of(trainer)

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._settle(trainer)
        self.is_between_steps = False

    def on_before_optimizer_step(self, trainer: pl.Trainer, *_: Any) -> None:
        self.is_stepping = True

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.global_step > self.seen_step:  # not where gradients are accumulated
            self.seen_step = trainer.global_step
            self.is_between_steps = True
            self._remember(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.is_stepping = False
        if self.is_between_steps and not trainer.sanity_checking:
            self._remember(trainer, is_validation_due=True)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.is_between_steps and not trainer.sanity_checking:
            self._remember(trainer)
        if self.max_steps is not None:
            trainer.fit_loop.epoch_loop.max_steps, self.max_steps = self.max_steps, None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._settle(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._settle(trainer)

    def _settle(self, trainer: pl.Trainer) -> None:
        """Note that the last step's metrics are logged by now; Lightning does that after on_train_batch_end."""
        self.is_stepping = False
        if self.is_between_steps:
            self.n_rows = rows_of(trainer)

    def _remember(self, trainer: pl.Trainer, is_validation_due: bool = False) -> None:
        self.loops = deepcopy(trainer.fit_loop.state_dict())
        _count_validation(self.loops, is_validation_due)
        self.n_rows = rows_of(trainer)

    # --- checkpoints -------------------------------------------------------------------------------------------------

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.loops is not None:
            checkpoint["loops"]["fit_loop"] = self.loops
            checkpoint["epoch"] = self.loops["epoch_progress"]["current"]["processed"]
            checkpoint[ROWS] = self.n_rows

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self.loops = deepcopy(checkpoint["loops"]["fit_loop"])
        self.is_between_steps = True
        for logger in trainer.loggers:
            if isinstance(logger, CSVLog):
                logger.keep(checkpoint.get(ROWS, 0))
        if _expects_validation(self.loops) and 0 <= trainer.max_steps <= checkpoint["global_step"]:
            self.max_steps = trainer.max_steps
            trainer.fit_loop.epoch_loop.max_steps = checkpoint["global_step"] + 1  # or Lightning would not start


def rows_of(trainer: pl.Trainer) -> int:
    return next((logger.n_rows for logger in trainer.loggers if isinstance(logger, CSVLog)), 0)


def _count_validation(loops: dict[str, Any], is_due: bool) -> None:
    """Set Lightning's counters of validation batches to those of a validation that has just begun, or is over.

    Lightning tells the two apart by the totals, which it never repairs after an interrupted validation.
    """
    progress = loops["epoch_loop.val_loop.batch_progress"]
    done = progress["total"]["completed"]
    progress["total"] = {"ready": done + is_due, "started": done + is_due, "processed": done, "completed": done}
    if is_due:
        progress["current"] = {"ready": 1, "started": 1, "processed": 0, "completed": 0}
        progress["is_last_batch"] = False


def _expects_validation(loops: dict[str, Any]) -> bool:
    current = loops["epoch_loop.val_loop.batch_progress"]["current"]
    return current["started"] > current["processed"]
