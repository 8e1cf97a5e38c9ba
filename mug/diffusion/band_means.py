"""Losses by noise level, over all batches and processes of an evaluation.

Axes: B batch.
"""

import torch
from pytorch_lightning.strategies import Strategy
from torch import Tensor


class BandMeans:
    """The mean of values that belong to one of `n_bands`; not every batch, nor every process, meets every band."""

    def __init__(self, n_bands: int) -> None:
        self.n_bands = n_bands
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.sums = torch.zeros(2, self.n_bands, dtype=torch.float64)  # of values, and how many

    def add(self, bands: Tensor, values: Tensor) -> None:
        """Take `values` [B] of the bands int64 [B]."""
        bands, values = bands.cpu(), values.detach().double().cpu()
        self.sums.index_add_(1, bands, torch.stack([values, torch.ones_like(values)]))

    def means(self, strategy: Strategy) -> dict[int, float]:
        """Return the mean of each band that any process met. Every process has to call this, and gets the same."""
        sums = strategy.reduce(self.sums.float().to(strategy.root_device), reduce_op="sum")
        return {band: value / n for band, (value, n) in enumerate(sums.T.tolist()) if n}
