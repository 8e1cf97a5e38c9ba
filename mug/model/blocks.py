"""Building blocks shared by the networks: residual convolutions over time, halving and doubling of the length.

Axes: B batch, C channels, L frames of whatever grid the network runs on (with `dims` 2, rows of them: [B, C, R, L]).
"""

from typing import TypeVar

import torch.nn.functional as F
from torch import Tensor, nn

from mug.errors import ConfigError

ModuleT = TypeVar("ModuleT", bound=nn.Module)

NORM_EPS = 1e-6
CONV = {1: nn.Conv1d, 2: nn.Conv2d}


def group_norm(channels: int, num_groups: int = 32) -> nn.GroupNorm:
    """GroupNorm as every network here has it. Raises ConfigError when the groups do not divide the channels."""
    if channels % num_groups:
        raise ConfigError(f"num_groups {num_groups} does not divide a layer of {channels} channels")
    return nn.GroupNorm(num_groups, channels, eps=NORM_EPS)


def zero_init(module: ModuleT) -> ModuleT:
    """Set all parameters to zero: a residual branch that ends so starts as the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def check_input(x: Tensor, channels: int, multiple: int, who: str) -> None:
    """Raise ValueError unless x is [B, channels, L] with L a multiple of `multiple`."""
    if x.ndim != 3 or x.shape[1] != channels or x.shape[2] == 0 or x.shape[2] % multiple:
        length = f"L a multiple of {multiple}" if multiple > 1 else "L at least 1"
        raise ValueError(f"{who} expects [B, {channels}, L] with {length}, got {list(x.shape)}")


class ResnetBlock(nn.Module):
    """Two convolutions of width 3 with a skip: [B, C_in, L] -> [B, C_out, L].

    `dilations` are those of the two convolutions. The skip is a 1x1 convolution where the channels change.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_groups: int,
        dropout: float = 0.0,
        dilations: tuple[int, int] = (1, 1),
        dims: int = 1,
    ) -> None:
        super().__init__()
        conv = CONV[dims]
        first, second = dilations
        self.norm1 = group_norm(in_channels, num_groups)
        self.conv1 = conv(in_channels, out_channels, 3, padding=first, dilation=first)
        self.norm2 = group_norm(out_channels, num_groups)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = conv(out_channels, out_channels, 3, padding=second, dilation=second)
        if in_channels != out_channels:
            self.nin_shortcut: nn.Module = conv(in_channels, out_channels, 1)
        else:
            self.nin_shortcut = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))  # [B, C_out, L]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        return self.nin_shortcut(x) + h


class Downsample(nn.Module):
    """Half the length: [B, C, L] -> [B, C, L/2], L even; with `dims` 2 half the rows too."""

    def __init__(self, channels: int, dims: int = 1) -> None:
        super().__init__()
        self.padding = (0, 1) * dims  # one zero on the right: output i sees inputs 2i, 2i+1, 2i+2
        self.conv = CONV[dims](channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, self.padding))


class Upsample(nn.Module):
    """Double the length: [B, C, L] -> [B, C, 2L]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """One resolution of an encoder or decoder: its blocks, then the way to the next resolution, if any."""

    def __init__(
        self, block: list[nn.Module], downsample: nn.Module | None = None, upsample: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(block)
        self.downsample = downsample or nn.Identity()
        self.upsample = upsample or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.upsample(self.downsample(x))


class MiddleBlocks(nn.Module):
    """The bottom of an encoder or decoder: residual block, `attn` if any, residual block.

    `first_groups` are the groups of the first block, where they differ.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_groups: int,
        attn: nn.Module | None = None,
        first_groups: int | None = None,
    ) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(in_channels, out_channels, first_groups or num_groups)
        self.attn = attn or nn.Identity()
        self.block_2 = ResnetBlock(out_channels, out_channels, num_groups)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn(self.block_1(x)))
