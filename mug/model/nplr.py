"""The convolution kernel of S4: the impulse response of a state space model, diagonal plus low rank, per channel.

Gu, Goel, Ré 2022, "Efficiently modeling long sequences with structured state spaces" (arXiv:2111.00396), cited below as
S4. The state follows x' = A x + B u, y = C x with A = diag(w) - P P* (S4, theorem 1), sampled with step dt.

Axes: H channels (each its own system), N states, of which N/2 conjugate pairs are stored, K kernels per system (2 when
bidirectional), R frequencies.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.model.blocks import at_least_float32
from mug.model.cauchy import cauchy_sums
from mug.model.hippo import hippo_legs


class NPLRKernel(nn.Module):
    """The impulse responses of H systems as functions of their parameters: length -> [K, H, length].

    C is stored as C~ = C (I - Abar^L) for the length in the buffer `L` (S4, lemma C.3), 0 before the first use; a
    longer kernel doubles L until it fits. With `conjugate_poles` false, only the stored half of the poles is summed.
    This is a different function, needed for checkpoints of the original program.
    """

    L: Tensor

    def __init__(
        self, d_model: int, d_state: int, n_kernels: int, dt_min: float, dt_max: float, conjugate_poles: bool = True
    ) -> None:
        super().__init__()
        self.conjugate_poles = conjugate_poles
        w, b, p = hippo_legs(d_state)
        self.C = nn.Parameter(torch.view_as_real(torch.randn(n_kernels, d_model, d_state // 2, dtype=torch.complex64)))
        self.log_dt = nn.Parameter(torch.empty(d_model).uniform_(math.log(dt_min), math.log(dt_max)))
        self.B = nn.Parameter(_per_system(b, d_model))  # [1, H, N/2, 2]
        self.P = nn.Parameter(_per_system(p, d_model))
        self.inv_w_real = nn.Parameter(
            repeat(torch.tensor(np.log(-w.real)).float(), "n -> h n", h=d_model).contiguous()
        )
        self.w_imag = nn.Parameter(repeat(torch.tensor(w.imag).float(), "n -> h n", h=d_model).contiguous())
        self.register_buffer("L", torch.tensor(0))
        self._read = (0, -1, 0)  # where L was when last read, its version and its value

    def forward(self, length: int) -> Tensor:
        """Kernel [K, H, length] float32."""
        n_nodes = self._reach(length)
        with torch.autocast(self.C.device.type, enabled=False):  # bfloat16 is too imprecise
            return self._generating_function(n_nodes)[..., :length]

    def _generating_function(self, n_nodes: int) -> Tensor:
        """Kernel [K, H, n_nodes] from its generating function at the roots of unity (S4, lemma C.3 and C.4).

        At omega = exp(-i angle) the sums are over residues / (2 (1 - omega) - w (1 + omega)), times 2. With half
        the angle, 1 - omega and 1 + omega are 2i sin and 2 cos times a common phase, so nothing is infinite at -1.
        """
        dt = at_least_float32(self.log_dt).exp()[:, None]  # [H, 1]
        w = torch.complex(-at_least_float32(self.inv_w_real).exp(), at_least_float32(self.w_imag)) * dt  # [H, N/2]
        b, p, c = (torch.view_as_complex(at_least_float32(pairs)) for pairs in (self.B, self.P, self.C))
        left = torch.cat([c, p.conj()])  # [K + 1, H, N/2]
        right = torch.cat([b, p]) * dt  # [2, H, N/2]
        residues = rearrange(left[:, None] * right, "k two h n -> (k two) h n")

        # [R], halves; on the CPU, because not every device has float64
        angle = math.pi / n_nodes * torch.arange(n_nodes // 2 + 1, dtype=torch.float64, device="cpu")
        cos, sin = angle.cos().to(dt), angle.sin().to(dt)
        sums = cauchy_sums(residues, w, cos, sin, self.conjugate_poles)
        sums = rearrange(sums, "(k two) h r -> k two h r", two=2)
        # Woodbury's identity puts the low-rank term P P* back in.
        correction = sums[:-1, 1] * sums[-1, 0] / (1 + cos * sums[-1, 1])
        spectrum = (sums[:-1, 0] - cos * correction) * torch.complex(cos, sin)  # [K, H, R]
        return torch.fft.irfft(spectrum, n=n_nodes)

    def stored_length(self) -> int:
        """The value of L; only waits for a GPU if L has been written since the last read."""
        if not torch.compiler.is_compiling() and not self.L.is_meta:  # compiled code uses the last value read
            place, version = self.L.data_ptr(), self.L._version
            if self._read[:2] != (place, version):
                self._read = (place, version, int(self.L))
        return self._read[2]

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self.stored_length()  # for compiled code

    @torch.no_grad()
    def _reach(self, length: int) -> int:
        """Rewrite C for the first requested length, then double it until `length` fits; return L."""
        stored = self.stored_length()
        if stored >= length:
            return stored
        power = torch.linalg.matrix_power(self._discrete(), stored or length)  # Abar^L
        if stored == 0:
            self._multiply_c(power, sign=-1)  # C (I - Abar^L)
            stored = length
        while stored < length:
            self._multiply_c(power, sign=1)  # C (I - Abar^L) (I + Abar^L) = C (I - Abar^2L)
            stored *= 2
            if stored < length:
                power = power @ power
        self.L.fill_(stored)
        self._read = (*self._read[:2], stored)
        return stored

    def _discrete(self) -> Tensor:
        """Abar [H, N, N] of the bilinear method (S4, equation 3), in double precision."""
        device = "cpu" if self.C.device.type == "mps" else self.C.device  # mps has no float64
        parameters = (self.inv_w_real, self.w_imag, self.P, self.log_dt)
        inv_w_real, w_imag, p, log_dt = (parameter.to(device, torch.float64) for parameter in parameters)
        w = torch.complex(-inv_w_real.exp(), w_imag)
        p = torch.view_as_complex(p)[0]
        w, p = (torch.cat([part, part.conj()], dim=-1) for part in (w, p))  # [H, N]
        identity = torch.eye(w.shape[-1], dtype=w.dtype, device=w.device)
        half_step = 0.5 * log_dt.exp()[:, None, None]
        transition = half_step * (torch.diag_embed(w) - p[:, :, None] * p.conj()[:, None, :])  # [H, N, N]
        return torch.linalg.solve(identity - transition, identity + transition)

    def _multiply_c(self, power: Tensor, sign: int) -> None:
        """C <- C (I + sign * power), in the double precision of `power` [H, N, N]."""
        c = torch.view_as_complex(self.C.to(power.device, torch.float64))
        c = torch.cat([c, c.conj()], dim=-1)  # [K, H, N]
        c = c + sign * torch.einsum("khn,hnm->khm", c, power)
        self.C.copy_(torch.view_as_real(c[..., : c.shape[-1] // 2]))


def _per_system(vector: np.ndarray, d_model: int) -> Tensor:
    """Complex [N/2] -> the same for every system, as real pairs [1, H, N/2, 2]."""
    pairs = torch.view_as_real(torch.tensor(vector, dtype=torch.complex64))
    return repeat(pairs, "n two -> 1 h n two", h=d_model).contiguous()


@contextmanager
def kernels_as_they_were(model: nn.Module) -> Iterator[None]:
    """Restore the kernels on exit: a song longer than any before makes them rewrite C, which is equal only up to
    rounding.

    Without this, the last digits of a chart would depend on the songs charted before it.
    """
    kernels = [module for module in model.modules() if isinstance(module, NPLRKernel)]
    before = [(kernel.C.detach().clone(), kernel.stored_length()) for kernel in kernels]
    try:
        yield
    finally:
        with torch.no_grad():
            for kernel, (c, length) in zip(kernels, before, strict=True):
                if length != kernel.stored_length():
                    kernel.C.copy_(c)
                    kernel.L.fill_(length)
