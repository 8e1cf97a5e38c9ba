"""What the model and the data of one run have to agree on."""

from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf

from mug.errors import ConfigError

PAIRS = (  # of a network's parameter, what of the data it equals, and how many times it
    ("model.params.ddconfig.x_channels", "data.params.common.keys", 4),
    ("model.params.first_stage_config.params.ddconfig.x_channels", "data.params.common.keys", 4),
    ("model.params.wave_stage_config.params.n_freq", "data.params.common.audio.n_mels", 1),
    ("model.params.wave_stage_config.params.n_fft", "data.params.common.audio.n_fft", 1),
)


def check_model_fits_data(config: Mapping[str, Any]) -> None:
    """Raise ConfigError, with both keys and both numbers, where the networks expect other planes or audio than come.

    What one side does not say is not compared.
    """
    tree = OmegaConf.create(dict(config))
    for key, data_key, times in PAIRS:
        value, given = OmegaConf.select(tree, key), OmegaConf.select(tree, data_key)
        if value is not None and given is not None and value != times * given:
            factor = "" if times == 1 else f"{times} times "
            raise ConfigError(f"{key} is {value}, but it has to be {factor}{data_key}, which is {given}")
