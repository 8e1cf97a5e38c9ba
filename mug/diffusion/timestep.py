"""Conditioning on the noise level: an embedding of the timestep, and the residual block that uses it.

Axes: B batch, C channels, L latent frames, E width of the time embedding.
"""

import math

import torch
from torch import Tensor, nn

from mug.model.blocks import group_norm, zero_init
from mug.model.masking import masked
from mug.model.recompute import maybe_recomputed


def timestep_embedding(timesteps: Tensor, dim: int, max_period: float = 10_000.0) -> Tensor:
    """[B] -> [B, dim]: cosines, then sines, at dim/2 frequencies from 1 down to 1 / max_period (Ho et al. 2020)."""
    half = dim // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, device=timesteps.device) / half)
    angles = timesteps[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class TimestepResBlock(nn.Module):
    """Residual block conditioned on the noise level: x [B, C_in, L], emb [B, E] -> [B, C_out, L].

    The embedding is added to the channels. With `use_scale_shift_norm`, which checkpoints of the 2023 program need, it
    scales and shifts them after the second norm instead.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        emb_channels: int,
        dropout: float,
        use_scale_shift_norm: bool,
        use_checkpoint: bool,
    ) -> None:
        super().__init__()
        self.use_scale_shift_norm = use_scale_shift_norm
        self.use_checkpoint = use_checkpoint
        self.in_layers = nn.Sequential(
            group_norm(in_channels), nn.SiLU(), nn.Conv1d(in_channels, out_channels, 3, padding=1)
        )
        emb_out = 2 * out_channels if use_scale_shift_norm else out_channels
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb_channels, emb_out))
        self.out_layers = nn.Sequential(
            group_norm(out_channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            zero_init(nn.Conv1d(out_channels, out_channels, 3, padding=1)),
        )
        if in_channels == out_channels:
            self.skip_connection: nn.Module = nn.Identity()
        else:
            self.skip_connection = nn.Conv1d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, emb: Tensor, mask: Tensor | None = None) -> Tensor:
        return maybe_recomputed(self._forward, x, emb, mask, use_checkpoint=self.use_checkpoint)

    def _forward(self, x: Tensor, emb: Tensor, mask: Tensor | None) -> Tensor:
        h = self.in_layers[1:](self.in_layers[0](x, mask))  # [B, C_out, L]
        emb_out = self.emb_layers(emb)[:, :, None]  # [B, C_out or 2 C_out, 1]
        if self.use_scale_shift_norm:
            scale, shift = emb_out.chunk(2, dim=1)
            h = masked(self.out_layers[0](h, mask) * (1 + scale) + shift, mask)
        else:
            h = self.out_layers[0](h + emb_out, mask)
        return self.skip_connection(x) + self.out_layers[1:](h)
