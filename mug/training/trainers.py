"""Which Lightning class trains which network."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from mug.cond.lit_onsets import LitOnsets
from mug.cond.onset_predictor import OnsetPredictor
from mug.config import instantiate_from_config
from mug.diffusion.diffusion import DDPM
from mug.diffusion.gaussian_diffusion import GaussianDiffusion
from mug.errors import ConfigError
from mug.firststage.first_stage import FirstStage
from mug.firststage.lit_autoencoder import LitAutoencoder
from mug.model.lit_network import LitNetwork
from mug.model.network_node import ConfiguredNetwork, split_node
from mug.music_vae.lit_music_vae import LitMusicVAE
from mug.music_vae.music_vae import MusicVAE
from mug.roll_vae.lit_roll_vae import LitRollVAE
from mug.roll_vae.network import RollVAE
from mug.timing.lit_timing import LitTiming
from mug.timing.model import TimingModel

TRAINERS: dict[type[ConfiguredNetwork], type[LitNetwork]] = {
    OnsetPredictor: LitOnsets,
    TimingModel: LitTiming,
    FirstStage: LitAutoencoder,
    MusicVAE: LitMusicVAE,
    RollVAE: LitRollVAE,
    GaussianDiffusion: DDPM,
}


def build_trainable(node: Mapping[str, Any], where: str = "model") -> LitNetwork:
    """Build a configuration's network with its initial weights, wrapped in the Lightning class that trains it.

    Raises ConfigError like mug.config.instantiate_from_config, and for a network that no class trains; CheckpointError
    for weights that do not fit.
    """
    own, training = split_node(node, where)
    network = instantiate_from_config(own, where, nn.Module)
    for kind, trainer in TRAINERS.items():
        if isinstance(network, kind):
            return trainer(network, training)
    known = ", ".join(kind.__name__ for kind in TRAINERS)
    raise ConfigError(f"{where}: a {type(network).__name__} cannot be trained on its own; those that can: {known}")
