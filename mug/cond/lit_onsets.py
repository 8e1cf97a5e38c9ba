"""Training of networks that predict where charts have notes."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mug.cond.onset_predictor import OnsetPredictor
from mug.model.lit_predictor import LitPredictor


class LitOnsets(LitPredictor):
    """Trains an OnsetPredictor on its own losses."""

    network: OnsetPredictor

    def measured(self, batch: Mapping[str, Any], evaluating: bool) -> tuple[Tensor, Mapping[str, Any]]:
        answers = self.network.answers(batch).float()
        return self.network.losses(answers, batch["note"].float(), batch["valid_flag"].float())
