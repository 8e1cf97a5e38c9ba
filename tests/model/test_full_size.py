"""The full-size networks have exactly the recorded tensors, so that weights of the original program load by name."""

import re
from collections.abc import Callable

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


MODELS: dict[str, Callable[[], nn.Module]] = {
    "model.unet_model": unet,
    "model.wave_model": audio_encoder,
    "model.first_stage_model": lambda: autoencoder(16, [1, 2, 4, 4]),
    "model.cond_stage_model": prompt,
    "first_stage_config": lambda: autoencoder(32, [1, 1, 2, 2, 4, 4]),
    "wave_stage_config": stft_encoder,
}


def recorded_shapes(record: str, model: str) -> dict[str, list[int]]:
    """Tensor names, without the model's, and their shapes, from lines "name <tab> (shape) <tab> dtype"."""
    rows = [line.split("\t") for line in record.splitlines() if line.startswith(f"{model}.")]
    return {row[0][len(model) + 1 :]: [int(size) for size in row[1].strip("()").split(",") if size] for row in rows}


def recorded_parameters(record: str, model: str) -> int:
    """The number of a model's parameters, from a line "# params <model> <number>" or "## <model>: <number> params"."""
    [number] = re.findall(rf"^#+ (?:params )?{re.escape(model)}:? (\d+)", record, re.MULTILINE)
    return int(number)


@pytest.mark.parametrize("name", MODELS)
def test_full_size_tensors_are_the_recorded_ones(parity, name):
    record = (parity / "statekeys_full.txt").read_text()
    with torch.device("meta"):
        model = MODELS[name]()
    assert sum(parameter.numel() for parameter in model.parameters()) == recorded_parameters(record, name)
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    assert shapes == recorded_shapes(record, name)
