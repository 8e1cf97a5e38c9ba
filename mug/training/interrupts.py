"""Ctrl-C, SIGTERM and SIGUSR1 end a run between two steps, so that it can be saved and resumed exactly."""

import os
import signal
from types import FrameType
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.utilities.exceptions import SIGTERMException

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)  # a cluster sends SIGUSR1 when time is nearly up


class StopBetweenSteps(pl.Callback):
    """Stops a single-process run before its next batch; a second Ctrl-C stops it at once, wherever it is.

    Without it, Python would raise KeyboardInterrupt anywhere, even in the middle of the optimiser's step. After SIGTERM
    Lightning would finish a validation first, or else stop before the step's metrics are logged, so that the run could
    not be saved. After SIGUSR1 from a SLURM cluster it would save a checkpoint in the middle of a step.
    For several processes see mug.training.processes.
    """

    def __init__(self) -> None:
        self.asked: int | None = None  # the signal
        self.is_training = False
        self.process = os.getpid()
        self.before: dict[int, Any] = {}  # handlers

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage == "fit":  # before the data loader's processes start: they live as long as training
            self.asked, self.is_training = None, True
            self.before = {number: signal.signal(number, self._ask) for number in SIGNALS}

    def on_sanity_check_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen_alone(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen_alone(trainer)

    def _listen_alone(self, trainer: pl.Trainer) -> None:
        if trainer.world_size == 1:
            for number in SIGNALS:  # Lightning calls its own handlers as well as those it finds
                signal.signal(number, self._ask)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.is_training = False
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self.is_training = False  # Lightning restores the handlers from before training, which are ours

    def _ask(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            if self.asked == number or not self.is_training:
                raise KeyboardInterrupt
        elif os.getpid() != self.process or not self.is_training:  # torch ends data loader processes with SIGTERM
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.asked = number

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._stop(trainer)

    def on_validation_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._stop(trainer)

    def _stop(self, trainer: pl.Trainer) -> None:
        if self.asked is not None and trainer.world_size == 1:
            raise KeyboardInterrupt if self.asked == signal.SIGINT else SIGTERMException
