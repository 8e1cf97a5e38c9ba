"""Training of stage 1: any first stage learns to reconstruct note planes.

Axes: B batch, K keys, T note frames, L latent frames.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mug.firststage.first_stage import FirstStage
from mug.firststage.scores import f1, onset_counts
from mug.model.lit_network import LitNetwork
from mug.model.masking import frame_mask
from mug.seeding import Generators

ONSET_TOLERANCE_MS = 20.0  # about what players notice as off, and less than half a note frame


class LitAutoencoder(LitNetwork):
    """Trains a FirstStage on its own loss. Validation and test also score the reconstructed onsets."""

    network: FirstStage
    onset_counts: np.ndarray  # [3], so far in this validation or test epoch

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        generators = self.generators_of(self.current_epoch, batch_idx, len(batch["note"]))
        return self._step(batch, "train", generators)

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "test")

    def _step(self, batch: Mapping[str, Any], stage: str, generators: Generators | None = None) -> Tensor:
        network, note, valid_flag = self.network, batch["note"], batch["valid_flag"]
        is_training = stage == "train"
        lengths = network.lengths_of(batch)
        reconstructions, posterior = network(note, generators, lengths)
        rec_loss, log = network.loss(reconstructions, note, valid_flag)
        mask = frame_mask(None if lengths is None else lengths // network.factor, posterior.mean.shape[2])
        latent_loss, latent_log = network.latent_loss(posterior, mask, self.global_step if is_training else None)
        loss = rec_loss + latent_loss
        log = {"rec_loss": rec_loss.detach(), **latent_log, **log}
        named = {f"{stage}/{name}": value for name, value in log.items()}
        evaluating = not is_training
        self.log(
            f"{stage}/loss", loss.detach(), prog_bar=True, on_step=is_training, on_epoch=evaluating,
            sync_dist=evaluating, batch_size=len(note),
        )  # fmt: skip
        self.log_dict(named, on_step=is_training, on_epoch=evaluating, sync_dist=evaluating, batch_size=len(note))
        if evaluating:
            arrays = (tensor.float().cpu().numpy() for tensor in (reconstructions, note, valid_flag))
            for decoded, truth, valid, convertor in zip(*arrays, batch["convertor"], strict=True):
                self.onset_counts += onset_counts(decoded, truth, valid, convertor["frame_ms"], ONSET_TOLERANCE_MS)
        return loss

    def on_validation_epoch_start(self) -> None:
        self.onset_counts = np.zeros(3)

    def on_test_epoch_start(self) -> None:
        self.onset_counts = np.zeros(3)

    def on_validation_epoch_end(self) -> None:
        self._log_onset_f1("val")

    def on_test_epoch_end(self) -> None:
        self._log_onset_f1("test")

    def _log_onset_f1(self, stage: str) -> None:
        counts = torch.tensor(self.onset_counts, dtype=torch.float32, device=self.device)
        summed = self.trainer.strategy.reduce(counts, reduce_op="sum")  # over the processes of a distributed run
        self.log(f"{stage}/onset_f1", f1(summed.tolist()), prog_bar=True, sync_dist=True)
