"""Attention with a bias before the softmax and a gate after it, which no fused attention of torch has.

Axes: B batch, H heads, D channels of one head, L queries, S keys.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Scores worked on at once. On a CPU what stays in the cache counts (8 MB here); a GPU wants few large launches.
CPU_CHUNK, GPU_CHUNK = 2**21, 2**27


def gated_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return (softmax(q k^T + bias) * gate) v: [B, H, L, D].

    q [B, H, L, D], k and v [B, H, S, D]; bias and gate [H, L, S] are shared by the batch and never copied for it. Keys
    where mask [B, S] is False are not attended to.
    """
    return _GatedAttention.apply(q, k, v, bias, gate, mask)


def _scores(q: Tensor, k: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q k^T + bias) over the unmasked keys [n, H, L, S]."""
    scores = (q @ k.transpose(2, 3)).add_(bias)
    if mask is not None:
        scores.masked_fill_(~mask[:, None, None, :], -torch.inf)
    return torch.softmax(scores, dim=-1)


class _GatedAttention(torch.autograd.Function):
    """A few songs at a time, and of all intermediate results only the softmax is kept for the gradient.

    With P = softmax(..), W = P * gate and out = W v the gradients follow from that of W, dW = dout v^T:
    dS = P * (dW * gate - sum_j dW W), where the sum equals sum_d dout out (as in Dao et al. 2022, arXiv:2205.14135,
    appendix B), and dgate = sum over the batch of dW * P.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None) -> Tensor:
        bias, gate = bias.to(q.dtype), gate.to(q.dtype)
        keeps = any(ctx.needs_input_grad)
        weights, out = [], []
        with torch.autocast(q.device.type, enabled=False):
            for part in _chunks(q, k):
                p = _scores(q[part], k[part], bias, None if mask is None else mask[part])  # [n, H, L, S]
                out.append((p * gate if keeps else p.mul_(gate)) @ v[part])
                if keeps:
                    weights.append(p)
        result = torch.cat(out)
        if keeps:
            ctx.save_for_backward(q, k, v, gate, result, *weights)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, gate, out, *weights = ctx.saved_tensors
        dq, dk, dv = [], [], []
        dbias, dgate = (torch.zeros(gate.shape, device=gate.device) for _ in range(2))  # float32 sums over the batch
        with torch.autocast(q.device.type, enabled=False):
            for part, p in zip(_chunks(q, k), weights, strict=True):
                upstream = dout[part]
                dv.append((p * gate).transpose(2, 3) @ upstream)
                dweights = upstream @ v[part].transpose(2, 3)  # dW [n, H, L, S]
                dgate += (dweights * p).sum(dim=0)
                row_sum = (upstream * out[part]).sum(dim=-1, keepdim=True)  # [n, H, L, 1]
                dscores = dweights.mul_(gate).sub_(row_sum).mul_(p)
                dbias += dscores.sum(dim=0)
                dq.append(dscores @ k[part])
                dk.append(dscores.transpose(2, 3) @ q[part])
        return torch.cat(dq), torch.cat(dk), torch.cat(dv), dbias, dgate, None


def _chunks(q: Tensor, k: Tensor) -> list[slice]:
    """Slices of the batch whose scores fit a chunk."""
    batch, heads, n_queries, _ = q.shape
    limit = CPU_CHUNK if q.device.type == "cpu" else GPU_CHUNK
    size = max(1, limit // (heads * n_queries * k.shape[2]))
    return [slice(first, first + size) for first in range(0, batch, size)]
