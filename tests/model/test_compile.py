"""torch.compile takes every network as one graph, with its gradients."""

import pytest
import torch
from networks import NETWORKS, awake, last

# torch unrolls a compiled recurrence frame by frame, so networks with an LSTM are not for compiling.
COMPILED = [name for name in NETWORKS if name == "unet" or "unet" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_compiles_without_graph_breaks(name):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build())
    x, lengths = torch.randn(2, *shape, 16 * unit), torch.tensor([16, 8]) * unit
    expected = last(model(x, lengths))[-1]
    # Graphs break while tracing; what a backend makes of the graphs is torch's business.
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    actual = last(compiled(x, lengths))[-1]
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=1e-5)
    parameters = list(model.parameters())
    gradients = [torch.autograd.grad(out.square().sum(), parameters, allow_unused=True) for out in (expected, actual)]
    for one, other in zip(*gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)
