"""Checks that a network fits the data of its run."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from mug.cond.wave import AUDIO_ENCODERS, STFTEncoder
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import ConfigError
from mug.firststage.first_stage import FirstStage

COMMON = "data.params.common"


def check_agreement(network: nn.Module, data: Mapping[str, Any]) -> None:
    """Raise ConfigError, with both numbers, if the data has other keys, audio or windows than the network expects.

    data: the configuration's data node. Values that are missing or not numbers are not compared.
    """
    for part in network.modules():
        if isinstance(part, FirstStage):
            _check_equal("the first stage's number of keys", part.keys, data, "keys")
        elif isinstance(part, STFTEncoder):
            _check_equal("the audio encoder's n_fft", 2 * part.n_freq, data, "audio.n_fft")
        elif isinstance(part, AUDIO_ENCODERS):
            _check_equal("the audio encoder's n_freq", part.n_freq, data, "audio.n_mels")
    if isinstance(network, LatentDiffusion):
        _check_window(network, data)


def _check_equal(what: str, value: int, data: Mapping[str, Any], key: str) -> None:
    given = _number(data, key)
    if given is not None and value != given:
        raise ConfigError(f"{what} is {value}, but {COMMON}.{key} is {given}; they must be equal")


def _check_window(network: LatentDiffusion, data: Mapping[str, Any]) -> None:
    """Raise ConfigError unless a training window is z_length latent frames long."""
    audio_frames, ratio = _number(data, "audio.max_audio_frame"), _number(data, "audio.audio_note_window_ratio")
    note_frames = network.z_length * network.latent_factor
    if audio_frames and ratio and note_frames * ratio != audio_frames:
        raise ConfigError(
            f"model.params.z_length is {network.z_length}, {note_frames} note frames, but "
            f"{COMMON}.audio.max_audio_frame / audio_note_window_ratio is {audio_frames / ratio:g}; they must be "
            "equal"
        )


def _number(data: Any, key: str) -> int | float | None:
    """The number at a dotted key of data.params.common, None if there is none."""
    for name in ("params", "common", *key.split(".")):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, (int, float)) and not isinstance(data, bool) else None
