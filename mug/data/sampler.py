"""The order of training items: a function of a seed, divided among processes, resumed where it stopped."""

import math
from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


class SeededSampler(Sampler[tuple[int, int]]):
    """Yield (index, epoch) of every item once an epoch, in an order that is a function of (seed, epoch).

    With several processes, each takes every `n_ranks`-th item, starting at `rank`. If the items do not divide evenly,
    the first ones are taken twice, or with `drop_last` the last ones are skipped. A resumed run sets `epoch` and
    `n_seen`, the number of its items already seen; later epochs, which Lightning announces through `set_epoch`, are
    whole.
    """

    def __init__(
        self, n_items: int, seed: int, shuffle: bool, rank: int = 0, n_ranks: int = 1, drop_last: bool = False
    ) -> None:
        self.n_items = n_items
        self.seed = seed
        self.shuffle = shuffle
        self.rank, self.n_ranks = rank, n_ranks
        self.drop_last = drop_last
        self.epoch, self.n_seen = 0, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n_items // self.n_ranks if self.drop_last else math.ceil(self.n_items / self.n_ranks)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        mine = self.share(self.order())
        n_seen, self.n_seen = self.n_seen, 0
        return iter([(int(index), self.epoch) for index in mine[n_seen:]])

    def order(self) -> np.ndarray:
        """All items in the order of this epoch."""
        if not self.shuffle:
            return np.arange(self.n_items)
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.n_items)

    def share(self, order: np.ndarray) -> np.ndarray:
        """Return this process's part of that order."""
        return np.resize(order, len(self) * self.n_ranks)[self.rank :: self.n_ranks]
