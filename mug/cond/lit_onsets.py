"""Training of networks that predict where charts have notes.

Axes: B batch, T note frames.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mug.cond.onset_predictor import OnsetPredictor
from mug.model.lit_network import LitNetwork


class LitOnsets(LitNetwork):
    """Trains an OnsetPredictor on its own losses."""

    network: OnsetPredictor
    default_learning_rate = 1e-3

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "test")

    def _step(self, batch: Mapping[str, Any], stage: str) -> Tensor:
        answers, valid = self.network.answers(batch).float(), batch["valid_flag"].float()
        loss, log = self.network.losses(answers, batch["note"].float(), valid)
        evaluating = stage != "train"
        self.log(f"{stage}/loss", loss.detach(), prog_bar=True, batch_size=len(valid), sync_dist=evaluating)
        named = {f"{stage}/{name}": value for name, value in log.items()}
        self.log_dict(named, batch_size=len(valid), sync_dist=evaluating)
        return loss
