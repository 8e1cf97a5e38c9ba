"""Pretraining of the audio encoder before stage 2: it predicts where charts have notes.

A denoiser's gradient says little about which sounds get notes. Trained on onsets alone, an audio encoder learns that in
minutes, and stage 2 is initialised from it.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, C channels, L frames of one of the encoder's scales.
"""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from einops import rearrange, reduce
from torch import Tensor, nn

from mug.cond.onset_predictor import OnsetPredictor
from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.config import instantiate_from_config
from mug.data.note_codec import NotePlanes
from mug.errors import ConfigError
from mug.firststage.losses import mean_where

N_ANSWERS = 3  # does a note begin in the frame, where in it, is a note held


class OnsetDetector(OnsetPredictor):
    """A multi-scale audio encoder with a linear layer on one scale, trained on charts of every difficulty.

    It learns to predict the share of a song's charts that have a note in a frame: the stronger the onset, the more.
    scale: index of the encoder output for the linear layer, 0 is the finest; use the finest one that the denoiser uses.
    note_frames: note frames per frame of that output. weight_offset, weight_holding: weights of the losses of a note's
    position in its frame, and of held notes.
    Training parameters: see mug.model.network_node.TrainingParams.
    Raises ConfigError for a scale that the encoder does not have.
    """

    def __init__(
        self,
        wave_stage_config: Mapping[str, Any],
        scale: int,
        note_frames: int,
        weight_offset: float = 2.0,
        weight_holding: float = 0.2,
    ) -> None:
        super().__init__(weight_offset)
        where = "model.params.wave_stage_config"
        self.wave_model = instantiate_from_config(wave_stage_config, where, MelspectrogramScaleEncoder1D)
        channels = self.wave_model.channels
        if not 0 <= scale < len(channels):
            raise ConfigError(f"model.params.scale is {scale}; the encoder's outputs are 0 to {len(channels) - 1}")
        self.look = nn.Conv1d(channels[scale], N_ANSWERS * note_frames, 1)  # its name in checkpoints
        self.scale = scale
        self.weight_holding = weight_holding

    def forward(self, audio: Tensor) -> Tensor:
        """Audio [B, M, A] -> [B, 3, T]: logits of a note's start, its position in the frame, logits of a held note."""
        encoded = self.wave_model(audio)[self.scale]  # [B, C, L]
        return rearrange(self.look(encoded), "b (answer frame) l -> b answer (l frame)", answer=N_ANSWERS)

    def answers(self, batch: Mapping[str, Any]) -> Tensor:
        return self(batch["audio"])

    def losses(self, answers: Tensor, note: Tensor, valid: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The losses of note starts, plus that of held notes, which teaches how long sounds last."""
        loss, log = super().losses(answers, note, valid)
        held = reduce(NotePlanes.split(note).is_holding, "b k t -> b t", "max") * valid
        holding_loss = mean_where(F.binary_cross_entropy_with_logits(answers[:, 2], held, reduction="none"), valid)
        return loss + self.weight_holding * holding_loss, {**log, "holding_loss": holding_loss.detach()}
