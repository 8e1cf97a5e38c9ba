"""Training of networks with one step for everything: the same losses are logged in training, validation and test.

Axes: B batch.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mug.model.lit_network import LitNetwork


class LitPredictor(LitNetwork):
    """Trains a network on its own losses of a batch; a subclass says what they are."""

    default_learning_rate = 1e-3

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "test")

    def measured(self, batch: Mapping[str, Any], evaluating: bool) -> tuple[Tensor, Mapping[str, Any]]:
        """Return the loss of a batch of B items, and what is logged beside it."""
        raise NotImplementedError

    def _step(self, batch: Mapping[str, Any], stage: str) -> Tensor:
        evaluating, size = stage != "train", len(next(iter(batch.values())))
        loss, log = self.measured(batch, evaluating)
        self.log(f"{stage}/loss", loss.detach(), prog_bar=True, batch_size=size, sync_dist=evaluating)
        named = {f"{stage}/{name}": value for name, value in log.items()}
        self.log_dict(named, batch_size=size, sync_dist=evaluating)
        return loss
