"""A song beside longer ones in a batch is what it is alone, in every network."""

import pytest
import torch
from networks import NETWORKS, awake, last
from torch import Tensor, nn

from mug.model.blocks import GroupNorm
from mug.model.masking import frame_mask, level_masks, masked, rising_masks

LENGTHS = [32, 96, 64]  # latent frames of three songs; the second fills its row


@pytest.mark.parametrize("name", NETWORKS)
def test_a_padded_song_is_the_song_alone(name):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build())
    lengths = torch.tensor(LENGTHS) * unit
    x = torch.randn(len(lengths), *shape, int(lengths.max()))
    for song, length in zip(x, lengths.tolist(), strict=True):
        song[..., length:] = torch.nan  # nothing at all may be made of it
    with torch.no_grad():
        together = last(model(x, lengths))
        for index, length in enumerate(lengths.tolist()):
            alone = last(model(x[index : index + 1, ..., :length]))
            assert len(alone) == len(together)
            for one, many in zip(alone, together, strict=True):
                inside = many[index : index + 1, ..., : one.shape[-1]]
                torch.testing.assert_close(inside, one, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_lengths_padding_does_change_the_song(name):
    # or the test above would prove nothing
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build())
    x = torch.randn(1, *shape, 96 * unit)
    with torch.no_grad():
        padded = last(model(x))[-1]
        alone = last(model(x[..., : 64 * unit]))[-1]
    assert (padded[..., : alone.shape[-1]] - alone).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["encoder", "decoder", "unet", "scale_encoder"])
def test_gradients_of_a_padded_song_are_those_of_the_song_alone(name):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build()).double()
    lengths = torch.tensor([64, 96]) * unit
    x = torch.randn(2, *shape, 96 * unit, dtype=torch.float64)

    def gradients(x: Tensor, lengths: Tensor | None, song: int) -> list[Tensor]:
        model.zero_grad()
        out = last(model(x, lengths))[-1]
        frames = out.shape[-1] if lengths is None else out.shape[-1] * 64 // 96
        out[song, ..., :frames].square().sum().backward()
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    together = gradients(x, lengths, 0)  # first, for the longest song settles what S4's C stands for
    alone = gradients(x[:1, ..., : 64 * unit], None, 0)
    largest = max(gradient.abs().max().item() for gradient in alone)
    for one, many in zip(alone, together, strict=True):
        torch.testing.assert_close(many, one, atol=1e-9 * largest, rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 6, 11), (2, 6, 5, 11)])
def test_masked_group_norm_is_the_plain_one_where_all_is_inside(shape):
    torch.manual_seed(0)
    norm = GroupNorm(3, 6)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    x = 3 + 2 * torch.randn(shape)
    torch.testing.assert_close(norm(x, torch.ones(2, 1, 11, dtype=torch.bool)), norm(x), atol=1e-5, rtol=1e-5)


def test_masks_by_hand():
    assert frame_mask(torch.tensor([1, 3]), 3).tolist() == [[[True, False, False]], [[True, True, True]]]
    assert [mask.sum().item() for mask in level_masks(torch.tensor([4]), 8, 3)] == [4, 2, 1]
    assert [mask.shape[-1] for mask in level_masks(torch.tensor([4]), 8, 3)] == [8, 4, 2]
    assert [mask.sum().item() for mask in rising_masks(torch.tensor([3]), 5, 3)] == [3, 6, 12]
    assert [mask.shape[-1] for mask in rising_masks(torch.tensor([3]), 5, 3)] == [5, 10, 20]
    assert frame_mask(None, 3) is None
    assert level_masks(None, 8, 2) == [None, None]
    x = torch.ones(1, 2, 3)
    assert masked(x, None) is x
    assert masked(x, frame_mask(torch.tensor([1]), 3)).tolist() == [[[1, 0, 0], [1, 0, 0]]]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("wrong", [torch.tensor([8]), torch.tensor([8.0, 8.0, 8.0]), torch.tensor(8)])
def test_refuses_lengths_that_do_not_fit(name, wrong):
    build, shape, unit = NETWORKS[name]
    with pytest.raises(ValueError, match=r"expects lengths \[3\] of whole numbers, got \["):
        build()(torch.zeros(3, *shape, 96 * unit), wrong)
