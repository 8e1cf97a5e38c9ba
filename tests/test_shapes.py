"""Every network refuses an input that does not fit, and says which shape it expected and which it was given."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mug.cond.feature import BeatmapFeatureEmbedder
from mug.cond.timing import TimingDecoder
from mug.cond.wave import MelspectrogramEncoder, MelspectrogramEncoder1D, MelspectrogramScaleEncoder1D, STFTEncoder
from mug.diffusion.unet import UNetModel
from mug.firststage.autoencoder import AutoencoderKL
from mug.firststage.losses import ManiaReconstructLoss
from mug.model.attention import ContextualTransformer
from mug.model.s4 import S4

FEATURES = "configs/mug/mania_beatmap_features.yaml"
LOSS = {"target": "mug.firststage.losses.ManiaReconstructLoss"}
ENCODER = {"middle_channels": 32, "channel_mult": [1, 1, 1], "num_res_blocks": 1}
PLANES = {"x_channels": 20, "z_channels": 3, "middle_channels": 4, "num_groups": 2}  # 5 keys
UNET = {
    "out_channels": 3, "model_channels": 32, "channel_mult": [1, 1], "num_res_blocks": 1, "attention_resolutions": [],
    "num_heads": 2, "context_dim": 5,
}  # fmt: skip

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "autoencoder": lambda: AutoencoderKL({**PLANES, "channel_mult": [1, 1, 1], "num_res_blocks": 1}, LOSS),
    "loss": ManiaReconstructLoss,
    "timing": partial(TimingDecoder, 3, 32, 32, [1, 1], 1),
    "scales": partial(MelspectrogramScaleEncoder1D, 7, **ENCODER, attention_resolutions=[2], num_heads=2, num_groups=2),
    "mel": partial(MelspectrogramEncoder, 8, **ENCODER, out_channels=3),
    "mel1d": partial(MelspectrogramEncoder1D, 7, **ENCODER, out_channels=3),
    "stft": partial(STFTEncoder, 16, **ENCODER, out_channels=3, freq_stride=2, num_groups=2),
    "prompt": partial(BeatmapFeatureEmbedder, FEATURES, 5),
    "unet": partial(UNetModel, 3, audio_channels=[32, 64], **UNET),
    "unet_one_audio": partial(UNetModel, 7, **UNET),
    "s4": partial(S4, 5, d_state=4),
    "transformer": partial(ContextualTransformer, 32, n_heads=2, d_head=3, context_dim=5),
}


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape)


def ids(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.int64)


STEPS = torch.tensor([1, 2])
CONTEXT = torch.zeros(2, 5, 21)
CASES: list[tuple[str, tuple[Any, ...], str, str]] = [
    ("autoencoder.encode", (zeros(2, 16, 12),), "[B, 20, L] with L a multiple of 4", "[2, 16, 12]"),
    ("autoencoder.encode", (zeros(2, 20, 14),), "[B, 20, L] with L a multiple of 4", "[2, 20, 14]"),
    ("autoencoder.encode", (zeros(20, 12),), "[B, 20, L] with L a multiple of 4", "[20, 12]"),
    ("autoencoder.encode", (zeros(2, 20, 0),), "[B, 20, L] with L a multiple of 4", "[2, 20, 0]"),
    ("autoencoder.decode", (zeros(2, 4, 3),), "[B, 3, L]", "[2, 4, 3]"),
    ("autoencoder.decode", (zeros(3, 3),), "[B, 3, L]", "[3, 3]"),
    ("loss", (zeros(2, 20, 9), zeros(2, 16, 9), zeros(2, 9)), "[B, 4K, T]", "[2, 20, 9], [2, 16, 9] and [2, 9]"),
    ("loss", (zeros(2, 20, 9), zeros(2, 20, 9), zeros(2, 8)), "valid_flag [B, T]", "[2, 20, 9] and [2, 8]"),
    ("loss", (zeros(20, 9), zeros(20, 9), zeros(9)), "[B, 4K, T]", "[20, 9], [20, 9] and [9]"),
    ("loss", (zeros(1, 20, 9), zeros(2, 20, 9), zeros(2, 9)), "[B, 4K, T]", "[1, 20, 9], [2, 20, 9] and [2, 9]"),
    ("timing", (zeros(2, 4, 6),), "[B, 3, L]", "[2, 4, 6]"),
    ("timing", (zeros(3, 6),), "[B, 3, L]", "[3, 6]"),
    ("scales", (zeros(2, 8, 12),), "[B, 7, L] with L a multiple of 4", "[2, 8, 12]"),
    ("scales", (zeros(2, 7, 14),), "[B, 7, L] with L a multiple of 4", "[2, 7, 14]"),
    ("mel", (zeros(2, 7, 12),), "[B, 8, L] with L a multiple of 4", "[2, 7, 12]"),
    ("mel", (zeros(2, 8, 13),), "[B, 8, L] with L a multiple of 4", "[2, 8, 13]"),
    ("mel1d", (zeros(2, 8, 12),), "[B, 7, L] with L a multiple of 4", "[2, 8, 12]"),
    ("mel1d", (zeros(2, 7, 13),), "[B, 7, L] with L a multiple of 4", "[2, 7, 13]"),
    ("stft", (zeros(2, 2, 8, 12),), "[B, 2, 9, A] with A a multiple of 4", "[2, 2, 8, 12]"),
    ("stft", (zeros(2, 1, 9, 12),), "[B, 2, 9, A] with A a multiple of 4", "[2, 1, 9, 12]"),
    ("stft", (zeros(2, 2, 9, 13),), "[B, 2, 9, A] with A a multiple of 4", "[2, 2, 9, 13]"),
    ("stft", (zeros(2, 2, 9, 0),), "[B, 2, 9, A] with A a multiple of 4", "[2, 2, 9, 0]"),
    ("stft", (zeros(2, 9, 12),), "[B, 2, 9, A] with A a multiple of 4", "[2, 9, 12]"),
    ("prompt", (ids(2, 20),), "[B, 21]", "[2, 20]"),
    ("prompt", (ids(21),), "[B, 21]", "[21]"),
    ("unet", (zeros(2, 4, 8), STEPS, CONTEXT, []), "[B, 3, L] with L a multiple of 2", "[2, 4, 8]"),
    ("unet", (zeros(2, 3, 9), STEPS, CONTEXT, []), "[B, 3, L] with L a multiple of 2", "[2, 3, 9]"),
    ("unet", (zeros(2, 3, 8), ids(3), CONTEXT, []), "timesteps [2]", "[3]"),
    ("unet", (zeros(2, 3, 8), ids(2, 1), CONTEXT, []), "timesteps [2]", "[2, 1]"),
    ("unet", (zeros(2, 3, 8), STEPS, CONTEXT, [zeros(2, 32, 8)]), "[[2, 32, 8], [2, 64, 4]]", "[[2, 32, 8]]"),
    (
        "unet",
        (zeros(2, 3, 8), STEPS, CONTEXT, [zeros(1, 32, 8), zeros(1, 64, 4)]),
        "[[2, 32, 8], [2, 64, 4]]",
        "[[1, 32, 8], [1, 64, 4]]",
    ),
    ("unet_one_audio", (zeros(2, 3, 8), STEPS, CONTEXT, [zeros(2, 4, 4)]), "[B, 7 - C, L]", "and [[2, 4, 4]]"),
    ("unet_one_audio", (zeros(2, 3, 8), STEPS, CONTEXT, []), "[B, 7 - C, L]", "[2, 3, 8] and []"),
    ("unet_one_audio", (zeros(2, 3, 8), STEPS, None, [zeros(2, 4, 8)]), "context [2, 5, F]", "None"),
    ("unet_one_audio", (zeros(2, 3, 8), STEPS, zeros(2, 6, 21), [zeros(2, 4, 8)]), "context [2, 5, F]", "[2, 6, 21]"),
    ("unet_one_audio", (zeros(2, 3, 8), STEPS, zeros(1, 5, 21), [zeros(2, 4, 8)]), "context [2, 5, F]", "[1, 5, 21]"),
    ("s4", (zeros(2, 6, 9),), "[B, 5, L]", "[2, 6, 9]"),
    ("s4", (zeros(5, 9),), "[B, 5, L]", "[5, 9]"),
    ("s4", (zeros(2, 5, 0),), "[B, 5, L]", "[2, 5, 0]"),
    ("transformer", (zeros(2, 32, 9), zeros(2, 4, 3)), "context [2, 5, F]", "[2, 4, 3]"),
    ("transformer", (zeros(2, 32, 9), zeros(2, 5)), "context [2, 5, F]", "[2, 5]"),
    ("transformer", (zeros(2, 32, 9),), "context [2, 5, F]", "None"),
    ("transformer", (zeros(2, 31, 9), zeros(2, 5, 3)), "x [B, 32, L]", "[2, 31, 9]"),
    ("transformer", (zeros(32, 9), zeros(2, 5, 3)), "x [B, 32, L]", "[32, 9]"),
    ("unet", (zeros(2, 3, 8), STEPS, CONTEXT, [], ids(3) + 8), "lengths [2] of whole numbers", "[3]"),
    ("unet", (zeros(2, 3, 8), STEPS, CONTEXT, [], ids(2) + 3), "multiples of 2 up to 8", "[3, 3]"),
    ("unet", (zeros(2, 3, 8), STEPS, CONTEXT, [], ids(2)), "multiples of 2 up to 8", "[0, 0]"),
    ("scales", (zeros(2, 7, 12), ids(2) + 16), "multiples of 4 up to 12", "[16, 16]"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "expected", "given"), CASES)
def test_says_what_was_expected_and_what_was_given(
    name: str, arguments: tuple[Any, ...], expected: str, given: str
) -> None:
    network, _, method = name.partition(".")
    call: Any = NETWORKS[network]()
    with pytest.raises(ValueError, match=f"expect.*{re.escape(expected)}.*got.*{re.escape(given)}"):
        (getattr(call, method) if method else call)(*arguments)
