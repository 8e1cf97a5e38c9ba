"""Residual layers over the whole song, where convolutions only see a few frames.

Axes: B batch, C channels, L frames.
"""

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.model.blocks import group_norm, zero_init
from mug.model.masking import masked
from mug.model.s4 import S4


class LSTMLayer(nn.Module):
    """x + LSTM(SiLU(GroupNorm(x))), forward in time: [B, C, L] -> [B, C, L]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.lstm = nn.LSTM(channels, channels, batch_first=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        h, _ = self.lstm(rearrange(F.silu(self.norm(x, mask)), "b c l -> b l c"))
        return x + rearrange(h, "b l c -> b c l")


class S4Layer(nn.Module):
    """x + conv(S4(GroupNorm(x))), with the convolution initialised to zero: [B, C, L] -> [B, C, L].

    For `kernel` see `mug.model.s4.S4`.
    """

    def __init__(self, channels: int, kernel: str = "nplr") -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.s4_model = S4(channels, kernel=kernel)
        self.out_layer = zero_init(nn.Conv1d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + self.out_layer(masked(self.s4_model(self.norm(x, mask)), mask))


class S4BidirectionalLayer(nn.Module):
    """x + S4(GroupNorm(x)), reading forwards and backwards: [B, C, L] -> [B, C, L]."""

    def __init__(self, channels: int, num_groups: int = 32) -> None:
        super().__init__()
        self.norm = group_norm(channels, num_groups)
        self.s4_model = S4(channels, bidirectional=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + self.s4_model(self.norm(x, mask))
