"""Losses of piano rolls, where few cells sound and still fewer are onsets.

Axes: B batch, P pitches, T frames.
"""

from torch import Tensor

from mug.model.focal import focal_entropy

N_LEVELS = 3  # of a roll as one plane: silence 0, sounding 1, onset 2


def focal_loss(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """The focal loss of a binary plane [B, P, T], a scalar: its sum over all cells for each cell that is 1.

    By the number of positives as in Lin et al. 2017, section 4; so a plane of few notes does not vanish.
    """
    return focal_entropy(logits, target, gamma).sum() / target.sum().clamp(min=1)


def balanced_mse(guess: Tensor, truth: Tensor) -> Tensor:
    """The squared error of a roll as one plane (0 silence, 1 sounding, 2 onset), a scalar.

    Each cell counts by the inverse of how often its true value occurs: this is the mean over the values that occur of
    the mean over their cells. It asks for probabilities that reach 1, which the focal loss does not.
    """
    error = (guess - truth).square()
    losses = [error[truth == level].mean() for level in range(N_LEVELS) if (truth == level).any()]
    return sum(losses[1:], losses[0]) / len(losses)
