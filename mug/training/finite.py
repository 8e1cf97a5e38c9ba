"""Ends training when the loss becomes NaN or infinite, without saving the broken weights."""

from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mug.errors import TrainingError

NEVER = 2**62
CHECK_EVERY = 50  # steps, if the run logs nothing


class FiniteCheck(pl.Callback):
    """Raises TrainingError that names the first step whose loss is NaN or infinite.

    The step's number stays on the device until the next logged step, to avoid a synchronisation at every step. Weights,
    averages or optimiser states that are NaN or infinite are never saved: the previous checkpoint stays.
    """

    def __init__(self) -> None:
        self.first_bad: Tensor | None = None  # int64 [], the step
        self.seen_step = self.checked_step = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.first_bad = torch.tensor(NEVER, device=pl_module.device)
        self.seen_step = self.checked_step = trainer.global_step

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *_: Any) -> None:
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if self.first_bad is None or not isinstance(loss, Tensor):
            return
        is_accumulating = trainer.global_step == self.seen_step  # this batch's optimiser step is still to come
        self.seen_step = trainer.global_step
        step = trainer.global_step + is_accumulating
        self.first_bad = torch.where(loss.isfinite().all(), self.first_bad, self.first_bad.clamp(max=step))
        every = trainer.log_every_n_steps or CHECK_EVERY  # type: ignore[attr-defined]  # Lightning sets it on the side
        if trainer.global_step >= self.checked_step + every or trainer.global_step == trainer.max_steps:
            self.checked_step = trainer.global_step // every * every
            if trainer.strategy.reduce_boolean_decision(self.first_bad.item() < NEVER, all=False):  # in any process
                raise TrainingError(self._complaint(trainer))

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if not _all_finite(_tensors_of(pl_module, checkpoint)):
            raise TrainingError(self._complaint(trainer))

    def _complaint(self, trainer: pl.Trainer) -> str:
        first = NEVER if self.first_bad is None else int(self.first_bad.item())
        what = f"the loss of step {first} is NaN or infinite" if first < NEVER else "the weights are NaN or infinite"
        return (
            f"{what} (noticed at step {trainer.global_step}); earlier checkpoints are kept, in "
            f"{trainer.default_root_dir}: resume from there with -r and a lower model.params.learning_rate, "
            "lightning.trainer.gradient_clip_val=1.0, or precision 32-true or bf16-mixed in place of 16-mixed"
        )


def _tensors_of(model: pl.LightningModule, checkpoint: dict[str, Any]) -> Iterable[Tensor]:
    """The tensors that training changes: trained weights, their average in the checkpoint, optimiser states."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            yield parameter.detach()
            yield from [checkpoint["state_dict"][name]] if name in checkpoint.get("state_dict", {}) else []
    for optimizer in checkpoint.get("optimizer_states", []):
        for state in optimizer.get("state", {}).values():
            yield from (value for value in state.values() if isinstance(value, Tensor))


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether all values of all tensors are finite, with one synchronisation per device."""
    by_device: dict[torch.device, list[Tensor]] = {}
    for tensor in tensors:
        if tensor.is_floating_point() and tensor.numel():
            by_device.setdefault(tensor.device, []).append(tensor.isfinite().all())
    return all(bool(torch.stack(flags).all()) for flags in by_device.values())
