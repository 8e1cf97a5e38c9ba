"""The full-size networks have exactly the recorded tensors, so that weights of the original program load by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from mug.cond.feature import BeatmapFeatureEmbedder
from mug.cond.wave import MelspectrogramScaleEncoder1D, STFTEncoder
from mug.diffusion.unet import UNetModel
from mug.firststage.autoencoder import AutoencoderKL

LOSS = {"target": "mug.firststage.losses.ManiaReconstructLoss"}


def unet() -> nn.Module:
    return UNetModel(
        in_channels=16,
        out_channels=16,
        model_channels=128,
        channel_mult=[1, 2, 3, 4],
        num_res_blocks=2,
        attention_resolutions=[8, 4, 2],
        num_heads=8,
        context_dim=128,
        s4_layer=True,
        audio_channels=[256, 512, 512, 512],
    )


def audio_encoder() -> nn.Module:
    return MelspectrogramScaleEncoder1D(
        n_freq=128,
        middle_channels=128,
        attention_resolutions=[128, 256, 512],
        num_res_blocks=2,
        num_heads=8,
        num_groups=32,
        channel_mult=[1, 1, 1, 1, 2, 2, 2, 4, 4, 4],
    )


def autoencoder(z_channels: int, channel_mult: list[int]) -> nn.Module:
    shape = {"x_channels": 16, "middle_channels": 64, "num_groups": 8, "num_res_blocks": 1}
    return AutoencoderKL({**shape, "z_channels": z_channels, "channel_mult": channel_mult}, LOSS)


def stft_encoder() -> nn.Module:
    return STFTEncoder(
        n_fft=2048, middle_channels=128, out_channels=512, num_res_blocks=2, channel_mult=[1, 2, 2, 2, 4, 4, 4]
    )


def prompt() -> nn.Module:
    return BeatmapFeatureEmbedder("configs/mug/mania_beatmap_features.yaml", embed_dim=128)


MODELS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "model.unet_model.": (unet, 102_015_888),
    "model.wave_model.": (audio_encoder, 49_392_192),
    "model.first_stage_model.": (lambda: autoencoder(16, [1, 2, 4, 4]), 5_086_192),
    "model.cond_stage_model.": (prompt, 42_112),
    "first_stage_config.": (lambda: autoencoder(32, [1, 1, 2, 2, 4, 4]), 5_618_448),
    "wave_stage_config.": (stft_encoder, 15_366_208),
}


def recorded_shapes(file: Path, prefix: str) -> dict[str, list[int]]:
    """Tensor names, without the prefix, and their shapes, from lines "name <tab> (shape) <tab> dtype"."""
    rows = [line.split("\t") for line in file.read_text().splitlines() if line.startswith(prefix)]
    return {row[0].removeprefix(prefix): [int(size) for size in row[1].strip("()").split(",") if size] for row in rows}


@pytest.mark.parametrize("prefix", MODELS)
def test_full_size_tensors_are_the_recorded_ones(parity, prefix):
    build, n_parameters = MODELS[prefix]
    with torch.device("meta"):
        model = build()
    assert sum(parameter.numel() for parameter in model.parameters()) == n_parameters
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    assert shapes == recorded_shapes(parity / "statekeys_full.txt", prefix)
