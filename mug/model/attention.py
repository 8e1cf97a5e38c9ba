"""Transformer over time that also reads a context, with relative positions as a bias and as a gate.

Axes: B batch, H heads, D channels of one head, C channels, L frames attending, S frames or context entries attended to,
F context entries.
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.model.blocks import group_norm, zero_init
from mug.model.gated_attention import gated_attention
from mug.model.recompute import maybe_recomputed

MAX_DISTANCE = 64  # positions further apart share a table entry


def hankel(table: Tensor, n_queries: int, n_keys: int) -> Tensor:
    """Spread a table over relative distances, the last query first: [2 MAX_DISTANCE + 1, H] -> [H, L, S].

    Entry (L - 1 - i, j) is table[clamp(j - i) + MAX_DISTANCE]. In this order the result is a view of L + S - 1 numbers
    a head: a matrix of a long song would not fit in the cache. The gradient sums along diagonals instead of scattering
    L * S entries into a few rows.
    """
    distances = torch.arange(1 - n_queries, n_keys, device=table.device).clamp(-MAX_DISTANCE, MAX_DISTANCE)
    diagonals = table.t().contiguous()[:, distances + MAX_DISTANCE]  # [H, L + S - 1], of j - i at j - i + L - 1
    return diagonals.unfold(1, n_keys, 1)


class RelativeAttention(nn.Module):
    """softmax((q.k + R[j - i]) / sqrt(D)) * C[j - i] applied to v, for queries i and keys j.

    R (a bias, zero at first) and C (a gate, one at first) are tables with one number per head and relative distance, as
    in Shaw et al. 2018 (arXiv:1803.02155), but clipped at 64 and with a number instead of a vector.
    """

    def __init__(self, query_dim: int, context_dim: int | None = None, heads: int = 8, dim_head: int = 64) -> None:
        super().__init__()
        inner_dim = heads * dim_head
        self.heads = heads
        self.scale = 1.0 / math.sqrt(dim_head)
        self.relative_position_embedding = nn.Parameter(torch.zeros(2 * MAX_DISTANCE + 1, heads))
        self.C_embedding = nn.Parameter(torch.ones(2 * MAX_DISTANCE + 1, heads))
        self.to_q = nn.Linear(query_dim, inner_dim, bias=False)
        self.to_k = nn.Linear(context_dim or query_dim, inner_dim, bias=False)
        self.to_v = nn.Linear(context_dim or query_dim, inner_dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner_dim, query_dim))

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, L, C], context [B, S, C_context] (x itself if None) -> [B, L, C].

        Frames of x where mask [B, L] is False are not attended to; a context is always attended to in full.
        """
        source = x if context is None else context
        q = rearrange(self.to_q(x) * self.scale, "b l (h d) -> b h l d", h=self.heads)
        k = rearrange(self.to_k(source), "b s (h d) -> b h s d", h=self.heads)
        v = rearrange(self.to_v(source), "b s (h d) -> b h s d", h=self.heads)
        bias = hankel(self.relative_position_embedding * self.scale, q.shape[2], k.shape[2])  # [H, L, S]
        gate = hankel(self.C_embedding, q.shape[2], k.shape[2])
        out = gated_attention(q.flip(2), k, v, bias, gate, mask if context is None else None)  # [B, H, L, D]
        return self.to_out(rearrange(out.flip(2), "b h l d -> b l (h d)"))


class GatedLinear(nn.Module):
    """GEGLU: one linear map makes values and their gates (Shazeer 2020, arXiv:2002.05202, equation 6)."""

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim_in, 2 * dim_out)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """GEGLU to four times the width and back."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedLinear(dim, 4 * dim), nn.Identity(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self-attention, attention to the context, feed-forward; each with a LayerNorm before it and a residual
    connection.
    """

    def __init__(self, dim: int, n_heads: int, d_head: int, context_dim: int | None) -> None:
        super().__init__()
        self.attn1 = RelativeAttention(dim, heads=n_heads, dim_head=d_head)
        self.ff = FeedForward(dim)
        self.attn2 = RelativeAttention(dim, context_dim, heads=n_heads, dim_head=d_head)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor | None, mask: Tensor | None) -> Tensor:
        x = x + self.attn1(self.norm1(x), mask=mask)
        x = x + self.attn2(self.norm2(x), context, mask)
        return x + self.ff(self.norm3(x))


class ContextualTransformer(nn.Module):
    """Residual transformer: x [B, in_channels, L], context [B, context_dim, F] -> [B, in_channels, L].

    Without a `context_dim`, the second attention of each of the `depth` blocks is a self-attention too. `checkpoint`
    recomputes activations in the backward pass to save memory.
    """

    def __init__(
        self,
        in_channels: int,
        n_heads: int,
        d_head: int,
        depth: int = 1,
        context_dim: int | None = None,
        checkpoint: bool = False,
    ) -> None:
        super().__init__()
        inner_dim = n_heads * d_head
        self.in_channels = in_channels
        self.context_dim = context_dim
        self.use_checkpoint = checkpoint
        self.norm = group_norm(in_channels)
        self.proj_in = nn.Conv1d(in_channels, inner_dim, 1)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(inner_dim, n_heads, d_head, context_dim) for _ in range(depth)
        )
        self.proj_out = zero_init(nn.Conv1d(inner_dim, in_channels, 1))

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Frames where mask [B, 1, L] is False are not attended to. Raises ValueError if x or the context has the
        wrong shape, or if a required context is missing.
        """
        if x.ndim != 3 or x.shape[1] != self.in_channels:
            raise ValueError(f"the transformer expects x [B, {self.in_channels}, L], got {list(x.shape)}")
        given = None if context is None else list(context.shape)
        fits = context is None if self.context_dim is None else context is not None and context.ndim == 3
        if not fits or (context is not None and context.shape[:2] != (x.shape[0], self.context_dim)):
            expected = "no context" if self.context_dim is None else f"a context [{x.shape[0]}, {self.context_dim}, F]"
            raise ValueError(f"the transformer expects {expected}, got {given}")
        return maybe_recomputed(self._forward, x, context, mask, use_checkpoint=self.use_checkpoint)

    def _forward(self, x: Tensor, context: Tensor | None, mask: Tensor | None) -> Tensor:
        h = rearrange(self.proj_in(self.norm(x, mask)), "b c l -> b l c")
        source = None if context is None else rearrange(context, "b c f -> b f c")
        for block in self.transformer_blocks:
            h = block(h, source, None if mask is None else rearrange(mask, "b 1 l -> b l"))
        return x + self.proj_out(rearrange(h, "b l c -> b c l"))
