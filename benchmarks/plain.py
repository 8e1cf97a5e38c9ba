"""The plain formulation: the same mathematics as mug's attention and S4 kernel, written as in the equations.

Benchmarks compare ours with it, and tests compare outputs and gradients. Parameters have the same names, so that both
can share them.

Axes: B batch, H heads (attention) or channels (S4), L frames attending, S frames attended to, K kernels per channel,
N states, of which N/2 conjugate pairs are stored, R frequencies (n_nodes / 2 + 1).
"""

import copy
import itertools
import math
from typing import TypeVar

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.model.attention import RelativeAttention
from mug.model.nplr import NPLRKernel
from mug.model.s4 import CachedKernel

ModuleT = TypeVar("ModuleT", bound=nn.Module)


class PlainAttention(nn.Module):
    """softmax((q.k + R[j - i]) / sqrt(D)) * C[j - i] applied to v, with R and C spread out for every head and song."""

    def __init__(self, ours: RelativeAttention) -> None:
        super().__init__()
        self.heads = ours.heads
        self.relative_position_embedding = ours.relative_position_embedding  # [2 max_distance + 1, H]
        self.C_embedding = ours.C_embedding
        self.to_q, self.to_k, self.to_v, self.to_out = ours.to_q, ours.to_k, ours.to_v, ours.to_out

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, L, C], context [B, S, C_context] (x itself if None) -> [B, L, C]; keys where mask is False
        are not attended to, and a context is always attended to in full.
        """
        source = x if context is None else context
        q, k, v = (
            rearrange(projected, "b l (h d) -> (b h) l d", h=self.heads)
            for projected in (self.to_q(x), self.to_k(source), self.to_v(source))
        )
        bias = self._spread(self.relative_position_embedding, len(x), q.shape[1], k.shape[1])  # [B H, L, S]
        gate = self._spread(self.C_embedding, len(x), q.shape[1], k.shape[1])
        scores = (torch.einsum("bld,bsd->bls", q, k) + bias) / math.sqrt(q.shape[2])
        if mask is not None and context is None:
            scores = scores.masked_fill(~repeat(mask, "b s -> (b h) 1 s", h=self.heads), -torch.inf)
        weights = torch.softmax(scores, dim=-1) * gate
        out = torch.einsum("bls,bsd->bld", weights, v)
        return self.to_out(rearrange(out, "(b h) l d -> b l (h d)", h=self.heads))

    def _spread(self, table: Tensor, batch: int, n_queries: int, n_keys: int) -> Tensor:
        """Look up the entry of every pair of frames: [2 max_distance + 1, H] -> [B H, L, S]."""
        max_distance = len(table) // 2
        queries = torch.arange(n_queries, device=table.device)
        keys = torch.arange(n_keys, device=table.device)
        distance = (keys[None, :] - queries[:, None]).clamp(-max_distance, max_distance)  # [L, S]
        return repeat(table[distance + max_distance], "l s h -> (b h) l s", b=batch)


class PlainKernel(nn.Module):
    """S4's convolution kernel [K, H, length], computed at every call, for all states at once.

    It never rewrites C, so `ours` must have been run for the longest length. Raises ValueError unless the kernel is an
    NPLRKernel with both conjugate poles.
    """

    L: Tensor

    def __init__(self, ours: nn.Module) -> None:
        super().__init__()
        if not isinstance(ours, NPLRKernel) or not ours.conjugate_poles:
            raise ValueError(f"expected an NPLRKernel with both conjugate poles, got {ours}")
        self.C, self.log_dt, self.B, self.P = ours.C, ours.log_dt, ours.B, ours.P
        self.inv_w_real, self.w_imag = ours.inv_w_real, ours.w_imag
        self.register_buffer("L", ours.L)
        self.n_nodes = int(ours.L)

    def forward(self, length: int) -> Tensor:
        """Gu et al. 2022 (arXiv:2111.00396), algorithm 1. Raises ValueError if C is not stored for this length."""
        if length > self.n_nodes:
            raise ValueError(f"run ours for {length} frames first: C is stored for {self.n_nodes}")
        dt = self.log_dt.exp()[:, None]  # [H, 1]
        w = torch.complex(-self.inv_w_real.exp(), self.w_imag) * dt
        b, c, p = (torch.view_as_complex(parameter) for parameter in (self.B, self.C, self.P))
        w, b, c, p = (torch.cat([half, half.conj()], dim=-1) for half in (w, b, c, p))  # [..., H, N]
        residues = torch.stack([left * right * dt for left in (*c, *p.conj()) for right in (*b, *p)])  # [2 K + 2, H, N]

        omega = torch.exp(-2j * math.pi / self.n_nodes * torch.arange(self.n_nodes // 2 + 1, device=dt.device))  # [R]
        # 1 / (z - w) with z = 2 (1 - omega) / (1 + omega), multiplied by 1 + omega, which is 0 at the last frequency
        poles = w[..., None]  # [H, N, 1]
        terms = residues[..., None] / (2 * (1 - omega) - poles * (1 + omega))  # [2 K + 2, H, N, R]
        sums = rearrange(terms.sum(dim=-2), "(k two) h r -> k two h r", two=2)
        correction = sums[:-1, 1] * sums[-1, 0] * (1 + omega) / (1 + (1 + omega) * sums[-1, 1])  # Woodbury
        return torch.fft.irfft(2 * (sums[:-1, 0] - correction), n=self.n_nodes)[..., :length]


def make_plain(model: ModuleT) -> ModuleT:
    """Return a network that shares the parameters of `model`, with plain attention and plain S4 kernels.

    It keeps all activations, whatever `use_checkpoint` says. `model` must have been run once.
    """
    shared = {id(tensor): tensor for tensor in itertools.chain(model.parameters(), model.buffers())}
    plain = copy.deepcopy(model, memo=shared)
    for module in list(plain.modules()):
        for name, child in module.named_children():
            if isinstance(child, RelativeAttention):
                setattr(module, name, PlainAttention(child))
            elif isinstance(child, CachedKernel):
                setattr(module, name, PlainKernel(child.kernel))
    set_checkpointing(plain, False)
    return plain


def set_checkpointing(model: nn.Module, wanted: bool) -> None:
    """Switch recomputation of activations in all layers that support it."""
    for module in model.modules():
        if isinstance(getattr(module, "use_checkpoint", None), bool):
            module.__dict__["use_checkpoint"] = wanted
