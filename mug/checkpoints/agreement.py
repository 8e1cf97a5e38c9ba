"""What the model and the data of one run have to agree on."""

from collections.abc import Mapping
from typing import Any

from mug.errors import ConfigError

FIRST_STAGE = "model.params.first_stage_config.params.ddconfig"
AUDIO = "data.params.common.audio"
PAIRS = (  # of a network's parameter, what of the data it equals, and how many times it
    ("model.params.ddconfig.x_channels", "data.params.common.keys", 4),
    (f"{FIRST_STAGE}.x_channels", "data.params.common.keys", 4),
    ("model.params.wave_stage_config.params.n_freq", f"{AUDIO}.n_mels", 1),
    ("model.params.wave_stage_config.params.n_fft", f"{AUDIO}.n_fft", 1),
)


def check_agreement(config: Mapping[str, Any]) -> None:
    """Raise ConfigError, with both keys and both numbers, where the networks expect other planes, audio or windows
    than come.

    What one side does not say, or says as no number, is not compared.
    """
    for key, data_key, times in PAIRS:
        value, given = _number(config, key), _number(config, data_key)
        if value is not None and given is not None and value != times * given:
            factor = "" if times == 1 else f"{times} times "
            raise ConfigError(f"{key} is {value}, but it has to be {factor}{data_key}, which is {given}")
    _check_window(config)


def _check_window(config: Mapping[str, Any]) -> None:
    """The latent of a window is z_length frames, each of which the first stage halved at all levels but one."""
    z_length = _number(config, "model.params.z_length")
    audio_frames = _number(config, f"{AUDIO}.max_audio_frame")
    ratio = _number(config, f"{AUDIO}.audio_note_window_ratio")
    levels = _value(config, f"{FIRST_STAGE}.channel_mult")
    if z_length is None or not audio_frames or not ratio or not isinstance(levels, (list, tuple)) or not levels:
        return
    note_frames = z_length * 2 ** (len(levels) - 1)
    if note_frames * ratio != audio_frames:
        raise ConfigError(
            f"model.params.z_length is {z_length}, {note_frames} note frames, but {AUDIO}.max_audio_frame / "
            f"audio_note_window_ratio is {audio_frames / ratio:g}; they have to be equal"
        )


def _value(config: Any, key: str) -> Any:
    """The value at a dotted key, None where there is none."""
    for name in key.split("."):
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _number(config: Any, key: str) -> int | float | None:
    value = _value(config, key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
