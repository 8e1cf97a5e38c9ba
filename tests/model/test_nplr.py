"""S4's kernel knows the length that its C stands for, however its tensors were written."""

import copy

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from mug.model.nplr import NPLRKernel, kernels_as_they_were
from mug.model.s4 import S4

U = torch.randn(2, 5, 11, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def layer() -> S4:
    """A layer whose C has been rewritten for 32 frames."""
    torch.manual_seed(0)
    layer = S4(5, d_state=8, bidirectional=True)
    with torch.no_grad():
        layer(torch.zeros(1, 5, 32))
    assert layer.kernel.kernel.L == 32
    return layer


def by_state_dict(layer: S4) -> S4:
    copied = S4(5, d_state=8, bidirectional=True)
    copied.load_state_dict(layer.state_dict())
    return copied


def by_assignment(layer: S4) -> S4:
    with torch.device("meta"):
        copied = S4(5, d_state=8, bidirectional=True)
    copied.load_state_dict(layer.state_dict(), assign=True)
    return copied


def by_averaging(layer: S4) -> AveragedModel:
    averaged = AveragedModel(S4(5, d_state=8, bidirectional=True), use_buffers=True)
    averaged.update_parameters(layer)
    return averaged


@torch.no_grad()
def by_hand(layer: S4) -> S4:
    copied = S4(5, d_state=8, bidirectional=True)
    pairs = zip([*copied.parameters(), *copied.buffers()], [*layer.parameters(), *layer.buffers()], strict=True)
    for mine, theirs in pairs:
        mine.copy_(theirs)
    return copied


@pytest.mark.parametrize("copied", [by_state_dict, by_assignment, by_averaging, by_hand, copy.deepcopy])
def test_a_copy_is_the_layer(layer, copied):
    expected = layer(U)
    torch.testing.assert_close(copied(layer)(U), expected)
    state = dict(layer.named_parameters()) | dict(layer.named_buffers())
    fresh = S4(5, d_state=8, bidirectional=True)
    torch.testing.assert_close(torch.func.functional_call(fresh, state, (U,)), expected)


def test_a_longer_song_leaves_no_trace(layer):
    before = copy.deepcopy(layer.state_dict())
    expected = layer(U)
    with kernels_as_they_were(layer), torch.no_grad():
        layer(torch.zeros(1, 5, 33))
        assert layer.kernel.kernel.L == 64
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())
    assert torch.equal(layer(U), expected)


def test_is_asked_for_its_length_only_when_that_was_written(layer, monkeypatch):
    kernel: NPLRKernel = layer.kernel.kernel
    kernel(11)
    monkeypatch.setattr(torch.Tensor, "__int__", lambda self: pytest.fail("the buffer was read again"))
    kernel(11)


@pytest.mark.parametrize("kernel", ["nplr", "nplr_half_poles", "diagonal"])
def test_bfloat16_weights_are_computed_with_in_float32(kernel):
    torch.manual_seed(0)
    layer = S4(5, d_state=8, kernel=kernel)
    layer.kernel.kernel(11)
    expected = layer(U)
    actual = layer.bfloat16()(U.bfloat16())
    assert actual.dtype == torch.bfloat16
    assert torch.cosine_similarity(actual.float().flatten(), expected.flatten(), dim=0) > 0.99
