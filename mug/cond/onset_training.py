"""What the trainings share that ask outright where charts have notes: the loss, what is logged, the optimiser.

Axes: B batch, K keys, T note frames.
"""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch.nn.functional as F
from einops import reduce
from torch import Tensor

from mug.data.convertor import NotePlanes
from mug.errors import ConfigError
from mug.firststage.losses import frame_scores, mean_where
from mug.lr_scheduler import adamw


class OnsetTraining(pl.LightningModule):
    """Of every note frame: does a note begin there, and where in it? A module says how it `answers` a batch.

    weight_offset: of the loss of a note's place in its frame. The others: see mug.diffusion.diffusion.DDPM.
    """

    def __init__(
        self,
        weight_offset: float,
        learning_rate: float,
        weight_decay: float,
        scheduler_config: Mapping[str, Any] | None,
        monitor: str | None,
    ) -> None:
        super().__init__()
        self.weight_offset = weight_offset
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.scheduler_config = scheduler_config
        self.monitor = monitor

    def answers(self, batch: Mapping[str, Any]) -> Tensor:
        """Return [B, 2 or more, T]: logits of a note's start, its place in the frame, 0 to 1, and whatever else."""
        raise NotImplementedError

    def losses(self, answers: Tensor, note: Tensor, valid: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and what to log of it. answers [B, 2 or more, T], note [B, 4K, T], valid [B, T]."""
        start, offset = answers[:, 0], answers[:, 1]
        begins, place = first_starts(note)
        begins = begins * valid
        start_loss = mean_where(F.binary_cross_entropy_with_logits(start, begins, reduction="none"), valid)
        offset_loss = mean_where((offset - place).square(), begins)
        _, precision, recall = frame_scores(start.detach(), begins, valid)
        log = {"start_loss": start_loss.detach(), "offset_loss": offset_loss.detach()}
        return start_loss + self.weight_offset * offset_loss, {**log, "precision": precision, "recall": recall}

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "test")

    def _step(self, batch: Mapping[str, Any], stage: str) -> Tensor:
        answers, valid = self.answers(batch).float(), batch["valid_flag"].float()
        if answers.shape[2] != valid.shape[1]:
            raise ConfigError(
                f"model.params.note_frames: the answers are for {answers.shape[2]} note frames of a window, which has "
                f"{valid.shape[1]}"
            )
        loss, log = self.losses(answers, batch["note"].float(), valid)
        evaluating = stage != "train"
        self.log(f"{stage}/loss", loss.detach(), prog_bar=True, batch_size=len(valid), sync_dist=evaluating)
        named = {f"{stage}/{name}": value for name, value in log.items()}
        self.log_dict(named, batch_size=len(valid), sync_dist=evaluating)
        return loss

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, self.scheduler_config, self.weight_decay, self._trainer)


def first_starts(note: Tensor) -> tuple[Tensor, Tensor]:
    """Note planes [B, 4K, T] -> whether any column's note begins in a frame, and where in it the first one does, 0 to
    1: [B, T] each. Where none begins, the place is any number.
    """
    is_start, offset_start, _, _ = NotePlanes.split(note)  # [B, K, T] each
    begins = reduce(is_start, "b k t -> b t", "max")
    place = reduce(offset_start + 2 * (1 - is_start), "b k t -> b t", "min")  # silent columns: beyond every frame
    return begins, place
