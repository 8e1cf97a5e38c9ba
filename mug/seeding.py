"""Random draws that depend on where in a run they are made, and on nothing else.

Axes: B batch.
"""

import numpy as np
import torch
from torch import Tensor

GOLDEN_RATIO = (5**0.5 - 1) / 2


def generator_of(*key: int) -> torch.Generator:
    """Return a CPU generator seeded by all of `key`, e.g. (seed, step): the same draws in every process and device."""
    # its length keeps a key apart from the same one with zeros behind it
    state = np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> 1))  # manual_seed takes 63 bits


def noise_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return noise of x's shape, drawn on the generator's own device so that a seed means the same everywhere."""
    device = x.device if generator is None else generator.device
    return torch.randn(x.shape, generator=generator, device=device, dtype=x.dtype).to(x.device)


def stratified_timesteps(batch_size: int, batch_idx: int, timesteps: int) -> Tensor:
    """Return int64 [B]: one timestep from each of B equal bands, the same whenever `batch_idx` comes by.

    Batches are shifted against each other by the golden ratio, so that together they cover the timesteps evenly.
    """
    shift = (batch_idx + 1) * GOLDEN_RATIO % 1.0
    return ((torch.arange(batch_size, dtype=torch.float64) + shift) / batch_size * timesteps).long()
