"""The diagonal kernel is the stepped system of its paper, whatever the length asked for."""

import math

import pytest
import torch
from torch import Tensor

from mug.model.s4d import BLOCK, DiagonalKernel


def kernel_of(n_kernels: int = 2, d_state: int = 8) -> DiagonalKernel:
    """Five systems, moved away from where they start."""
    torch.manual_seed(0)
    kernel = DiagonalKernel(5, d_state, n_kernels, dt_min=0.001, dt_max=0.1)
    for parameter in kernel.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return kernel


def recurrence(kernel: DiagonalKernel, length: int) -> Tensor:
    """x <- Abar x + Bbar u with a single u = 1, y = 2 Re(C x), stepped in double precision: [K, H, length]."""
    w = torch.complex(-kernel.inv_w_real.double().exp(), kernel.w_imag.double())
    rate = w * kernel.log_dt.double().exp()[:, None]
    c = torch.view_as_complex(kernel.C.double())
    state, out = (rate.exp() - 1) / w, []
    for _ in range(length):
        out.append(2 * (c * state).sum(dim=-1).real)
        state = rate.exp() * state
    return torch.stack(out, dim=-1)


@pytest.mark.parametrize("n_kernels", [1, 2])
@pytest.mark.parametrize("length", [1, BLOCK, 3 * BLOCK + 5, 997])
def test_kernel_is_the_recurrence(n_kernels: int, length: int) -> None:
    kernel = kernel_of(n_kernels, d_state=64)
    out = kernel(length)
    assert out.shape == (n_kernels, 5, length)
    assert out.dtype == torch.float32
    expected = recurrence(kernel, length)
    torch.testing.assert_close(out.double(), expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def test_kernel_is_the_held_input_integrated() -> None:
    # One state, w = -1 + 2i, dt = 1/2, C = 3: the response to a pulse of half a second, integrated by hand.
    kernel = DiagonalKernel(1, 2, 1, dt_min=0.5, dt_max=0.5)
    kernel.C.data = torch.tensor([[[[3.0, 0.0]]]])
    kernel.inv_w_real.data.zero_()
    kernel.w_imag.data.fill_(2.0)

    def integral(t: float) -> float:  # of exp(-t) cos(2 t)
        return math.exp(-t) * (2 * math.sin(2 * t) - math.cos(2 * t)) / 5

    expected = [6 * (integral(0.5 * (frame + 1)) - integral(0.5 * frame)) for frame in range(4)]
    assert kernel(4)[0, 0].tolist() == pytest.approx(expected, abs=1e-6)


def test_a_longer_kernel_begins_with_the_shorter() -> None:
    kernel = kernel_of()
    long = kernel(301)
    for length in (1, 7, BLOCK, BLOCK + 1, 300):
        torch.testing.assert_close(kernel(length), long[..., :length], rtol=0, atol=1e-6)


def test_small_steps_lose_no_digits() -> None:
    torch.manual_seed(0)
    kernel = DiagonalKernel(5, 64, 1, dt_min=1e-6, dt_max=1e-6)
    torch.testing.assert_close(kernel(3).double(), recurrence(kernel, 3), rtol=1e-5, atol=1e-11)


def test_starts_as_s4d_lin() -> None:
    torch.manual_seed(0)
    kernel = DiagonalKernel(1000, 8, 1, dt_min=0.001, dt_max=0.1)
    assert (-kernel.inv_w_real.exp()).unique().tolist() == [-0.5]
    assert kernel.w_imag[999].tolist() == pytest.approx([0, math.pi, 2 * math.pi, 3 * math.pi])
    assert math.log(0.001) <= kernel.log_dt.min() < math.log(0.002)
    assert math.log(0.05) < kernel.log_dt.max() <= math.log(0.1)
    assert kernel.C.square().sum(dim=-1).mean().item() == pytest.approx(1.0, abs=0.1)


def test_gradients_are_those_of_finite_differences() -> None:
    kernel = kernel_of(d_state=4).double()
    names, values = zip(*kernel.named_parameters(), strict=True)

    def at(*parameters: Tensor) -> Tensor:
        return torch.func.functional_call(kernel, dict(zip(names, parameters, strict=True)), (BLOCK + 3,))

    assert torch.autograd.gradcheck(at, values)


def test_autocast_leaves_it_in_float32() -> None:
    kernel = kernel_of()
    expected = kernel(100)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(kernel(100), expected)
