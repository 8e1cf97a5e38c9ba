"""Training of a MusicVAE, and what its validation measures."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mug.model.lit_predictor import LitPredictor
from mug.music_vae.music_vae import MusicVAE
from mug.seeding import generator_of


class LitMusicVAE(LitPredictor):
    """Trains a MusicVAE. Validation also lets it write clips from their most probable latents, from its own steps."""

    network: MusicVAE

    def measured(self, batch: Mapping[str, Any], evaluating: bool) -> tuple[Tensor, Mapping[str, Any]]:
        steps = batch["steps"]
        if not evaluating:
            generator = generator_of(self.training_params.seed, self.global_step, self.process[0])
            return self.network.losses(steps, self.global_step, generator)
        loss, log = self.network.losses(steps, None, None)
        written = self.network.decoder.write(self.network.encode(steps).mean)
        return loss, {**log, "accuracy_sampled": (written == steps).float().mean()}
