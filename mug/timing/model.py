"""A network that hears musical time: where beats are, which of them begin measures, and the tempo around every moment.

Beats and downbeats are heard together with tempo, which helps all three: Boeck & Davies, "Deconstruct, analyse,
reconstruct: how to improve tempo, beat, and downbeat estimation", 2020. Tempo is a choice of classes, as in Schreiber &
Mueller, "A single-step approach to musical tempo estimation", 2018, because the octave has to be chosen, too: people
who hear the same beats write some songs at 85 BPM and others at 170.

Axes: B batch, M mel bins, A audio frames, C channels, T note frames, N tempo frames, K tempo classes.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from mug.cond.timing import TimingDecoder
from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.config import instantiate_from_config
from mug.errors import ConfigError
from mug.firststage.losses import mean_where
from mug.model.network_node import ConfiguredNetwork
from mug.timing.tempo_classes import HIGHEST_BPM, LOWEST_BPM, N_CLASSES, STEP, TEMPO_FRAMES
from mug.timing.tempo_head import TempoHead

N_ANSWERS = 3  # a beat, its place in the frame, a downbeat
SPREAD = 1.0  # classes: standard deviation of a tempo's target


class TimingAnswers(NamedTuple):
    """Logits, and the place of a beat in its frame, see mug.timing.labels: [B, T], tempo [B, K, N]."""

    beat: Tensor
    place: Tensor
    downbeat: Tensor
    tempo: Tensor


class TimingModel(ConfiguredNetwork):
    """A multi-scale audio encoder; a TempoHead on its coarsest scale; a TimingDecoder that is told the tempo.

    audio_per_note: audio frames per note frame. note_frame_ms: the length of a note frame. weight_place,
    weight_downbeat, weight_tempo: weights of these losses beside that of beats.
    mug.timing.lit_timing.LitTiming trains it. Training parameters: see mug.model.network_node.TrainingParams.
    Raises ConfigError for networks that do not fit together.
    """

    def __init__(
        self,
        wave_stage_config: Mapping[str, Any],
        decoder_config: Mapping[str, Any],
        audio_per_note: int = 8,
        note_frame_ms: float = 46.44,
        weight_place: float = 2.0,
        weight_downbeat: float = 1.0,
        weight_tempo: float = 0.2,
    ) -> None:
        super().__init__()
        where = "model.params"
        self.wave_model = instantiate_from_config(
            wave_stage_config, f"{where}.wave_stage_config", MelspectrogramScaleEncoder1D
        )
        self.decoder = instantiate_from_config(decoder_config, f"{where}.decoder_config", TimingDecoder)
        channels, levels = self.wave_model.channels[-1], len(self.decoder.up)
        if self.decoder.z_channels != channels:
            raise ConfigError(
                f"{where}.decoder_config: z_channels is {self.decoder.z_channels}, the encoder has {channels}"
            )
        if self.decoder.conv_out.out_channels != N_ANSWERS:
            raise ConfigError(f"{where}.decoder_config: out_channels has to be {N_ANSWERS}")
        if self.wave_model.factor != audio_per_note * 2 ** (levels - 1):
            raise ConfigError(
                f"{where}: the encoder makes 1 frame of {self.wave_model.factor}, of which the decoder makes "
                f"{2 ** (levels - 1)} note frames; {audio_per_note} audio frames a note frame are wanted"
            )
        self.tempo_head = TempoHead(channels, 2 ** (levels - 1), note_frame_ms)
        self.audio_multiple = math.lcm(self.wave_model.factor, audio_per_note * TEMPO_FRAMES)
        self.weights = (weight_place, weight_downbeat, weight_tempo)

    def forward(self, audio: Tensor) -> TimingAnswers:
        """Audio [B, M, A], A a multiple of `audio_multiple`."""
        latents = self.wave_model(audio)[-1]  # [B, C, L]
        tempo, said = self.tempo_head(latents)
        beat, place, downbeat = self.decoder(latents + said).unbind(dim=1)  # [B, T] each
        return TimingAnswers(beat, place, downbeat, tempo)

    def losses(self, answers: TimingAnswers, batch: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its parts. batch: beat, place, downbeat [B, T] and tempo [B, N] of mug.timing.labels."""
        weight_place, weight_downbeat, weight_tempo = self.weights
        beat = F.binary_cross_entropy_with_logits(answers.beat, batch["beat"])
        downbeat = F.binary_cross_entropy_with_logits(answers.downbeat, batch["downbeat"])
        place = mean_where((answers.place - batch["place"]).square(), batch["beat"])
        tempo = tempo_loss(answers.tempo, batch["tempo"])
        loss = beat + weight_place * place + weight_downbeat * downbeat + weight_tempo * tempo
        parts = {"beat_loss": beat, "place_loss": place, "downbeat_loss": downbeat, "tempo_loss": tempo}
        return loss, {name: part.detach() for name, part in parts.items()}


def tempo_loss(logits: Tensor, bpm: Tensor) -> Tensor:
    """Cross entropy of logits [B, K, N] with tempos [B, N], spread over neighbouring classes; BPM 0 does not count."""
    known = bpm > 0
    position = torch.log(bpm.clamp(LOWEST_BPM, HIGHEST_BPM) / LOWEST_BPM) / STEP
    classes = torch.arange(N_CLASSES, device=logits.device)
    away = rearrange(classes, "k -> 1 k 1") - rearrange(position, "b n -> b 1 n")
    target = F.softmax(-0.5 * (away / SPREAD).square(), dim=1)  # [B, K, N]
    loss = -(target * F.log_softmax(logits, dim=1)).sum(dim=1)
    return mean_where(loss, known.float())
