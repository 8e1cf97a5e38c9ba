"""Cross-entropy for rare events."""

import torch
import torch.nn.functional as F
from torch import Tensor


def focal_entropy(logits: Tensor, target: Tensor, gamma: float, label_smoothing: float = 0.0) -> Tensor:
    """Each element's binary cross-entropy, where what is already right counts less: it is weighted by (1 - p)^gamma.

    Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 4, without alpha. gamma 0: plain cross-entropy.
    label_smoothing: s moves the targets 0 and 1 to s and 1 - s.
    """
    smoothed = target * (1 - 2 * label_smoothing) + label_smoothing
    entropy = F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
    if not gamma:
        return entropy
    probability_of_wrong = torch.sigmoid(torch.where(target > 0.5, -logits, logits))
    return probability_of_wrong**gamma * entropy
