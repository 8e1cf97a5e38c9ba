"""Checks of a diffusion model: its networks when it is built, its inputs when it is used.

Axes: B batch, C channels, Z latent channels, L latent frames, F features.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mug.errors import ConfigError
from mug.firststage.first_stage import FirstStage
from mug.model.blocks import check_input


def check_networks(
    unet_config: Mapping[str, Any],
    wave_stage_config: Mapping[str, Any],
    cond_stage_config: Mapping[str, Any],
    z_channels: int,
) -> None:
    """Raise ConfigError, with both keys and both numbers, if one network's output does not fit another's input.

    Parameters that a network does not have are not compared. A node that is not a mapping fails when it is built.
    """
    out_channels = _mapping_at(unet_config, "params").get("out_channels")
    _check_equal("unet_config.params.out_channels", out_channels, "z_channels", z_channels)
    check_conditions(unet_config, wave_stage_config, cond_stage_config, z_channels)


def check_conditions(
    unet_config: Mapping[str, Any],
    wave_stage_config: Mapping[str, Any],
    cond_stage_config: Mapping[str, Any],
    z_channels: int,
) -> None:
    """Raise ConfigError, like `check_networks`, if the encoded audio or the prompt does not fit the denoiser."""
    unet, wave, cond = (_mapping_at(node, "params") for node in (unet_config, wave_stage_config, cond_stage_config))
    context = cond.get("embed_dim")
    _check_equal(
        "unet_config.params.context_dim", unet.get("context_dim"), "cond_stage_config.params.embed_dim", context
    )

    in_channels, levels = unet.get("in_channels"), unet.get("audio_channels")
    if "out_channels" in wave:
        encoder, encoded = "wave_stage_config.params.out_channels", [wave["out_channels"]]
    else:
        encoder = "wave_stage_config.params.middle_channels * channel_mult"
        width, mults = wave.get("middle_channels"), wave.get("channel_mult", ())
        # In Python, text times a number is longer text: an untrusted configuration could fill the memory with it.
        are_numbers = all(isinstance(number, int) for number in (width, *mults))
        encoded = [width * mult for mult in mults] if are_numbers else []
    if levels is not None:
        _check_equal("unet_config.params.in_channels", in_channels, "z_channels", z_channels)
        used = encoded[-len(levels) :] or None
        _check_equal("unet_config.params.audio_channels", list(levels), f"{encoder}, its last levels,", used)
    elif encoded:
        both = z_channels + encoded[-1]
        _check_equal("unet_config.params.in_channels", in_channels, f"z_channels + {encoder}", both)


def check_z_channels(z_channels: int, first_stage: FirstStage) -> None:
    """Raise ConfigError unless the first stage's latents have as many channels as the denoiser's."""
    _check_equal("z_channels", z_channels, "z_channels of first_stage_config", first_stage.z_channels)


def check_z_length(z_length: int, factor: int) -> None:
    """Raise ConfigError unless z_length is a multiple of `factor`, the denoiser's downsampling factor."""
    if z_length < 1 or z_length % factor:
        raise ConfigError(
            f"model.params: z_length is {z_length}, but unet_config.params.channel_mult needs a multiple of {factor}"
        )


def _mapping_at(node: Any, key: str) -> Mapping[str, Any]:
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _check_equal(key: str, value: Any, other_key: str, other: Any) -> None:
    if other is not None and value != other:
        raise ConfigError(f"model.params: {key} is {value}, but {other_key} is {other}; they must be equal")


def check_noisy(x_t: Tensor, t: Tensor, z_channels: int, timesteps: int) -> None:
    """Raise ValueError unless x_t is [B, z_channels, L] and t [B] whole numbers from 0 to timesteps - 1."""
    check_input(x_t, z_channels, 1, "the diffusion model")
    if t.shape != x_t.shape[:1] or t.dtype not in (torch.int32, torch.int64):
        raise ValueError(
            f"the diffusion model expects timesteps [{len(x_t)}] of int64, got {list(t.shape)} of {t.dtype}"
        )
    if not torch.compiler.is_compiling() and ((t < 0) | (t >= timesteps)).any():
        raise ValueError(f"the diffusion model expects timesteps from 0 to {timesteps - 1}, got {t.tolist()}")


def check_noise(noise: Tensor, x_0: Tensor) -> None:
    """Raise ValueError unless noise and latent have the same shape; otherwise it would be broadcast silently."""
    if noise.shape != x_0.shape:
        raise ValueError(f"the diffusion model expects noise {list(x_0.shape)}, got {list(noise.shape)}")


def check_context(context: Tensor, n_features: int) -> None:
    """Raise ValueError unless context is [B, C, n_features]; the denoiser checks C."""
    if context.ndim != 3 or context.shape[2] != n_features:
        raise ValueError(f"the diffusion model expects a context [B, C, {n_features}], got {list(context.shape)}")
