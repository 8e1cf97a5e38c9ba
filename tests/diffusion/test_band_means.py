"""Means by noise level, of batches and processes that meet different ones."""

import pytest
import torch
from pytorch_lightning.strategies import SingleDeviceStrategy

from mug.diffusion.band_means import BandMeans


class TwoProcesses(SingleDeviceStrategy):
    """Stands for a second process that met the sums [2, 3]."""

    def reduce(self, tensor: torch.Tensor, reduce_op: str = "mean") -> torch.Tensor:  # type: ignore[override]
        assert reduce_op == "sum"
        return tensor + torch.tensor([[4.0, 0.0, 9.0], [1.0, 0.0, 3.0]])


def test_means_are_over_all_that_was_met() -> None:
    bands = BandMeans(3)
    bands.add(torch.tensor([0, 0, 2]), torch.tensor([1.0, 3.0, 5.0]))
    bands.add(torch.tensor([0]), torch.tensor([8.0]))
    assert bands.means(SingleDeviceStrategy()) == {0: 4.0, 2: 5.0}
    assert bands.means(TwoProcesses()) == {0: 4.0, 2: 3.5}
    bands.reset()
    assert bands.means(TwoProcesses()) == pytest.approx({0: 4.0, 2: 3.0})
