"""Every network, small, as a function of one tensor that is as long as the song."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from mug.cond.timing import TimingDecoder
from mug.cond.wave import MelspectrogramEncoder, MelspectrogramEncoder1D, MelspectrogramScaleEncoder1D, STFTEncoder
from mug.diffusion.unet import UNetModel
from mug.firststage.autoencoder import Decoder, Encoder

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
            latent, audios = x[:, :5], [x[:, 5:37], x[:, 37:69, ::2], x[:, 69:101, ::4]][: self.unet.n_audios]
        return self.unet(latent, torch.full((n_songs,), 37), context, audios, lengths)


# Builder, which takes changes; shape of the input but for batch and length; how long it is beside the latent.
NETWORKS: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...], int]] = {
    "encoder": (partial(Encoder, **PLANES), (4,), 1),
    "decoder": (partial(Decoder, **PLANES), (3,), 1),
    "unet": (partial(Denoiser, audio_channels=[32, 32, 32], num_res_blocks=1, attention_resolutions=[2]), (101,), 1),
    "unet_lstm": (
        partial(Denoiser, audio_channels=[32, 32, 32], lstm_layer=True, use_scale_shift_norm=True),
        (101,),
        1,
    ),
    "unet_audio_at_entrance": (partial(Denoiser, s4_kernel="nplr_half_poles"), (5,), 1),
    "scale_encoder": (
        partial(
            MelspectrogramScaleEncoder1D, n_freq=5, attention_resolutions=[2], num_heads=4, num_groups=8, **ONE_LEVEL
        ),
        (5,),
        4,
    ),
    "stft_encoder": (partial(STFTEncoder, n_fft=64, out_channels=3, freq_stride=4, **ONE_LEVEL), (2, 33), 4),
    "mel_encoder": (partial(MelspectrogramEncoder, n_freq=12, out_channels=3, **ONE_LEVEL), (12,), 4),
    "mel_encoder_1d": (partial(MelspectrogramEncoder1D, n_freq=5, out_channels=3, **ONE_LEVEL), (5,), 4),
    "timing_decoder": (partial(TimingDecoder, z_channels=3, num_groups=8, **ONE_LEVEL), (3,), 1),
}


def awake(model: nn.Module) -> nn.Module:
    """Fill the layers that begin as zeros, and the norms' shifts, so that every branch counts."""
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    return model.eval()


def last(output: Tensor | list[Tensor]) -> list[Tensor]:
    return list(output) if isinstance(output, list) else [output]
