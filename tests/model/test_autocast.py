"""In bfloat16 every network still says what it says in float32, and S4 and the posterior stay in float32."""

import pytest
import torch
from networks import NETWORKS, awake, last
from torch import Tensor, nn

from mug.firststage.autoencoder import DiagonalGaussian
from mug.model.s4 import S4


def autocast() -> torch.autocast:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def similarity(a: Tensor, b: Tensor) -> float:
    """Cosine of the angle between two tensors."""
    return torch.cosine_similarity(a.float().flatten(), b.float().flatten(), dim=0).item()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("padded", [False, True])
def test_bfloat16_is_float32_but_for_rounding(name, padded):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build())
    x = torch.randn(2, *shape, 64 * unit)
    lengths = torch.tensor([64, 32]) * unit if padded else None

    def run() -> tuple[Tensor, list[Tensor]]:
        model.zero_grad()
        out = last(model(x, lengths))[-1][..., : 32 * unit if padded else None]
        out.float().square().mean().backward()
        return out.detach(), [parameter.grad for parameter in model.parameters() if parameter.grad is not None]

    expected, gradients = run()
    with autocast():
        actual, rounded = run()
    assert similarity(actual, expected) > 0.99
    flat = [torch.cat([gradient.flatten() for gradient in every]) for every in (gradients, rounded)]
    assert similarity(*flat) > 0.9
    assert all(gradient.dtype == torch.float32 for gradient in rounded)


@pytest.mark.parametrize("kernel", ["nplr", "nplr_half_poles", "diagonal"])
def test_s4_convolves_in_float32(kernel):
    torch.manual_seed(0)
    layer = S4(7, d_state=8, kernel=kernel)
    u = torch.randn(2, 7, 53).bfloat16()
    expected_kernel, expected = layer.kernel(53), layer._convolve(u.float())
    seen: list[Tensor] = []
    layer.output_linear.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    with autocast():
        assert torch.equal(layer.kernel(53), expected_kernel)
        layer(u)
    assert seen[0].dtype == torch.float32
    assert torch.equal(seen[0], nn.functional.gelu(expected))


def test_posterior_stays_in_float32():
    moments = torch.randn(1, 6, 5, generator=torch.Generator().manual_seed(0)).bfloat16()
    with autocast():
        posterior = DiagonalGaussian(moments)
        parts = (posterior.mean, posterior.logvar, posterior.std, posterior.mode(), posterior.kl())
    assert all(part.dtype == torch.float32 for part in parts)
