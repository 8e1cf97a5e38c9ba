"""Keeps the best checkpoint of a run, by any validation metric."""

import re

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from mug.errors import ConfigError

SCORES = ("f1", "acc_", "precision_", "recall_")  # in the names of metrics for which higher is better


def mode_of(monitor: str) -> str:
    """Return "max" for scores, which should be high, and "min" for losses and errors."""
    return "max" if any(score in monitor for score in SCORES) else "min"


class BestCheckpoint(ModelCheckpoint):
    """Keeps the best checkpoint by `monitor`, in a file named after it and the step.

    mode: "min" or "max"; by default it follows from the name, see mode_of. save_top_k: how many to keep. For the rest
    see Lightning's ModelCheckpoint. A metric need not be measured in every validation (BeatmapLogger's are not). Raises
    ConfigError if it is still missing when it should be there.
    """

    def __init__(
        self,
        dirpath: str,
        monitor: str,
        mode: str | None = None,
        filename: str | None = None,
        save_top_k: int = 1,
        save_weights_only: bool = False,
        every_n_train_steps: int | None = None,
        every_n_epochs: int | None = None,
        save_on_train_epoch_end: bool | None = None,
    ) -> None:
        if save_on_train_epoch_end is None and monitor.startswith("val/"):
            save_on_train_epoch_end = False  # but after validation, before last.ckpt is saved, which records the best
        name = re.sub(r"\W+", "_", monitor)
        super().__init__(
            dirpath=dirpath,
            monitor=monitor,
            mode=mode or mode_of(monitor),
            filename=filename or f"best_step_{{step:07}}_{name}_{{{monitor}:.4f}}",
            auto_insert_metric_name=filename is not None,
            save_top_k=save_top_k,
            save_weights_only=save_weights_only,
            every_n_train_steps=every_n_train_steps,
            every_n_epochs=every_n_epochs,
            save_on_train_epoch_end=save_on_train_epoch_end,
        )
        self.missed = 0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self.missed = 0 if self.monitor in trainer.callback_metrics else self.missed + 1
            callbacks = trainer.callbacks  # type: ignore[attr-defined]
            if self.missed >= max(getattr(callback, "every_n_validations", 1) for callback in callbacks):
                known = ", ".join(sorted(name for name in trainer.callback_metrics if name.startswith("val/")))
                raise ConfigError(
                    f"model.params.monitor: could not find the monitored key {self.monitor!r} in {self.missed} "
                    f"validation(s), which measure {known}"
                )
        super().on_validation_end(trainer, pl_module)

    def _save_topk_checkpoint(self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]) -> None:
        if self.monitor in monitor_candidates:
            super()._save_topk_checkpoint(trainer, monitor_candidates)
