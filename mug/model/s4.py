"""S4: a linear state space model per channel, run over the whole length as one convolution.

Axes: B batch, H channels, K kernels per channel (2 when bidirectional), L frames.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.errors import ConfigError
from mug.model.blocks import at_least_float32
from mug.model.nplr import NPLRKernel
from mug.model.s4d import DiagonalKernel


class CachedKernel(nn.Module):
    """A kernel recomputed at every call in training, and otherwise once per length and version of its parameters.

    Compiled code cannot see versions: it uses the cached kernel if there is one and computes it otherwise.
    """

    def __init__(self, kernel: nn.Module) -> None:
        super().__init__()
        self.kernel = kernel
        self.cache: dict[int, Tensor] = {}
        self.cached_version: tuple[tuple[int, int], ...] = ()

    def forward(self, length: int) -> Tensor:
        """Kernel [K, H, length] float32."""
        wants_gradient = torch.is_grad_enabled() and any(part.requires_grad for part in self.kernel.parameters())
        if self.training or wants_gradient:  # a fused optimiser's steps do not change versions
            return self.kernel(length)
        if torch.compiler.is_compiling():
            return self.cache[length] if length in self.cache else self.kernel(length)
        if self._parameter_version() != self.cached_version or length not in self.cache:
            kernel = self.kernel(length)
            version = self._parameter_version()  # only now, because a longer kernel than before rewrites C
            if version != self.cached_version:
                self.cache, self.cached_version = {}, version
            self.cache[length] = kernel
        return self.cache[length]

    def _parameter_version(self) -> tuple[tuple[int, int], ...]:
        """Changes whenever a parameter is written to or replaced."""
        return tuple((parameter._version, parameter.data_ptr()) for parameter in self.kernel.parameters())

    def train(self, mode: bool = True) -> "CachedKernel":
        """Also clear the cache: weights may have been swapped without changing versions, as EMA does."""
        self.cache = {}
        return super().train(mode)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        self.cache = {}
        super()._load_from_state_dict(*args, **kwargs)


KERNELS: dict[str, Callable[..., nn.Module]] = {
    "nplr": NPLRKernel,
    "nplr_half_poles": partial(NPLRKernel, conjugate_poles=False),
    "diagonal": DiagonalKernel,
}


class S4(nn.Module):
    """u [B, H, L] -> GLU(W GELU(k * u + D u)) [B, H, L], k a causal kernel per channel, * convolution over time.

    With `bidirectional` a second kernel runs backwards, starting at the next frame. dt is initialised log-uniform in
    dt_min..dt_max. The convolution is in float32 whatever the type of u: bfloat16 is too imprecise for the FFT.
    `kernel` is one of

        nplr             S4, with a state matrix that is diagonal plus low rank
        nplr_half_poles  the same, but summed over one of every two conjugate poles. A different function: that of the
                         original program without an optional library, for checkpoints trained that way
        diagonal         S4D, see mug.model.s4d
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        bidirectional: bool = False,
        dt_min: float = 0.001,
        dt_max: float = 0.1,
        kernel: str = "nplr",
    ) -> None:
        super().__init__()
        if d_state % 2 or not 0 < dt_min <= dt_max:
            raise ConfigError(f"S4 needs an even d_state and 0 < dt_min <= dt_max, got {d_state}, {dt_min}, {dt_max}")
        if kernel not in KERNELS:
            raise ConfigError(f"S4 kernel: unknown '{kernel}'; known are {', '.join(KERNELS)}")
        self.d_model = d_model
        self.bidirectional = bidirectional
        n_kernels = 2 if bidirectional else 1
        self.D = nn.Parameter(torch.randn(1, d_model))
        self.kernel = CachedKernel(KERNELS[kernel](d_model, d_state, n_kernels, dt_min, dt_max))
        self.output_linear = nn.Sequential(nn.Conv1d(d_model, 2 * d_model, 1), nn.GLU(dim=1))

    def forward(self, u: Tensor) -> Tensor:
        """Raises ValueError unless u is [B, d_model, L]."""
        if u.ndim != 3 or u.shape[1] != self.d_model or u.shape[2] == 0:
            raise ValueError(f"S4 expects [B, {self.d_model}, L], got {list(u.shape)}")
        y = F.gelu(self._convolve(at_least_float32(u)))
        return self.output_linear(y.to(self.D.dtype))

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
