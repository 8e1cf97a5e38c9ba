"""Reconstruction loss of decoded note planes.

Axes: B batch, K keys, T note frames.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from mug.data.note_codec import NotePlanes
from mug.errors import ConfigError
from mug.model.focal import focal_entropy


class ManiaReconstructLoss(nn.Module):
    """Cross-entropy for note starts and holds, squared error for the offsets inside frames.

    weight_start_offset, weight_holding, weight_end_offset: weights of three planes; that of note starts has weight 1.
    label_smoothing: s moves the targets 0 and 1 to s and 1 - s.
    focal_gamma: above 0, the cross-entropies become focal losses: frames that are already right count less, because
    few frames have notes (Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 4, without alpha).
    """

    def __init__(
        self,
        weight_start_offset: float = 0.5,
        weight_holding: float = 0.5,
        weight_end_offset: float = 0.2,
        label_smoothing: float = 0.0,
        focal_gamma: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing <= 0.5 or focal_gamma < 0:
            raise ConfigError(
                f"lossconfig: label_smoothing {label_smoothing} must be from 0 to 0.5, focal_gamma {focal_gamma} 0 or "
                "more"
            )
        self.weight_start_offset = weight_start_offset
        self.weight_holding = weight_holding
        self.weight_end_offset = weight_end_offset
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma

    def forward(self, reconstructions: Tensor, note: Tensor, valid_flag: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and the values to log.

        reconstructions [B, 4K, T] (logits and raw offsets), note [B, 4K, T], valid_flag [B, T]: frames where it is 0
        do not count. Raises ValueError if the shapes do not match.
        """
        if note.ndim != 3 or reconstructions.shape != note.shape or valid_flag.shape != note[:, 0].shape:
            raise ValueError(
                f"expected reconstructions and note [B, 4K, T] and valid_flag [B, T], got "
                f"{list(reconstructions.shape)}, {list(note.shape)} and {list(valid_flag.shape)}"
            )
        guess = NotePlanes.split(reconstructions.float())  # [B, K, T] each
        truth = NotePlanes.split(note.float())
        valid = valid_flag.float().unsqueeze(1).expand_as(truth.is_start)  # [B, K, T]
        held_next = F.pad(truth.is_holding[..., 1:], (0, 1))
        # This misses one kind of tail: in a frame where the column's next long note begins, because its hold continues.
        starts, ends = truth.is_start * valid, truth.is_holding * (1 - held_next) * valid

        start_loss = mean_where(self._cross_entropy(guess.is_start, truth.is_start), valid)
        holding_loss = mean_where(self._cross_entropy(guess.is_holding, truth.is_holding), valid)
        offset_start_loss = mean_where((guess.offset_start - truth.offset_start).square(), starts)
        offset_end_loss = mean_where((guess.offset_end - truth.offset_end).square(), ends)
        loss = (
            start_loss
            + self.weight_holding * holding_loss
            + self.weight_start_offset * offset_start_loss
            + self.weight_end_offset * offset_end_loss
        )
        log = {
            "start_loss": start_loss.detach(),
            "holding_loss": holding_loss.detach(),
            "offset_start_loss": offset_start_loss.detach(),
            "offset_end_loss": offset_end_loss.detach(),
        }
        for kind, logits, target in (
            ("rice", guess.is_start, truth.is_start),
            ("ln", guess.is_holding, truth.is_holding),
        ):
            accuracy, precision, recall = frame_scores(logits.detach(), target, valid)
            log |= {f"acc_{kind}": accuracy, f"precision_{kind}": precision, f"recall_{kind}": recall}
        return loss, log

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        return focal_entropy(logits, target, self.focal_gamma, self.label_smoothing)


def mean_where(value: Tensor, mask: Tensor) -> Tensor:
    """Mean of `value` where `mask` is 1, a scalar; 0 where the mask is empty."""
    return (value * mask).mean() / (mask + 1e-6).mean()


def frame_scores(logits: Tensor, target: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return accuracy, precision and recall of `logits` > 0 against `target` over the valid frames; 0/0 is 0."""
    guess = (logits > 0) * valid
    target = target * valid
    hits = (guess * target).sum()
    accuracy = ((guess == target) * valid).sum() / valid.sum().clamp(min=1)
    return accuracy, hits / guess.sum().clamp(min=1), hits / target.sum().clamp(min=1)
