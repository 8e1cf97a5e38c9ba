"""Note placement: how likely is it that a chart has notes at a moment, given the song and the prompt?

A denoiser decides on moments and columns at once, and is slow to learn which moments the music suggests. Trained on
moments alone, the same networks learn them in a seventh of the steps. Step placement conditioned on difficulty is from
Donahue, Lipton & McAuley, "Dance Dance Convolution", 2017, section 4.2.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, F features, L latent frames.
"""

from collections.abc import Mapping
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from mug.cond.feature import BeatmapFeatureEmbedder
from mug.cond.onset_predictor import OnsetPredictor
from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.config import instantiate_from_config
from mug.diffusion.checks import check_conditions
from mug.diffusion.unet import UNetModel
from mug.errors import ConfigError
from mug.model.network_node import TrainingParams
from mug.model.weights import load_weights

N_ANSWERS = 2  # does a note begin in the frame, and where in it
UNKNOWN = 999  # timestep of pure noise, where a denoiser of 1,000 steps has only the song and the prompt


class PlacementModel(OnsetPredictor):
    """Stage 2's U-Net, audio encoder and prompt embedder, without a latent: audio and prompt -> where notes begin.

    unet_config: in_channels is the denoiser's, out_channels is 2 * note_frames, the note frames per U-Net frame.
    weight_offset: weight of the loss of a note's position in its frame.
    mug.cond.lit_onsets.LitOnsets trains it. Training parameters: see mug.model.network_node.TrainingParams; ckpt_path
    is a stage 2 checkpoint to initialise from.
    Raises ConfigError for networks that do not fit together.
    """

    def __init__(
        self,
        unet_config: Mapping[str, Any],
        wave_stage_config: Mapping[str, Any],
        cond_stage_config: Mapping[str, Any],
        note_frames: int,
        weight_offset: float = 2.0,
    ) -> None:
        super().__init__(weight_offset)
        where = "model.params"
        self.unet_model = instantiate_from_config(unet_config, f"{where}.unet_config", UNetModel)
        if self.unet_model.audio_channels is None:
            raise ConfigError(f"{where}.unet_config: give audio_channels; a placement model uses every scale")
        check_conditions(unet_config, wave_stage_config, cond_stage_config, self.unet_model.in_channels)
        self.wave_model = instantiate_from_config(
            wave_stage_config, f"{where}.wave_stage_config", MelspectrogramScaleEncoder1D
        )
        self.cond_stage_model = instantiate_from_config(
            cond_stage_config, f"{where}.cond_stage_config", BeatmapFeatureEmbedder
        )
        out_channels = self.unet_model.out[-1].out_channels
        if out_channels != N_ANSWERS * note_frames:
            raise ConfigError(
                f"{where}.unet_config: out_channels is {out_channels}, but {note_frames} note frames a latent frame "
                f"need {N_ANSWERS * note_frames}"
            )

    def start_from(self, training: TrainingParams) -> None:
        """Initialise from a stage 2 checkpoint, except for the U-Net's last layer. Raises CheckpointError."""
        if training.ckpt_path is not None:
            load_weights(self.unet_model, training.ckpt_path, ("out.2.",), "model.unet_model.")
            load_weights(self.wave_model, training.ckpt_path, (), "model.wave_model.")
            load_weights(self.cond_stage_model, training.ckpt_path, (), "model.cond_stage_model.")

    @property
    def audio_multiple(self) -> int:
        """The number of audio frames must be a multiple of this."""
        return self.wave_model.factor

    def forward(self, audio: Tensor, feature: Tensor) -> Tensor:
        """Audio [B, M, A], prompt ids [B, F] -> [B, 2, T]: logits of a note's start, and its position in the frame."""
        audios = self.wave_model(audio)[-self.unet_model.n_audios :]
        nothing = audio.new_zeros(len(audio), self.unet_model.in_channels, audios[0].shape[-1])  # [B, Z, L]
        t = torch.full((len(audio),), UNKNOWN, device=audio.device)
        answers = self.unet_model(nothing, t, self.cond_stage_model(feature), audios)
        return rearrange(answers, "b (answer frame) l -> b answer (l frame)", answer=N_ANSWERS)

    def answers(self, batch: Mapping[str, Any]) -> Tensor:
        return self(batch["audio"], batch["feature"])
