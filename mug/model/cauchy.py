"""Sums of partial fractions at the roots of unity, the core of the S4 kernel.

Axes: H channels, M sums per channel, N poles of which N/2 are stored, R frequencies.
"""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor
from torch.autograd.function import once_differentiable

# Entries [h, N/2, R] worked on at once: on a CPU 1 MB, which stays in the cache; a GPU wants few large launches.
CPU_CHUNK, GPU_CHUNK = 2**18, 2**24


def cauchy_sums(residues: Tensor, poles: Tensor, cos: Tensor, sin: Tensor, conjugate_poles: bool) -> Tensor:
    """Sum residues / (2i sin - poles cos) over the poles: complex [M, H, N/2], [H, N/2] -> [M, H, R].

    cos and sin [R] are those of the half angles of the roots of unity. With `conjugate_poles` every pole and residue
    also stands for its conjugate.
    """
    v = rearrange(residues, "m h n -> h m n")
    parts = (part.contiguous() for part in (v.real, v.imag, poles.real, poles.imag))  # contiguous: one batched product
    re, im = _CauchySums.apply(*parts, cos, sin, conjugate_poles)
    return rearrange(torch.complex(re, im), "h m r -> m h r")


class _CauchySums(torch.autograd.Function):
    """Uses real arithmetic on a few channels at a time, recomputed in the backward pass: complex division is slow, and
    a tensor of all channels, poles and frequencies would be the largest of the whole network.

    With g = 1 / (2i sin - w cos), and g' that of the conjugate pole, v g + conj(v) g' = Re(v) p + Im(v) q, where
    p = g + g' and q = i (g - g'); without conjugates p = g and q = i g.
    """

    @staticmethod
    def forward(
        ctx: Any, v_re: Tensor, v_im: Tensor, w_re: Tensor, w_im: Tensor, cos: Tensor, sin: Tensor, conjugate: bool
    ) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(v_re, v_im, w_re, w_im, cos, sin)
        ctx.conjugate = conjugate
        re, im = [], []
        for h in _chunks(w_re, cos):
            p_re, p_im, q_re, q_im = _combine(*_fractions(w_re[h], w_im[h], cos, sin, conjugate))
            re.append((v_re[h] @ p_re).add_(v_im[h] @ q_re))  # [h, M, R]
            im.append((v_re[h] @ p_im).add_(v_im[h] @ q_im))
        return torch.cat(re), torch.cat(im)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_re: Tensor, d_im: Tensor) -> tuple[Tensor | None, ...]:
        v_re, v_im, w_re, w_im, cos, sin = ctx.saved_tensors
        d_re, d_im = d_re.contiguous(), d_im.contiguous()
        grads: list[tuple[Tensor, ...]] = []
        for h in _chunks(w_re, cos):
            g, g_conj = _fractions(w_re[h], w_im[h], cos, sin, ctx.conjugate)
            p_re, p_im, q_re, q_im = (x.transpose(1, 2) for x in _combine(g, g_conj))
            dv_re = (d_re[h] @ p_re).add_(d_im[h] @ p_im)  # [h, M, N/2]
            dv_im = (d_re[h] @ q_re).add_(d_im[h] @ q_im)
            vt_re, vt_im = v_re[h].transpose(1, 2), v_im[h].transpose(1, 2)
            dp_re, dp_im, dq_re, dq_im = vt_re @ d_re[h], vt_re @ d_im[h], vt_im @ d_re[h], vt_im @ d_im[h]
            # dg / dw = cos g^2, so dw = sum over frequencies of cos (conj(g^2) dg + g'^2 conj(dg')),
            # with dg = dp - i dq and dg' = dp + i dq
            dw_re, dw_im = _product(_square(g), (dp_re + dq_im, dp_im - dq_re))
            if g_conj is not None:
                more_re, more_im = _product(_square(g_conj), (dp_re - dq_im, dp_im + dq_re))
                dw_re, dw_im = dw_re.add_(more_re), dw_im.sub_(more_im)
            grads.append((dv_re, dv_im, dw_re @ cos, dw_im @ cos))
        return *(torch.cat(parts) for parts in zip(*grads, strict=True)), None, None, None


Complex = tuple[Tensor, Tensor]  # real and imaginary part


def _chunks(w: Tensor, cos: Tensor) -> list[slice]:
    """Slices of the channels that fit a chunk."""
    limit = CPU_CHUNK if w.device.type == "cpu" else GPU_CHUNK
    size = max(1, limit // (w.shape[1] * len(cos)))
    return [slice(first, first + size) for first in range(0, len(w), size)]


def _fractions(w_re: Tensor, w_im: Tensor, cos: Tensor, sin: Tensor, conjugate: bool) -> tuple[Complex, Complex | None]:
    """1 / (2i sin - w cos) at poles w [h, N/2], and at their conjugates if requested: [h, N/2, R] each."""
    x, turn = w_re[..., None] * cos, w_im[..., None] * cos
    x_square = x * x

    def fraction(y: Tensor) -> Complex:
        """1 / (-x + iy) = (-x - iy) / (x^2 + y^2)"""
        scale = torch.addcmul(x_square, y, y).reciprocal_().neg_()
        return x * scale, y * scale

    return fraction(2 * sin - turn), fraction(2 * sin + turn) if conjugate else None


def _combine(g: Complex, g_conj: Complex | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The factors p and q of the real and imaginary part of a residue, each as real and imaginary part."""
    re, im = g
    if g_conj is None:
        return re, im, -im, re
    re_conj, im_conj = g_conj
    return re + re_conj, im + im_conj, im_conj - im, re - re_conj


def _square(z: Complex) -> Complex:
    re, im = z
    return torch.addcmul(re * re, im, im, value=-1), 2 * re * im


def _product(a: Complex, b: Complex) -> Complex:
    """conj(a) b"""
    return torch.addcmul(a[0] * b[0], a[1], b[1]), torch.addcmul(a[0] * b[1], a[1], b[0], value=-1)
