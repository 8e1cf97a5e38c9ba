"""Attention with a bias and a gate is its formula, and so is its gradient, however it is cut into pieces."""

import pytest
import torch
from torch import Tensor

from mug.model import gated_attention as module
from mug.model.gated_attention import gated_attention


def inputs(dtype: torch.dtype = torch.float64, songs: int = 5) -> list[Tensor]:
    """q, k, v, bias and gate of 2 heads of 3 channels, 7 queries and 11 keys; some gates are negative."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(songs, 2, 7, 3), (songs, 2, 11, 3), (songs, 2, 11, 3), (2, 7, 11), (2, 7, 11)]
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in shapes]


def formula(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, gate: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.transpose(2, 3) + bias
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
    return (scores.softmax(dim=-1) * gate) @ v


MASK = torch.arange(11) < torch.tensor([11, 4, 1, 7, 11])[:, None]


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "padded"])
@pytest.mark.parametrize(
    "chunk",
    [1, 3 * 11, 7 * 11, 2 * 7 * 11 * 2, 10**6],
    ids=["a query", "three and one query", "a head", "two and one song", "together"],
)
def test_value_and_gradient_are_those_of_the_formula(mask, chunk, monkeypatch):
    monkeypatch.setattr(module, "CPU_CHUNK", chunk)
    arguments = inputs()
    expected, actual = formula(*arguments, mask), gated_attention(*arguments, mask)
    torch.testing.assert_close(actual, expected)
    upstream = torch.randn_like(expected).transpose(1, 2).contiguous().transpose(1, 2)  # as it comes from a rearrange
    gradients = [torch.autograd.grad(out, arguments, upstream) for out in (expected, actual)]
    torch.testing.assert_close(gradients[1], gradients[0])


def test_gradient_is_the_slope():
    assert torch.autograd.gradcheck(gated_attention, inputs(songs=2))


@pytest.mark.parametrize("only", range(5))
def test_one_gradient_alone(only):
    arguments = [tensor.detach().requires_grad_(index == only) for index, tensor in enumerate(inputs())]
    expected, actual = formula(*arguments), gated_attention(*arguments)
    gradients = [torch.autograd.grad(out.square().sum(), arguments[only]) for out in (expected, actual)]
    torch.testing.assert_close(gradients[1], gradients[0])


def test_tables_stay_in_float32_beside_bfloat16():
    q, k, v, bias, gate = inputs(torch.float32)
    half = [tensor.detach().bfloat16().requires_grad_() for tensor in (q, k, v)]
    out = gated_attention(*half, bias, gate)
    out.float().sum().backward()
    assert out.dtype == torch.bfloat16
    assert [tensor.grad.dtype for tensor in (*half, bias, gate)] == [torch.bfloat16] * 3 + [torch.float32] * 2
    torch.testing.assert_close(out.float(), formula(q, k, v, bias, gate), atol=0.05, rtol=0.05)
