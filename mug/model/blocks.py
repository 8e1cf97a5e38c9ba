"""Building blocks shared by the networks: residual convolutions over time, halving and doubling of the length.

Axes: B batch, C channels, L frames of the network's time grid (with `dims` 2 there are rows too: [B, C, R, L]).
"""

from typing import TypeVar

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.errors import ConfigError
from mug.model.masking import check_lengths, masked

ModuleT = TypeVar("ModuleT", bound=nn.Module)

NORM_EPS = 1e-6
CONV = {1: nn.Conv1d, 2: nn.Conv2d}


class GroupNorm(nn.GroupNorm):
    """GroupNorm with statistics over the frames inside a song only; frames outside become zeros."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [B, C, ..., L], mask [B, 1, L] -> the shape of x."""
        if mask is None:
            return super().forward(x)
        groups = rearrange(masked(at_least_float32(x), mask), "b (g c) ... l -> b g (c ...) l", g=self.num_groups)
        inside = rearrange(mask, "b 1 l -> b 1 1 l")
        count = inside.sum(dim=-1, keepdim=True) * groups.shape[2]  # numbers in a group, [B, 1, 1, 1]
        centred = (groups - groups.sum(dim=(2, 3), keepdim=True) / count).masked_fill(~inside, 0)
        variance = centred.square().sum(dim=(2, 3), keepdim=True) / count  # [B, G, 1, 1]
        normalised = (centred * (variance + self.eps).rsqrt()).reshape(x.shape)
        per_channel = (-1, *[1] * (x.ndim - 2))
        return masked(normalised * self.weight.reshape(per_channel) + self.bias.reshape(per_channel), mask)


def group_norm(channels: int, num_groups: int = 32) -> GroupNorm:
    """The GroupNorm of every network here. Raises ConfigError if the groups do not divide the channels."""
    if channels % num_groups:
        raise ConfigError(f"num_groups {num_groups} does not divide a layer of {channels} channels")
    return GroupNorm(num_groups, channels, eps=NORM_EPS)


def at_least_float32(x: Tensor) -> Tensor:
    """Convert lower precision to float32, which sums over a whole song need."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def zero_init(module: ModuleT) -> ModuleT:
    """Set all parameters to zero: a residual branch that ends in it starts as the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def check_input(x: Tensor, channels: int, multiple: int, who: str, lengths: Tensor | None = None) -> None:
    """Raise ValueError unless x is [B, channels, L] with L a multiple of `multiple`, and lengths, if given, fit."""
    if x.ndim != 3 or x.shape[1] != channels or x.shape[2] == 0 or x.shape[2] % multiple:
        length = f"L a multiple of {multiple}" if multiple > 1 else "L at least 1"
        raise ValueError(f"{who} expects [B, {channels}, L] with {length}, got {list(x.shape)}")
    check_lengths(lengths, x, multiple, who)


class ResnetBlock(nn.Module):
    """Two convolutions of width 3 with a skip: [B, C_in, L] -> [B, C_out, L].

    `dilations` are those of the two convolutions. The skip is a 1x1 convolution if the number of channels changes. As
    in every layer here, `mask` [B, 1, L] marks the frames inside the song; outputs outside it are undefined.
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

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x, mask)))  # [B, C_out, L]
        h = self.conv2(self.dropout(F.silu(self.norm2(h, mask))))
        return self.nin_shortcut(x) + h


class Downsample(nn.Module):
    """Half the length: [B, C, L] -> [B, C, L/2], L even; with `dims` 2 half the rows too."""

    def __init__(self, channels: int, dims: int = 1) -> None:
        super().__init__()
        self.padding = (0, 1) * dims  # one zero on the right: output i sees inputs 2i, 2i+1, 2i+2
        self.conv = CONV[dims](channels, channels, 3, stride=2)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.conv(F.pad(masked(x, mask), self.padding))


class Upsample(nn.Module):
    """Double the length: [B, C, L] -> [B, C, 2L]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.conv(F.interpolate(masked(x, mask), scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """One resolution of an encoder or decoder: its blocks, then the step to the next resolution, if any."""

    def __init__(
        self, block: list[nn.Module], downsample: nn.Module | None = None, upsample: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(block)
        self.downsample = downsample
        self.upsample = upsample

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.block:
            x = block(x, mask)
        if self.downsample is not None:
            x = self.downsample(x, mask)
        return x if self.upsample is None else self.upsample(x, mask)


class MiddleBlocks(nn.Module):
    """The bottom of an encoder or decoder: residual block, `attn` if any, residual block.

    `first_groups`: norm groups of the first block, if different.
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
        self.attn = attn
        self.block_2 = ResnetBlock(out_channels, out_channels, num_groups)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.block_1(x, mask)
        if self.attn is not None:
            x = self.attn(x, mask=mask)
        return self.block_2(x, mask)
