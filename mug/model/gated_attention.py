"""Attention with a bias before the softmax and a gate after it, which torch's fused attention does not support.

Axes: B batch, H heads, D channels of one head, L queries, S keys.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Scores processed at once. On a CPU they should stay in the cache (8 MB here); a GPU prefers few large launches.
CPU_CHUNK, GPU_CHUNK = 2**21, 2**27


def gated_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return (softmax(q k^T + bias) * gate) v: [B, H, L, D].

    q [B, H, L, D], k and v [B, H, S, D]; bias and gate [H, L, S] are shared by the batch without copies. Keys
    where mask [B, S] is False are not attended to.
    """
    return _GatedAttention.apply(q, k, v, bias, gate, mask)


class _GatedAttention(torch.autograd.Function):
    """Processes a few songs at a time in the same memory; nothing as large as the scores is saved for backward.

    With P = softmax(..), W = P * gate and out = W v the gradients follow from that of W, dW = dout v^T:
    dS = P * (dW * gate - sum_j dW W), where the sum equals sum_d dout out (as in Dao et al. 2022, arXiv:2205.14135,
    appendix B), and dgate = sum over the batch of dW * P.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None) -> Tensor:
        bias, gate = bias.to(q.dtype), gate.to(q.dtype)
        out = torch.empty_like(q, memory_format=torch.contiguous_format)
        with torch.autocast(q.device.type, enabled=False):
            for part, p, scratch in _chunks(q, k):
                _softmax(q[part], k[part], bias, None if mask is None else mask[part], scratch, p)
                _bmm(p.mul_(gate), v[part], out=out[part])
        ctx.save_for_backward(q, k, v, bias, gate, mask, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, bias, gate, mask, out = ctx.saved_tensors
        dq, dk, dv = (torch.empty_like(x, memory_format=torch.contiguous_format) for x in (q, k, v))
        sums = torch.promote_types(gate.dtype, torch.float32)  # lower precision is not enough for sums over the batch
        dbias, dgate = (torch.zeros(gate.shape, dtype=sums, device=gate.device) for _ in range(2))
        with torch.autocast(q.device.type, enabled=False):
            for part, p, scratch in _chunks(q, k):
                _softmax(q[part], k[part], bias, None if mask is None else mask[part], scratch, p)
                upstream = dout[part]
                _bmm(upstream, v[part].transpose(2, 3), out=scratch)  # dW [n, H, L, S]
                _add_over_batch(dgate, scratch, p)
                row_sum = (upstream * out[part]).sum(dim=-1, keepdim=True)  # [n, H, L, 1]
                scratch.mul_(gate).sub_(row_sum).mul_(p)  # dS
                _add_over_batch(dbias, scratch)
                _bmm(scratch, k[part], out=dq[part])
                _bmm(scratch.transpose(2, 3), q[part], out=dk[part])
                _bmm(p.mul_(gate).transpose(2, 3), upstream, out=dv[part])
        return dq, dk, dv, dbias, dgate, None


def _chunks(q: Tensor, k: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Slices of the batch whose scores fit in a chunk, each with two work tensors [n, H, L, S]. They reuse the same
    memory, because allocating costs more than the computation.
    """
    batch, heads, n_queries, _ = q.shape
    limit = CPU_CHUNK if q.device.type == "cpu" else GPU_CHUNK
    size = max(1, min(batch, limit // (heads * n_queries * k.shape[2])))
    p, scratch = (q.new_empty(size, heads, n_queries, k.shape[2]) for _ in range(2))
    for first in range(0, batch, size):
        n = min(size, batch - first)
        yield slice(first, first + n), p[:n], scratch[:n]


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


def _add_over_batch(total: Tensor, x: Tensor, factor: Tensor | None = None) -> None:
    """Add x, or x * factor, of every song to `total` [H, L, S]."""
    if len(x) > 1:
        total.add_((x if factor is None else x * factor).sum(dim=0, dtype=total.dtype))
    elif factor is None:
        total.add_(x[0])
    else:
        total.addcmul_(x[0], factor[0])
