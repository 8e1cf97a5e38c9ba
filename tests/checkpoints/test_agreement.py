"""What the networks take is compared with what the data gives, as far as both are said."""

import re
from typing import Any

import pytest
from tiny_model import tiny_run_config
from torch import nn

from mug.checkpoints.agreement import check_agreement
from mug.cond.wave import STFTEncoder
from mug.config import without_ckpt_paths
from mug.errors import ConfigError
from mug.model.network_node import build_network
from mug.model.weights import without_numbers
from tests.shipped_configs import shipped


def common(key: str | None = None, value: Any = None) -> dict[str, Any]:
    """The data node of a run that agrees with the tiny model, but for the value of one key."""
    config = tiny_run_config()["data"]
    *folders, name = (key or "keys").split(".")
    node = config["params"]["common"]
    for folder in folders:
        node = node[folder]
    if key is not None:
        node[name] = value
    return config


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return build_network(without_ckpt_paths(tiny_run_config()["model"]))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("keys", 7, "the first stage's number of keys is 4, but data.params.common.keys is 7"),
        ("audio.n_mels", 17, "the audio encoder's n_freq is 16, but data.params.common.audio.n_mels is 17"),
        (
            "audio.max_audio_frame",
            1024,
            "z_length is 32, 64 note frames, but data.params.common.audio.max_audio_frame / audio_note_window_ratio is "
            "128",
        ),
        ("audio.audio_note_window_ratio", 4, "audio_note_window_ratio is 128"),
    ],
)
def test_what_does_not_agree_is_named_with_both_numbers(network: nn.Module, key: str, value: Any, message: str) -> None:
    check_agreement(network, common())
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_agreement(network, common(key, value))


def test_an_encoder_of_the_stft_takes_the_windows_of_the_data() -> None:
    encoder = STFTEncoder(64, 32, 4, [1, 1], 1, freq_stride=4)
    check_agreement(encoder, common("audio.n_fft", 64))
    with pytest.raises(ConfigError, match=r"n_fft is 64, but data\.params\.common\.audio\.n_fft is 512"):
        check_agreement(encoder, common())


def test_the_planes_of_stage_1_are_those_of_the_data(network: nn.Module) -> None:
    first_stage = network.model.first_stage_model
    check_agreement(first_stage, common())
    with pytest.raises(ConfigError, match="number of keys is 4"):
        check_agreement(first_stage, common("keys", 5))


@pytest.mark.parametrize("key", ["keys", "audio", "audio.n_mels", "audio.audio_note_window_ratio"])
@pytest.mark.parametrize("value", [None, [16], "${a.b}", "9", True, {}])
def test_what_is_no_number_is_left_to_others(network: nn.Module, key: str, value: Any) -> None:
    check_agreement(network, common(key, value))


@pytest.mark.parametrize("data", [None, {}, {"params": None}, {"params": {"common": []}}])
def test_data_that_is_no_mapping_is_left_to_others(network: nn.Module, data: Any) -> None:
    check_agreement(network, data)


@pytest.mark.parametrize("name", ["autoencoder", "mini_diffusion", "mug_diffusion", "mug_diffusion_stft"])
def test_shipped_configurations_agree(name: str) -> None:
    config = shipped(name)
    with without_numbers(name):
        check_agreement(build_network(without_ckpt_paths(config["model"])), config["data"])
