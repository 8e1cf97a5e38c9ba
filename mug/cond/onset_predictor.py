"""The common base of networks that predict where charts have notes: their outputs and their loss.

Axes: B batch, K keys, T note frames.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from einops import reduce
from torch import Tensor

from mug.data.note_codec import NotePlanes
from mug.errors import ConfigError
from mug.firststage.losses import frame_scores, mean_where
from mug.model.network_node import ConfiguredNetwork


class OnsetPredictor(ConfiguredNetwork, ABC):
    """Predicts for every note frame whether a note begins there, and where in the frame.

    mug.cond.lit_onsets.LitOnsets trains it. weight_offset: weight of the loss of a note's position in its frame.
    """

    def __init__(self, weight_offset: float) -> None:
        super().__init__()
        self.weight_offset = weight_offset

    @abstractmethod
    def answers(self, batch: Mapping[str, Any]) -> Tensor:
        """Return [B, 2 or more, T]: logits of a note's start, its position in the frame (0 to 1), and other outputs."""

    def losses(self, answers: Tensor, note: Tensor, valid: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and the values to log. answers [B, 2 or more, T], note [B, 4K, T], valid [B, T].

        Raises ConfigError if the answers have another number of note frames.
        """
        if answers.shape[2] != valid.shape[1]:
            raise ConfigError(
                f"model.params.note_frames: the output has {answers.shape[2]} note frames per window, which has "
                f"{valid.shape[1]}"
            )
        start, offset = answers[:, 0], answers[:, 1]
        begins, place = first_starts(note)
        begins = begins * valid
        start_loss = mean_where(F.binary_cross_entropy_with_logits(start, begins, reduction="none"), valid)
        offset_loss = mean_where((offset - place).square(), begins)
        _, precision, recall = frame_scores(start.detach(), begins, valid)
        log = {"start_loss": start_loss.detach(), "offset_loss": offset_loss.detach()}
        return start_loss + self.weight_offset * offset_loss, {**log, "precision": precision, "recall": recall}


def first_starts(note: Tensor) -> tuple[Tensor, Tensor]:
    """Note planes [B, 4K, T] -> whether a note begins in each frame, and the position of the first: [B, T] each.

    Positions are 0 to 1. Where no note begins, the position is meaningless.
    """
    is_start, offset_start, _, _ = NotePlanes.split(note)  # [B, K, T] each
    begins = reduce(is_start, "b k t -> b t", "max")
    place = reduce(offset_start + 2 * (1 - is_start), "b k t -> b t", "min")  # columns without a start: past the frame
    return begins, place
