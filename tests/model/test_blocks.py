"""The building blocks keep and change lengths as they say."""

import pytest
import torch

from mug.errors import ConfigError
from mug.model.blocks import Downsample, ResnetBlock, Upsample, check_input, group_norm, zero_init


class Unnormalised(torch.nn.Module):
    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        return x


def test_downsample_looks_ahead():
    layer = Downsample(1)
    torch.nn.init.ones_(layer.conv.weight)
    torch.nn.init.zeros_(layer.conv.bias)
    x = torch.tensor([[[1.0, 10.0, 100.0, 1000.0]]])
    assert layer(x).tolist() == [[[111.0, 1100.0]]]  # inputs 0..2, and 2..3 with a zero after the end


def test_upsample_repeats_then_convolves():
    layer = Upsample(1)
    layer.conv.weight.data = torch.tensor([[[0.0, 1.0, 0.0]]])
    torch.nn.init.zeros_(layer.conv.bias)
    assert layer(torch.tensor([[[2.0, 3.0, 5.0]]])).tolist() == [[[2.0, 2.0, 3.0, 3.0, 5.0, 5.0]]]


@pytest.mark.parametrize(("dilations", "reach"), [((1, 1), 2), ((1, 2), 3), ((4, 8), 12)])
def test_resnet_block_reaches_as_far_as_its_dilations(dilations, reach):
    torch.manual_seed(0)
    block = ResnetBlock(4, 6, num_groups=2, dilations=dilations).eval()
    block.norm1 = block.norm2 = Unnormalised()  # group normalisation sees the whole length
    x = torch.randn(1, 4, 53, requires_grad=True)
    y = block(x)
    assert y.shape == (1, 6, 53)
    y[0, :, 26].sum().backward()
    touched = x.grad.abs().sum(dim=1)[0].nonzero().flatten()
    assert (touched.min().item(), touched.max().item()) == (26 - reach, 26 + reach)


def test_resnet_block_without_its_branch_is_its_skip():
    block = ResnetBlock(6, 6, num_groups=3)
    zero_init(block.conv2)
    x = torch.randn(2, 6, 11, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(x), x)
    assert "nin_shortcut.weight" not in block.state_dict()


def test_group_norm_divides_or_says_so():
    assert group_norm(64).eps == 1e-6
    with pytest.raises(ConfigError, match="num_groups 32 does not divide a layer of 48 channels"):
        group_norm(48)


def test_check_input():
    check_input(torch.zeros(2, 3, 10), 3, 5, "it")
    with pytest.raises(ValueError, match=r"it expects \[B, 3, L\] with L a multiple of 5, got \[2, 3, 11\]"):
        check_input(torch.zeros(2, 3, 11), 3, 5, "it")
