"""The timing decoder draws its grid at the notes' resolution, from the whole song."""

import pytest
import torch

from mug.cond.timing import TimingDecoder


def test_timing_grid():
    torch.manual_seed(0)
    decoder = TimingDecoder(z_channels=5, middle_channels=6, num_groups=3, channel_mult=[1, 2, 2], num_res_blocks=1)
    z = torch.randn(2, 5, 11)
    grid = decoder(z)
    assert grid.shape == (2, 2, 44)
    grid.square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in decoder.parameters())
    with pytest.raises(ValueError, match=r"timing decoder expects \[B, 5, L\]"):
        decoder(z[:, :4])
