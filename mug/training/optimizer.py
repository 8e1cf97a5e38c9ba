"""What a resumed run's configuration says of its optimiser, over what its checkpoint says."""

from typing import Any

import pytorch_lightning as pl


class ConfiguredOptimizer(pl.Callback):
    """Gives a resumed run the learning rate and weight decay that its configuration asks for now.

    torch's optimisers and schedules restore those of the checkpoint, so that an override would change nothing. Where
    none changed, nothing is touched.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.ckpt_path is None or not trainer.optimizers:
            return
        configured: Any = pl_module.configure_optimizers()
        fresh = configured["optimizer"].param_groups
        for group, new in zip(trainer.optimizers[0].param_groups, fresh, strict=True):
            base, new_base = (one.get("initial_lr", one["lr"]) for one in (group, new))
            if base != new_base:
                group["lr"] = new_base if base == 0 else group["lr"] * new_base / base
                if "initial_lr" in group:  # the schedule's, which restores its own too
                    group["initial_lr"] = new_base
            group["weight_decay"] = new["weight_decay"]
        for scheduled in trainer.lr_scheduler_configs:
            scheduled.scheduler.base_lrs = [group["initial_lr"] for group in scheduled.scheduler.optimizer.param_groups]
