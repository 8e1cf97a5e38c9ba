"""Losses by noise level, over all batches and processes of an evaluation.

Axes: B batch.
"""

import torch
from pytorch_lightning.strategies import Strategy
from torch import Tensor


class BandMeans:
    """Running means of values in `n_bands` bands. A batch, or a process, may have no values in some bands."""

    def __init__(self, n_bands: int) -> None:
        self.n_bands = n_bands
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.sums = torch.zeros(2, self.n_bands, dtype=torch.float64)  # sums and counts

    def add(self, bands: Tensor, values: Tensor) -> None:
        """Add `values` [B] to their `bands`, int64 [B]."""
        bands, values = bands.cpu(), values.detach().double().cpu()
        self.sums.index_add_(1, bands, torch.stack([values, torch.ones_like(values)]))

    def means(self, strategy: Strategy) -> dict[int, float]:
        """Return the mean of each band with values in any process. Every process must call it and gets the same."""
        sums = strategy.reduce(self.sums.float().to(strategy.root_device), reduce_op="sum")
        return {band: value / n for band, (value, n) in enumerate(sums.T.tolist()) if n}
