"""The objective of stage 2: loss type, loss weights of timesteps, and how timesteps are drawn.

Axes: B batch.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from mug.errors import ConfigError

LOSS_TYPES = ("l1", "l2", "smooth_l1")
SMOOTH_L1_BETA = 0.02
TIMESTEP_SAMPLINGS = ("uniform", "logit_normal")


def check_loss_type(name: str) -> None:
    """Raise ConfigError unless `name` is one of LOSS_TYPES."""
    if name not in LOSS_TYPES:
        raise ConfigError(f"loss_type: unknown '{name}'; known are {', '.join(LOSS_TYPES)}")


def check_timestep_sampling(name: str) -> None:
    """Raise ConfigError unless `name` is one of TIMESTEP_SAMPLINGS."""
    if name not in TIMESTEP_SAMPLINGS:
        raise ConfigError(f"timestep_sampling: unknown '{name}'; known are {', '.join(TIMESTEP_SAMPLINGS)}")


def elementwise_loss(loss_type: str, prediction: Tensor, target: Tensor) -> Tensor:
    """Return the elementwise loss of this type, with the shape of its arguments."""
    if loss_type == "l1":
        return (prediction - target).abs()
    if loss_type == "l2":
        return (prediction - target).square()
    return F.smooth_l1_loss(prediction, target, reduction="none", beta=SMOOTH_L1_BETA)


def draw_timesteps(sampling: str, timesteps: int, generators: Iterable[torch.Generator]) -> Tensor:
    """Draw the timesteps of a training step, int64 [B], each in 0..timesteps-1, with one generator per item.

    "uniform": all equally often. "logit_normal": those in the middle more often, at sigmoid(N(0, 1)) of the range
    (Esser et al., "Scaling Rectified Flow Transformers", 2024, arXiv:2403.03206, equation 19).
    """
    if sampling == "uniform":
        return torch.cat([torch.randint(timesteps, (1,), generator=generator) for generator in generators])
    drawn = [torch.randn(1, generator=generator, dtype=torch.float64) for generator in generators]
    return (torch.cat(drawn).sigmoid() * timesteps).long().clamp(max=timesteps - 1)
