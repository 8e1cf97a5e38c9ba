"""Random numbers that depend only on the position in a run, and on nothing else.

Axes: B batch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

GOLDEN_RATIO = (5**0.5 - 1) / 2
Generators = torch.Generator | Sequence[torch.Generator]  # one for the whole batch, or one per item


def generator_of(*key: int) -> torch.Generator:
    """Return a CPU generator seeded by all of `key`, e.g. (seed, step): it draws the same in every process and on every
    device.
    """
    # the length distinguishes a key from the same key followed by zeros
    state = np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> 1))  # manual_seed takes 63 bits


def generators_of_batch(
    seed: int, epoch: int, batch_idx: int, batch_size: int, rank: int = 0, n_ranks: int = 1
) -> list[torch.Generator]:
    """Return a generator for each item of a batch, a function of the seed and the item's position in the epoch.

    With the way mug.data.sampler distributes items, several processes, or several accumulated batches, draw what one
    process draws for the same items in one large batch.
    """
    return [generator_of(seed, epoch, (batch_idx * batch_size + index) * n_ranks + rank) for index in range(batch_size)]


def noise_like(x: Tensor, generator: Generators | None) -> Tensor:
    """Return noise of x's shape, drawn on the generator's own device so that a seed gives the same everywhere.

    Several generators draw the noise of one item of x [B, ...] each.
    """
    if isinstance(generator, Sequence):
        if len(generator) != len(x):
            raise ValueError(f"{len(generator)} generators for the noise of {len(x)} items")
        items = [torch.randn(x.shape[1:], generator=own, device=own.device, dtype=x.dtype) for own in generator]
        return torch.stack(items).to(x.device)
    device = x.device if generator is None else generator.device
    return torch.randn(x.shape, generator=generator, device=device, dtype=x.dtype).to(x.device)


def stratified_timesteps(batch_size: int, batch_idx: int, timesteps: int, rank: int = 0, n_ranks: int = 1) -> Tensor:
    """Return int64 [B]: one timestep from each of B equal bands, always the same for the same `batch_idx`.

    With several processes there are as many bands as items in all of them, and each process takes every n_ranks-th.
    Batches are shifted against each other by the golden ratio, so that together they cover the timesteps evenly.
    """
    shift = (batch_idx + 1) * GOLDEN_RATIO % 1.0
    bands = torch.arange(rank, batch_size * n_ranks, n_ranks, dtype=torch.float64)
    return ((bands + shift) / (batch_size * n_ranks) * timesteps).long()
