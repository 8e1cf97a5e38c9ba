"""A song beside longer ones in a batch is what it is alone, in every network."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mug.cond.timing import TimingDecoder
from mug.cond.wave import MelspectrogramEncoder, MelspectrogramEncoder1D, MelspectrogramScaleEncoder1D, STFTEncoder
from mug.diffusion.unet import UNetModel
from mug.firststage.autoencoder import Decoder, Encoder
from mug.model.blocks import GroupNorm
from mug.model.masking import frame_mask, level_masks, masked, rising_masks

LENGTHS = [8, 24, 16]  # of three songs, in frames of the coarsest but two; the second fills its row
ONE_LEVEL = {"middle_channels": 32, "channel_mult": [1, 2, 1], "num_res_blocks": 2}
PLANES = {"x_channels": 4, "z_channels": 3, "num_groups": 8, **ONE_LEVEL}
UNET = {
    "in_channels": 5,
    "out_channels": 3,
    "model_channels": 32,
    "channel_mult": [1, 2, 1],
    "num_res_blocks": 2,
    "attention_resolutions": [1, 4],
    "num_heads": 4,
    "context_dim": 7,
    "s4_layer": True,
    "lstm_layer": True,
}


class Denoiser(nn.Module):
    """A U-Net as a function of what is as long as the song: the latent and its audios, stacked on the channels."""

    def __init__(self, **params) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.unet = UNetModel(**{**UNET, **params})

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        n_songs = len(x)
        context = torch.linspace(-1, 1, 7 * 11, dtype=x.dtype).reshape(1, 7, 11).expand(n_songs, -1, -1)
        if self.unet.audio_channels is None:
            latent, audios = x[:, :2], [x[:, 2:5]]
        else:
            latent, audios = x[:, :5], [x[:, 5:37], x[:, 37:69, ::2], x[:, 69:101, ::4]]
        return self.unet(latent, torch.full((n_songs,), 37), context, audios, lengths)


# builder, shape of the input but its batch, input frames per unit of LENGTHS
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "encoder": (lambda: Encoder(**PLANES), (4,), 1),
    "decoder": (lambda: Decoder(**PLANES), (3,), 1),
    "unet": (lambda: Denoiser(audio_channels=[32, 32, 32]), (101,), 1),
    "unet_scale_shift": (lambda: Denoiser(audio_channels=[32, 32, 32], use_scale_shift_norm=True), (101,), 1),
    "unet_audio_at_entrance": (lambda: Denoiser(s4_kernel="nplr_half_poles"), (5,), 1),
    "scale_encoder": (
        lambda: MelspectrogramScaleEncoder1D(
            n_freq=5, attention_resolutions=[2], num_heads=4, num_groups=8, **ONE_LEVEL
        ),
        (5,),
        4,
    ),
    "stft_encoder": (lambda: STFTEncoder(n_fft=64, out_channels=3, freq_stride=4, **ONE_LEVEL), (2, 33), 4),
    "mel_encoder": (lambda: MelspectrogramEncoder(n_freq=12, out_channels=3, **ONE_LEVEL), (12,), 4),
    "mel_encoder_1d": (lambda: MelspectrogramEncoder1D(n_freq=5, out_channels=3, **ONE_LEVEL), (5,), 4),
    "timing_decoder": (lambda: TimingDecoder(z_channels=3, num_groups=8, **ONE_LEVEL), (3,), 1),
}


def awake(model: nn.Module) -> nn.Module:
    """Fill the layers that begin as zeros, and the norms' shifts, so that every branch counts."""
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    return model.eval()


def last(output: Tensor | list[Tensor]) -> list[Tensor]:
    return list(output) if isinstance(output, list) else [output]


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
    x = torch.randn(1, *shape, 24 * unit)
    with torch.no_grad():
        padded = last(model(x))[-1]
        alone = last(model(x[..., : 16 * unit]))[-1]
    assert (padded[..., : alone.shape[-1]] - alone).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["encoder", "decoder", "unet", "scale_encoder"])
def test_gradients_of_a_padded_song_are_those_of_the_song_alone(name):
    build, shape, unit = NETWORKS[name]
    torch.manual_seed(0)
    model = awake(build()).double()
    lengths = torch.tensor([16, 24]) * unit
    x = torch.randn(2, *shape, 24 * unit, dtype=torch.float64)

    def gradients(x: Tensor, lengths: Tensor | None, song: int) -> list[Tensor]:
        model.zero_grad()
        out = last(model(x, lengths))[-1]
        frames = out.shape[-1] if lengths is None else out.shape[-1] * 16 // 24
        out[song, ..., :frames].square().sum().backward()
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    together = gradients(x, lengths, 0)  # first, for the longest song settles what S4's C stands for
    alone = gradients(x[:1, ..., : 16 * unit], None, 0)
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
        build()(torch.zeros(3, *shape, 24 * unit), wrong)
