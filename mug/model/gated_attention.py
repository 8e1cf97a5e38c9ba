"""Attention with a bias before the softmax and a gate after it, which torch's fused attention does not support.

Axes: B batch, H heads, D channels of one head, L queries, S keys.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Scores processed at once. On a CPU they should stay in the cache (8 MB here); a GPU prefers few large launches.
CPU_CHUNK, GPU_CHUNK = 2**21, 2**27


def gated_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return (softmax(q k^T + bias) * gate) v: [B, H, L, D].

    q [B, H, L, D], k and v [B, H, S, D]; bias and gate [H, L, S] are shared by the batch and never copied, so they can
    be views of less memory. Keys where mask [B, S] is False are not attended to.
    """
    return _GatedAttention.apply(q, k, v, bias, gate, mask)


class _GatedAttention(torch.autograd.Function):
    """Processes tiles of the scores in the same memory; nothing as large as the scores is saved for backward.

    With P = softmax(..), W = P * gate and out = W v the gradients follow from that of W, dW = dout v^T:
    dS = P * (dW * gate - sum_j dW W), where the sum equals sum_d dout out (as in Dao et al. 2022, arXiv:2205.14135,
    appendix B), and dgate = sum over the batch of dW * P.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None) -> Tensor:
        bias, gate = bias.to(q.dtype), gate.to(q.dtype)
        out = torch.empty_like(q, memory_format=torch.contiguous_format)
        with torch.autocast(q.device.type, enabled=False):
            for tile, p, scratch in _tiles(q, k):
                _softmax(q[tile.rows], k[tile.keys], bias[tile.scores], _of(mask, tile), scratch, p)
                _bmm(p.mul_(gate[tile.scores]), v[tile.keys], out=out[tile.rows])
        ctx.save_for_backward(q, k, v, bias, gate, mask, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, bias, gate, mask, out = ctx.saved_tensors
        dq = torch.empty_like(q, memory_format=torch.contiguous_format)
        dk, dv = (torch.zeros_like(x, memory_format=torch.contiguous_format) for x in (k, v))
        sums = torch.promote_types(gate.dtype, torch.float32)  # lower precision is not enough for sums over the batch
        dbias, dgate = (torch.zeros(gate.shape, dtype=sums, device=gate.device) for _ in range(2))
        with torch.autocast(q.device.type, enabled=False):
            for tile, p, scratch in _tiles(q, k):
                rows, keys, scores = tile
                _softmax(q[rows], k[keys], bias[scores], _of(mask, tile), scratch, p)
                upstream = dout[rows]
                _bmm(upstream, v[keys].transpose(2, 3), out=scratch)  # dW
                _add_over_batch(dgate[scores], scratch, p)
                row_sum = (upstream * out[rows]).sum(dim=-1, keepdim=True)
                scratch.mul_(gate[scores]).sub_(row_sum).mul_(p)  # dS
                _add_over_batch(dbias[scores], scratch)
                _bmm(scratch, k[keys], out=dq[rows])
                _add_bmm(dk[keys], scratch.transpose(2, 3), q[rows])
                _add_bmm(dv[keys], p.mul_(gate[scores]).transpose(2, 3), upstream)
        return dq, dk, dv, dbias, dgate, None


class _Tile(NamedTuple):
    """A part of the scores, as indices into q and out, into k and v, and into bias and gate."""

    rows: tuple[slice, slice, slice]  # songs, heads, queries
    keys: tuple[slice, slice]  # songs, heads
    scores: tuple[slice, slice]  # heads, queries


def _tiles(q: Tensor, k: Tensor) -> Iterator[tuple[_Tile, Tensor, Tensor]]:
    """Tiles of the scores that fit in a chunk, each with two work tensors of its size. They reuse the same memory,
    because allocating costs more than the computation. A tile has several songs, or else heads, or else queries.
    """
    batch, heads, n_queries, _ = q.shape
    n_keys = k.shape[2]
    limit = (CPU_CHUNK if q.device.type == "cpu" else GPU_CHUNK) // max(1, n_keys)  # in rows of scores
    most_queries = max(1, min(n_queries, limit))
    most_heads = max(1, min(heads, limit // n_queries))
    most_songs = max(1, min(batch, limit // (heads * n_queries)))
    p, scratch = (q.new_empty(most_songs * most_heads * most_queries * n_keys) for _ in range(2))
    for songs in _slices(batch, most_songs):
        for of_heads in _slices(heads, most_heads):
            for queries in _slices(n_queries, most_queries):
                shape = [part.stop - part.start for part in (songs, of_heads, queries)] + [n_keys]
                size = math.prod(shape)
                tile = _Tile((songs, of_heads, queries), (songs, of_heads), (of_heads, queries))
                yield tile, p[:size].view(shape), scratch[:size].view(shape)


def _slices(length: int, size: int) -> Iterator[slice]:
    for first in range(0, length, size):
        yield slice(first, min(first + size, length))


def _of(mask: Tensor | None, tile: _Tile) -> Tensor | None:
    return None if mask is None else mask[tile.keys[0]]


def _softmax(q: Tensor, k: Tensor, bias: Tensor, mask: Tensor | None, scratch: Tensor, out: Tensor) -> None:
    """Fill `out` with softmax(q k^T + bias) over the unmasked keys, using `scratch`."""
    _bmm(q, k.transpose(2, 3), out=scratch)
    scratch.add_(bias)
    if mask is not None:
        scratch.masked_fill_(~mask[:, None, None, :], -torch.inf)
    torch.softmax(scratch, dim=-1, out=out)


def _bmm(a: Tensor, b: Tensor, out: Tensor) -> None:
    """out = a @ b for every song and head; `out` is contiguous."""
    torch.bmm(a.flatten(0, 1), b.flatten(0, 1), out=out.flatten(0, 1))


def _add_bmm(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a @ b for every song and head; `total` is contiguous."""
    total.flatten(0, 1).baddbmm_(a.flatten(0, 1), b.flatten(0, 1))


def _add_over_batch(total: Tensor, x: Tensor, factor: Tensor | None = None) -> None:
    """Add x, or x * factor, of every song to `total` [heads, queries, S]."""
    if len(x) > 1:
        total.add_((x if factor is None else x * factor).sum(dim=0, dtype=total.dtype))
    elif factor is None:
        total.add_(x[0])
    else:
        total.addcmul_(x[0], factor[0])
