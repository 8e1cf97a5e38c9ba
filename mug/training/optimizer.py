"""Applies the optimiser settings of a resumed run's configuration over those in its checkpoint."""

from typing import Any

import pytorch_lightning as pl
from torch.optim.lr_scheduler import LambdaLR


class ConfiguredOptimizer(pl.Callback):
    """Sets the learning rate, schedule and weight decay of a resumed run to those of its current configuration.

    torch's optimisers and schedules restore the checkpoint's values, so that an override would change nothing. A
    schedule continues at the checkpoint's step; one that the checkpoint did not have starts at its beginning.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.ckpt_path is None or not trainer.optimizers:
            return
        configured: Any = pl_module.configure_optimizers()
        groups, fresh = trainer.optimizers[0].param_groups, configured["optimizer"].param_groups
        schedules = [config.scheduler for config in trainer.lr_scheduler_configs]
        for group, new in zip(groups, fresh, strict=True):
            group["weight_decay"] = new["weight_decay"]
            if not schedules:
                group["lr"] = new["lr"]
        for schedule in schedules:
            if isinstance(schedule, LambdaLR):  # from mug.lr_scheduler
                schedule.base_lrs = [new["initial_lr"] for new in fresh]
                for group, base, factor in zip(groups, schedule.base_lrs, schedule.lr_lambdas, strict=True):
                    group["initial_lr"], group["lr"] = base, base * factor(schedule.last_epoch)
