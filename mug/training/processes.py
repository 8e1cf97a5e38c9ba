"""Makes the processes of a distributed run stop at the same step, and end with the first one."""

import signal
import subprocess
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher
from pytorch_lightning.utilities.exceptions import SIGTERMException

from mug.training.interrupts import SIGNALS


class Processes(pl.Callback):
    """Ends a run of several processes after the optimiser step in which any of them got SIGTERM or Ctrl-C.

    Lightning's own handler communicates inside the signal handler, which can interrupt a collective operation; and if
    only the first process fails, it leaves the others waiting.
    """

    def __init__(self) -> None:
        self.asked = 0  # the signal
        self.agreed = False
        self.seen_step = 0
        self.children: list[subprocess.Popen] = []

    # --- stopping together -------------------------------------------------------------------------------------------

    def on_sanity_check_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen(trainer)
        self.seen_step = trainer.global_step

    def _listen(self, trainer: pl.Trainer) -> None:
        if trainer.world_size > 1:
            for number in SIGNALS:
                signal.signal(number, self._ask)  # until Lightning restores the earlier handlers

    def _ask(self, number: int, _: Any) -> None:
        if self.asked == number == signal.SIGINT:
            raise KeyboardInterrupt  # the user does not want to wait
        self.asked = number

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        # The previous step is logged and validated by now, see mug.training.resume.
        if trainer.world_size == 1 or trainer.global_step == self.seen_step:  # batches of one step are accumulated
            return
        self.seen_step = trainer.global_step
        asked = torch.tensor(self.asked, device=trainer.strategy.root_device)
        number = int(trainer.strategy.reduce(asked, reduce_op="max"))
        if number:
            self.agreed = True
            self._adopt(trainer)
            raise KeyboardInterrupt if number == signal.SIGINT else SIGTERMException

    # --- ending together ---------------------------------------------------------------------------------------------

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if self.agreed:
            trainer.strategy.barrier()  # wait until the first has saved: when another ends, it ends the first too
        self._adopt(trainer)
        for child in self.children:
            child.kill()
            child.wait()

    def _adopt(self, trainer: pl.Trainer) -> None:
        """Take over the processes that Lightning started, so that it does not SIGKILL the rest when one ends."""
        launcher = trainer.strategy.launcher
        if isinstance(launcher, _SubprocessScriptLauncher):
            self.children += launcher.procs
            launcher.procs.clear()
