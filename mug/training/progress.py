"""A progress bar over all steps of a run, not one per epoch."""

import sys
from typing import Any, TextIO

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm

SECONDS_A_LINE = 30.0  # in a log file


class Lines:
    """A stream for a progress bar in a log file: each state becomes a line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        if text.strip():
            self.stream.write(text.strip() + "\n")

    def flush(self) -> None:
        self.stream.flush()


class StepProgressBar(ProgressBar):
    """One bar from the first optimiser step to the last, with losses, and validation progress in front of it.

    In a log file it is one line every half minute.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bar: tqdm | None = None
        self.is_enabled = True
        self.is_terminal = True

    def disable(self) -> None:
        """Lightning's switch for all processes but the first."""
        self.is_enabled = False

    def enable(self) -> None:
        self.is_enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        steps = trainer.estimated_stepping_batches  # infinite for a run without an end
        self.is_terminal = sys.stderr.isatty()
        every = 0.1 if self.is_terminal else SECONDS_A_LINE
        self.bar = tqdm(
            file=None if self.is_terminal else Lines(sys.stderr),
            mininterval=every,
            maxinterval=max(every, 10.0),
            total=int(steps) if steps != float("inf") else None,
            initial=trainer.global_step,
            desc="training",
            unit="step",
            dynamic_ncols=self.is_terminal,
            disable=not self.is_enabled,
        )

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        self._show(trainer, pl_module)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self.bar is not None:
            count = f"validation {batch_idx + 1}/{trainer.num_val_batches[dataloader_idx]}"
            self.bar.set_description(count, refresh=self.is_terminal)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.bar is not None:
            self.bar.set_description("training", refresh=False)
            self._show(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def _show(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.bar is None:
            return
        metrics = self.get_metrics(trainer, pl_module)
        self.bar.set_postfix({name: value for name, value in metrics.items() if name != "v_num"}, refresh=False)
        self.bar.update(trainer.global_step - self.bar.n)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
