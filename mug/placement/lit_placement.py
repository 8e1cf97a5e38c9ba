"""Training of stage 3: a placement model starts as the networks of stage 2."""

from mug.cond.lit_onsets import LitOnsets
from mug.model.weights import load_weights
from mug.placement.model import PlacementModel


class LitPlacement(LitOnsets):
    """Trains a PlacementModel. ckpt_path is a checkpoint of stage 2, whose networks it starts from."""

    network: PlacementModel

    def start_from(self, ckpt_path: str) -> None:
        """Give the networks the weights of stage 2's, but for the U-Net's last layer. Raises CheckpointError."""
        network = self.network
        load_weights(network.unet_model, ckpt_path, ("out.2.",), "model.unet_model.")
        load_weights(network.wave_model, ckpt_path, (), "model.wave_model.")
        load_weights(network.cond_stage_model, ckpt_path, (), "model.cond_stage_model.")
