"""The sums over poles are sums over poles, and their gradient is that of complex arithmetic."""

import math

import pytest
import torch
from torch import Tensor

from mug.model import cauchy
from mug.model.cauchy import cauchy_sums


def inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Residues of 2 sums and 3 stored poles of 5 channels, and the half angles of 14 roots of unity."""
    generator = torch.Generator().manual_seed(0)
    residues = torch.randn(2, 5, 3, dtype=torch.complex128, generator=generator)
    poles = torch.complex(-torch.rand(5, 3, generator=generator), torch.randn(5, 3, generator=generator)).cdouble()
    angle = math.pi / 14 * torch.arange(8, dtype=torch.float64)
    return residues.requires_grad_(), poles.requires_grad_(), angle.cos(), angle.sin()


def formula(residues: Tensor, poles: Tensor, cos: Tensor, sin: Tensor, conjugate_poles: bool) -> Tensor:
    if conjugate_poles:
        residues, poles = (torch.cat([half, half.conj()], dim=-1) for half in (residues, poles))
    return (residues[..., None] / (2j * sin - poles[..., None] * cos)).sum(dim=-2)


@pytest.mark.parametrize("conjugate_poles", [True, False])
@pytest.mark.parametrize("chunk", [1, 2 * 3 * 8, 10**6], ids=["one by one", "two and one", "together"])
def test_value_and_gradient_are_those_of_the_formula(conjugate_poles, chunk, monkeypatch):
    monkeypatch.setattr(cauchy, "CPU_CHUNK", chunk)
    residues, poles, cos, sin = inputs()
    expected = formula(residues, poles, cos, sin, conjugate_poles)
    actual = cauchy_sums(residues, poles, cos, sin, conjugate_poles)
    torch.testing.assert_close(actual, expected)
    upstream = torch.randn_like(expected)
    gradients = [torch.autograd.grad(out, (residues, poles), upstream) for out in (expected, actual)]
    torch.testing.assert_close(gradients[1], gradients[0])


def test_is_finite_at_the_last_frequency():
    residues, poles, cos, sin = inputs()
    at_nyquist = cauchy_sums(residues, poles, cos[-1:], sin[-1:], True)
    torch.testing.assert_close(at_nyquist[..., 0], (residues + residues.conj()).sum(dim=-1) / 2j)
