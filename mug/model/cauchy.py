"""Sums of simple fractions at the roots of unity, which S4's kernel is made of.

Axes: H channels, M sums per channel, N/2 poles that are stored of N, R frequencies.
"""

import torch
from einops import rearrange
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK = 2**19  # entries [h, N/2, R] worked on at once: 2 MB, so that what follows finds them in the cache


def cauchy_sums(residues: Tensor, poles: Tensor, cos: Tensor, sin: Tensor, conjugate_poles: bool) -> Tensor:
    """Sum residues / (2i sin - poles cos) over the poles: complex [M, H, N/2], [H, N/2] -> [M, H, R].

    cos and sin [R] are those of the half angles of the roots of unity. With `conjugate_poles` every pole and residue
    stands for its conjugate too. In real arithmetic, a few channels at a time, recomputed for the gradient: complex
    division is slow, and a tensor of all channels, poles and frequencies is the largest of a whole network.
    """
    v = rearrange(residues, "m h n -> h m n")
    v = torch.cat([v.real, v.imag], dim=-1)  # [H, M, N]
    size = max(1, CHUNK // (poles.shape[1] * len(cos)))
    sums = []
    for part in range(0, len(poles), size):
        chunk = slice(part, part + size)
        inputs = (v[chunk], poles.real[chunk], poles.imag[chunk], cos, sin, conjugate_poles)
        if torch.is_grad_enabled():
            sums.append(checkpoint(_chunk_sums, *inputs, use_reentrant=False))
        else:
            sums.append(_chunk_sums(*inputs))
    re, im = rearrange(torch.cat(sums), "h m (two r) -> two m h r", two=2)
    return torch.complex(re, im)


def _chunk_sums(v: Tensor, w_re: Tensor, w_im: Tensor, cos: Tensor, sin: Tensor, conjugate_poles: bool) -> Tensor:
    """The sums of a few channels, real and imaginary parts side by side: [h, M, N] -> [h, M, 2R]."""
    re, im = _fractions(w_re, w_im, cos, sin)  # of 1 / (2i sin - w cos), [h, N/2, R] each
    if conjugate_poles:
        # v g + conj(v) g' = Re(v) (g + g') + Im(v) i (g - g'), g' being g at the conjugate pole
        re_conj, im_conj = _fractions(w_re, -w_im, cos, sin)
        per_re = torch.cat([re + re_conj, im + im_conj], dim=-1)
        per_im = torch.cat([im_conj - im, re - re_conj], dim=-1)
    else:
        per_re, per_im = torch.cat([re, im], dim=-1), torch.cat([-im, re], dim=-1)
    return v @ torch.cat([per_re, per_im], dim=1)


def _fractions(w_re: Tensor, w_im: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of 1 / (2i sin - w cos) for poles w [h, N/2]: [h, N/2, R] each."""
    x = w_re[..., None] * cos
    y = 2 * sin - w_im[..., None] * cos
    inverse = 1 / (x * x + y * y)
    return -x * inverse, -y * inverse
