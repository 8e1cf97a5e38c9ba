"""Residual layers that run along time: what a convolution sees locally, they carry through the song.

Axes: B batch, C channels, L frames.
"""

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.model.blocks import group_norm


class LSTMLayer(nn.Module):
    """x + LSTM(SiLU(GroupNorm(x))), forward in time: [B, C, L] -> [B, C, L]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.lstm = nn.LSTM(channels, channels, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.lstm(rearrange(F.silu(self.norm(x)), "b c l -> b l c"))
        return x + rearrange(h, "b l c -> b c l")
