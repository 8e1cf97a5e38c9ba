"""Logs more than a run's losses: gradients, learning rate, speed, memory."""

import resource
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

GIB = 2**30
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; the unit of getrusage's maxrss


class TrainingMonitor(pl.Callback):
    """Logs four scalars at every `log_every_n_steps`-th step, and costs nothing at the others.

    train/grad_norm: L2 norm of all gradients together, before clipping. train/learning_rate: this step's, in the
    optimiser's first group. train/songs_per_second: items of all processes since the last log, by wall clock, including
    the wait for data but not validation. train/memory_gib: peak memory of the tensors on this process's GPU so far, or,
    without a GPU, peak memory of the process.
    """

    def __init__(self) -> None:
        self.n_songs = 0
        self.since = 0.0  # s; time of the last log plus the time that validation took
        self.validation_start = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.n_songs, self.since = 0, perf_counter()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.validation_start = perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.since += perf_counter() - self.validation_start

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Mapping[str, Any], batch_idx: int
    ) -> None:
        self.n_songs += len(next(iter(batch.values()))) * trainer.world_size

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # Lightning sets it on the side
        if not every or (trainer.global_step + 1) % every:
            return
        now = perf_counter()
        values = {
            "train/grad_norm": grad_norm(pl_module),
            "train/learning_rate": optimizer.param_groups[0]["lr"],
            "train/songs_per_second": self.n_songs / (now - self.since),
            "train/memory_gib": peak_memory_bytes(pl_module.device) / GIB,
        }
        pl_module.log_dict(values, on_step=True, on_epoch=False)
        self.n_songs, self.since = 0, now


def grad_norm(model: nn.Module) -> Tensor:
    """Return the L2 norm of all gradients as one vector, float32 [], without synchronising the device."""
    norms = [torch.linalg.vector_norm(p.grad, dtype=torch.float32) for p in model.parameters() if p.grad is not None]
    return torch.linalg.vector_norm(torch.stack(norms))


def peak_memory_bytes(device: torch.device) -> int:
    """Return the peak memory of tensors on a GPU; for another device, the peak memory of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT
