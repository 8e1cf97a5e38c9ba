"""torch.compile takes every network as one graph, with its gradients."""

import pytest
import torch
from networks import NETWORKS, awake, last

# torch unrolls a compiled recurrence frame by frame, so networks with an LSTM are not for compiling.
COMPILED = ["unet", "scale_encoder", "encoder", "decoder"]
OTHERS = ["stft_encoder", "mel_encoder", "mel_encoder_1d", "timing_decoder"]  # of the same blocks
# A block of each kind, as every one takes its time; the U-Net's levels are made of the same as the autoencoder's.
SMALLER = {"channel_mult": [1, 2], "num_res_blocks": 1}
SMALLER_UNET = {"channel_mult": [1], "num_res_blocks": 1, "audio_channels": [32], "attention_resolutions": []}


@pytest.mark.parametrize("name", [*COMPILED, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_compiles_without_graph_breaks(name):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build(**(SMALLER_UNET if name == "unet" else SMALLER)))
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
