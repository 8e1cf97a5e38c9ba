"""S4: a linear state space model per channel, run over the whole length as one convolution.

Gu, Goel, Ré 2022, "Efficiently modeling long sequences with structured state spaces" (arXiv:2111.00396), cited below as
S4. The state follows x' = A x + B u, y = C x with A = diag(w) - P P* (S4, theorem 1), sampled with step dt.

Axes: B batch, H channels (each its own system), N states, of which N/2 conjugate pairs are stored, K kernels per system
(2 when bidirectional), L frames, R frequencies (L/2 + 1).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.errors import ConfigError


def hippo_legs(d_state: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Diagonalise HiPPO-LegS: w, B, P complex128 [N/2], one of every conjugate pair.

    A_nk = -sqrt((2n+1)(2k+1)) below the diagonal, -(n+1) on it; B_n = sqrt(2n+1) (S4, equation 2). With P_n =
    sqrt(n + 1/2), A + P P^T is -1/2 I plus a skew matrix, which a unitary V diagonalises (S4, appendix C.1): w are its
    eigenvalues, and B and P are seen in the basis V.
    """
    n = np.arange(d_state)
    root = np.sqrt(2 * n + 1)
    transition = -np.tril(np.outer(root, root), -1) - np.diag(n + 1.0)  # [N, N]
    low_rank = np.sqrt(n + 0.5)
    skew = transition + np.outer(low_rank, low_rank) + 0.5 * np.eye(d_state)
    frequencies, basis = np.linalg.eigh(-1j * skew)  # ascending, so the first half is the negative ones
    half = d_state // 2
    projection = basis.conj().T[:half]
    return -0.5 + 1j * frequencies[:half], projection @ root, projection @ low_rank


class NPLRKernel(nn.Module):
    """The impulse responses of H systems as functions of their parameters: length -> [K, H, length].

    C is stored as C~ = C (I - Abar^L) for the length in the buffer `L` (S4, lemma C.3), 0 before the first use; a
    longer kernel doubles L until it fits. With `conjugate_poles` false only the stored half of the poles is summed:
    another function, which checkpoints of the original program need.
    """

    L: Tensor

    def __init__(
        self, d_model: int, d_state: int, n_kernels: int, dt_min: float, dt_max: float, conjugate_poles: bool
    ) -> None:
        super().__init__()
        self.conjugate_poles = conjugate_poles
        w, b, p = hippo_legs(d_state)
        self.C = nn.Parameter(torch.view_as_real(torch.randn(n_kernels, d_model, d_state // 2, dtype=torch.complex64)))
        self.log_dt = nn.Parameter(torch.empty(d_model).uniform_(math.log(dt_min), math.log(dt_max)))
        self.B = nn.Parameter(_per_system(b, d_model))  # [1, H, N/2, 2]
        self.P = nn.Parameter(_per_system(p, d_model))
        self.inv_w_real = nn.Parameter(repeat(torch.tensor(np.log(-w.real)).float(), "n -> h n", h=d_model).clone())
        self.w_imag = nn.Parameter(repeat(torch.tensor(w.imag).float(), "n -> h n", h=d_model).clone())
        self.register_buffer("L", torch.tensor(0))

    def forward(self, length: int) -> Tensor:
        """Kernel [K, H, length] float32."""
        n_nodes = self._reach(length)
        dt = self.log_dt.exp()[:, None]  # [H, 1]
        w = torch.complex(-self.inv_w_real.exp(), self.w_imag) * dt  # [H, N/2]
        b, p, c = (torch.view_as_complex(parameter) for parameter in (self.B, self.P, self.C))
        left = torch.cat([c, p.conj()])  # [K + 1, H, N/2]
        right = torch.cat([b, p]) * dt  # [2, H, N/2]
        residues = left[:, None] * right  # [K + 1, 2, H, N/2]

        # Generating function at the roots of unity (S4, lemma C.3 and C.4), with z = 2 (1 - omega) / (1 + omega).
        # 1 + omega is taken out of numerator and denominator, so that nothing is infinite where omega is -1.
        angle = 2 * math.pi / n_nodes * torch.arange(n_nodes // 2 + 1, device=w.device)
        omega = torch.polar(torch.ones_like(angle), -angle)
        numerator, denominator = 2 * (1 - omega), 1 + omega  # [R]
        sums = _cauchy(residues, numerator, denominator, w)  # [K + 1, 2, H, R]
        if self.conjugate_poles:
            sums = sums + _cauchy(residues.conj(), numerator, denominator, w.conj())
        # Woodbury's identity puts the low-rank term P P* back in.
        correction = sums[:-1, 1] * sums[-1, 0] / (1 + denominator * sums[-1, 1])
        spectrum = 2 * (sums[:-1, 0] - denominator * correction)  # [K, H, R]
        return torch.fft.irfft(spectrum, n=n_nodes)[..., :length]

    @torch.no_grad()
    def _reach(self, length: int) -> int:
        """Rewrite C for the first length asked for, then for twice as many frames until `length` fits; return L."""
        stored = int(self.L)
        if stored >= length:
            return stored
        if stored == 0:
            self._multiply_c(length, sign=-1)  # C (I - Abar^L)
            stored = length
        while stored < length:
            self._multiply_c(stored, sign=1)  # C (I - Abar^L) (I + Abar^L) = C (I - Abar^2L)
            stored *= 2
        self.L.fill_(stored)
        return stored

    def _multiply_c(self, power: int, sign: int) -> None:
        """C <- C (I + sign * Abar^power), in double precision, with Abar of the bilinear method (S4, equation 3)."""
        w = torch.complex(-self.inv_w_real.double().exp(), self.w_imag.double())
        p = torch.view_as_complex(self.P.double())[0]
        c = torch.view_as_complex(self.C.double())
        w, p, c = (torch.cat([part, part.conj()], dim=-1) for part in (w, p, c))  # [..., N]
        identity = torch.eye(w.shape[-1], dtype=w.dtype, device=w.device)
        half_step = 0.5 * self.log_dt.double().exp()[:, None, None]
        transition = half_step * (torch.diag_embed(w) - p[:, :, None] * p.conj()[:, None, :])  # [H, N, N]
        discrete = torch.linalg.solve(identity - transition, identity + transition)
        c = c + sign * torch.einsum("khn,hnm->khm", c, torch.linalg.matrix_power(discrete, power))
        self.C.copy_(torch.view_as_real(c[..., : c.shape[-1] // 2]))


def _per_system(vector: np.ndarray, d_model: int) -> Tensor:
    """Complex [N/2] -> the same for every system, as real pairs [1, H, N/2, 2]."""
    pairs = torch.view_as_real(torch.tensor(vector, dtype=torch.complex64))
    return repeat(pairs, "n two -> 1 h n two", h=d_model).clone()


def _cauchy(residues: Tensor, numerator: Tensor, denominator: Tensor, poles: Tensor) -> Tensor:
    """Sum over n of residues[..., H, n] / (numerator[R] - denominator[R] poles[H, n]) -> [..., H, R]."""
    inverse = 1 / (numerator - poles[:, :, None] * denominator)  # [H, N, R]
    return torch.einsum("...hn,hnr->...hr", residues, inverse)


class CachedKernel(nn.Module):
    """A kernel computed anew where gradients are wanted, and else once per length and version of its parameters."""

    def __init__(self, kernel: NPLRKernel) -> None:
        super().__init__()
        self.kernel = kernel
        self.cache: dict[int, Tensor] = {}
        self.cached_version: tuple[tuple[int, int], ...] = ()

    def forward(self, length: int) -> Tensor:
        """Kernel [K, H, length] float32."""
        if torch.is_grad_enabled() and any(parameter.requires_grad for parameter in self.kernel.parameters()):
            return self.kernel(length)
        if self._parameter_version() != self.cached_version or length not in self.cache:
            kernel = self.kernel(length)
            version = self._parameter_version()  # only now: a longer kernel than before rewrites C
            if version != self.cached_version:
                self.cache, self.cached_version = {}, version
            self.cache[length] = kernel
        return self.cache[length]

    def _parameter_version(self) -> tuple[tuple[int, int], ...]:
        """What changes whenever a parameter is written to or replaced."""
        return tuple((parameter._version, parameter.data_ptr()) for parameter in self.kernel.parameters())

    def train(self, mode: bool = True) -> "CachedKernel":
        """Forget the cache too: weights may have been swapped behind the version counter, as averaging does."""
        self.cache = {}
        return super().train(mode)


class S4(nn.Module):
    """u [B, H, L] -> GLU(W GELU(k * u + D u)) [B, H, L], k a causal kernel per channel, * convolution over time.

    With `bidirectional` a second kernel runs backwards from the next frame on. dt starts log-uniform in dt_min..dt_max.
    The convolution is in float32 whatever the type of u, and autocast leaves FFTs and complex numbers alone: neither
    would survive bfloat16.
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        bidirectional: bool = False,
        dt_min: float = 0.001,
        dt_max: float = 0.1,
        conjugate_poles: bool = True,
    ) -> None:
        super().__init__()
        if d_state % 2 or not 0 < dt_min <= dt_max:
            raise ConfigError(f"S4 needs an even d_state and 0 < dt_min <= dt_max, got {d_state}, {dt_min}, {dt_max}")
        self.d_model = d_model
        self.bidirectional = bidirectional
        n_kernels = 2 if bidirectional else 1
        self.D = nn.Parameter(torch.randn(1, d_model))
        self.kernel = CachedKernel(NPLRKernel(d_model, d_state, n_kernels, dt_min, dt_max, conjugate_poles))
        self.output_linear = nn.Sequential(nn.Conv1d(d_model, 2 * d_model, 1), nn.GLU(dim=1))

    def forward(self, u: Tensor) -> Tensor:
        """Raises ValueError unless u is [B, d_model, L]."""
        if u.ndim != 3 or u.shape[1] != self.d_model or u.shape[2] == 0:
            raise ValueError(f"S4 expects [B, {self.d_model}, L], got {list(u.shape)}")
        return self.output_linear(F.gelu(self._convolve(u.float())))

    def _convolve(self, u: Tensor) -> Tensor:
        length = u.shape[2]
        kernel = self.kernel(length)  # [K, H, L]
        if self.bidirectional:
            forward, backward = kernel
            kernel = F.pad(forward, (0, length)) + F.pad(backward.flip(-1), (length, 0))  # [H, 2L], negative times wrap
        else:
            kernel = rearrange(kernel, "1 h l -> h l")
        # Twice the length, so that the circular convolution of the FFT does not wrap.
        spectrum = torch.fft.rfft(u, n=2 * length) * torch.fft.rfft(kernel, n=2 * length)  # [B, H, L + 1]
        return torch.fft.irfft(spectrum, n=2 * length)[..., :length] + u * rearrange(self.D, "1 h -> h 1")
