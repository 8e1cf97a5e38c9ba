"""The convolution kernel of S4D: a state space model with a diagonal state matrix, whose kernel is a sum of powers.

Gu, Gupta, Goel, Ré 2022, "On the Parameterization and Initialization of Diagonal State Space Models"
(arXiv:2206.11893), cited below as S4D. The state follows x' = A x + u, y = C x with A = diag(w): B is all ones, because
only the products B C count (S4D, section 3).

Axes: H channels (each its own system), N states, of which N/2 conjugate pairs are stored, K kernels per system (2 when
bidirectional), L frames, in R blocks of S.
"""

import math

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.model.blocks import at_least_float32

BLOCK = 32  # frames; the largest tensors are [K, H, N/2, L / BLOCK] and [H, N/2, BLOCK] instead of [H, N/2, L]


class DiagonalKernel(nn.Module):
    """The impulse responses of H systems as functions of their parameters: length -> [K, H, length].

    States start as S4D-Lin, w_n = -1/2 + i pi n (S4D, section 4), C as unit complex noise, dt log-uniform in
    dt_min..dt_max. Shorter kernels are prefixes of longer ones.
    """

    def __init__(self, d_model: int, d_state: int, n_kernels: int, dt_min: float, dt_max: float) -> None:
        super().__init__()
        half = d_state // 2
        self.C = nn.Parameter(torch.view_as_real(torch.randn(n_kernels, d_model, half, dtype=torch.complex64)))
        self.log_dt = nn.Parameter(torch.empty(d_model).uniform_(math.log(dt_min), math.log(dt_max)))
        self.inv_w_real = nn.Parameter(torch.full((d_model, half), math.log(0.5)))
        self.w_imag = nn.Parameter(repeat(math.pi * torch.arange(half), "n -> h n", h=d_model).contiguous())

    def forward(self, length: int) -> Tensor:
        """Kernel [K, H, length] float32: 2 Re sum over the stored states of C_n Bbar_n Abar_n^l (S4D, section 3)."""
        with torch.autocast(self.C.device.type, enabled=False):  # bfloat16 is too imprecise
            return self._vandermonde(length)

    def _vandermonde(self, length: int) -> Tensor:
        """Abar^l is the power at the start of l's block times the power within the block: one matrix product."""
        w = torch.complex(-at_least_float32(self.inv_w_real).exp(), at_least_float32(self.w_imag))  # [H, N/2]
        rate = w * at_least_float32(self.log_dt).exp()[:, None]
        # Zero-order hold: Abar = exp(w dt), Bbar = (Abar - 1) / w.
        gain = 2 * torch.view_as_complex(at_least_float32(self.C)) * _expm1(rate) / w  # [K, H, N/2]
        starts = BLOCK * torch.arange(-(-length // BLOCK), device=w.device)  # [R]
        outer = gain[..., None] * torch.exp(rate[..., None] * starts)  # [K, H, N/2, R]
        inner = torch.exp(rate[..., None] * torch.arange(BLOCK, device=w.device))  # [H, N/2, S]
        # Re(x y) = Re x Re y - Im x Im y
        left = rearrange([outer.real, -outer.imag], "two k h n r -> k h r (two n)")
        right = rearrange([inner.real, inner.imag], "two h n s -> h (two n) s")
        return rearrange(left @ right, "k h r s -> k h (r s)")[..., :length]


def _expm1(z: Tensor) -> Tensor:
    """exp(z) - 1 of complex z, without cancellation near 0."""
    real = torch.expm1(z.real) * z.imag.cos() - 2 * torch.sin(z.imag / 2).square()
    return torch.complex(real, z.real.exp() * z.imag.sin())
