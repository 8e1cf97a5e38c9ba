"""What the networks take is compared with what the data gives, as far as both are said."""

import re
from typing import Any

import pytest
from tiny_model import tiny_run_config

from mug.checkpoints.agreement import check_agreement
from mug.errors import ConfigError
from tests.shipped_configs import shipped

FIRST_STAGE = "model.params.first_stage_config.params.ddconfig"
AUDIO = "data.params.common.audio"


def changed(key: str, value: Any) -> dict[str, Any]:
    """A run that agrees, but for the value of one key."""
    config = tiny_run_config()
    *folders, name = key.split(".")
    node = config
    for folder in folders:
        node = node[folder]
    node[name] = value
    return config


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "data.params.common.keys",
            7,
            "x_channels is 16, but it has to be 4 times data.params.common.keys, which is 7",
        ),
        (f"{AUDIO}.n_mels", 17, f"wave_stage_config.params.n_freq is 16, but it has to be {AUDIO}.n_mels, which is 17"),
        ("model.params.wave_stage_config.params.n_fft", 64, f"n_fft is 64, but it has to be {AUDIO}.n_fft, which is"),
        (
            "model.params.z_length",
            48,
            f"model.params.z_length is 48, 96 note frames, but {AUDIO}.max_audio_frame / audio_note_window_ratio is 64",
        ),
        (f"{AUDIO}.max_audio_frame", 1024, "z_length is 32, 64 note frames, but"),
        (f"{AUDIO}.audio_note_window_ratio", 4, "audio_note_window_ratio is 128"),
        (f"{FIRST_STAGE}.channel_mult", [1], "z_length is 32, 32 note frames, but"),
    ],
)
def test_what_does_not_agree_is_named_with_both_numbers(key: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_agreement(changed(key, value))


def test_the_planes_of_stage_1_are_those_of_the_data() -> None:
    config = tiny_run_config()
    config["model"] = config["model"]["params"]["first_stage_config"]
    check_agreement(config)
    config["data"]["params"]["common"]["keys"] = 5
    with pytest.raises(ConfigError, match=r"model\.params\.ddconfig\.x_channels is 16, but it has to be 4 times"):
        check_agreement(config)


@pytest.mark.parametrize("key", ["keys", "audio", "audio.n_mels", "audio.n_fft", "audio.audio_note_window_ratio"])
@pytest.mark.parametrize("value", [None, [16], "${a.b}", "9", True, {}])
def test_what_is_no_number_is_left_to_others(key: str, value: Any) -> None:
    check_agreement(changed(f"data.params.common.{key}", value))


@pytest.mark.parametrize(
    "key",
    ["model", "model.params", "model.params.first_stage_config", FIRST_STAGE, f"{FIRST_STAGE}.channel_mult",
     "model.params.z_length", "data", "data.params", "data.params.common"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, [], "${a.b}", {}])
def test_what_is_no_mapping_is_left_to_others(key: str, value: Any) -> None:
    check_agreement(changed(key, value))


@pytest.mark.parametrize("name", ["autoencoder", "mini_diffusion", "mug_diffusion", "mug_diffusion_stft"])
def test_shipped_configurations_agree(name: str) -> None:
    check_agreement(shipped(name))
