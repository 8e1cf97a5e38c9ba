"""The hierarchical recurrent autoencoder of MusicVAE as a first stage: one latent frame for several measures.

Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music", 2018.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from mug.config import instantiate_from_config
from mug.data.note_codec import N_PLANES
from mug.errors import ConfigError
from mug.firststage.fingerprint import digest
from mug.firststage.first_stage import DiagonalGaussian, FirstStage
from mug.model.blocks import check_input
from mug.music_vae.decoders import Conductor, InitialState, make_lstm

FIRST_DEVIATION = 0.1  # of the latents of an untrained encoder


class Encoder(nn.Module):
    """A clip's note planes [N, S, 4K] -> the moments of its latent [N, 2Z]: a bidirectional LSTM."""

    def __init__(self, x_channels: int, n_frames: int, hidden_size: int, z_channels: int) -> None:
        super().__init__()
        self.lstm = make_lstm(x_channels, hidden_size, n_frames, bidirectional=True)
        self.moments = nn.Linear(2 * hidden_size, 2 * z_channels)
        # As in mug.music_vae.music_vae: clips begin about 1 apart, and the noise well below that.
        nn.init.normal_(self.moments.weight[:z_channels], std=3 * (2 * hidden_size) ** -0.5)
        nn.init.constant_(self.moments.bias[z_channels:], 2 * math.log(FIRST_DEVIATION))

    def forward(self, clips: Tensor) -> Tensor:
        _, (last, _) = self.lstm(clips)
        return self.moments(torch.cat([last[0], last[1]], dim=1))


class Decoder(nn.Module):
    """The latent of a clip [N, Z] -> logits and raw offsets of its note planes [N, S, 4K].

    The steps see the context of their part alone, not each other.
    """

    def __init__(
        self, x_channels: int, z_channels: int, level_lengths: Sequence[int], hidden_size: int, num_layers: int
    ) -> None:
        super().__init__()
        *parts, self.part_length = level_lengths
        context = hidden_size if parts else z_channels
        self.conductor = Conductor(z_channels, parts[0], hidden_size, num_layers) if parts else None
        self.start = InitialState(context, hidden_size, num_layers)
        self.lstm = make_lstm(context, hidden_size, self.part_length, num_layers)
        self.out = nn.Linear(hidden_size, x_channels)

    def forward(self, z: Tensor) -> Tensor:
        contexts = z if self.conductor is None else self.conductor(z).flatten(0, 1)  # [N * parts, C]
        hidden, _ = self.lstm(contexts[:, None].expand(-1, self.part_length, -1), self.start(contexts))
        return rearrange(self.out(hidden), "(n parts) s c -> n (parts s) c", n=len(z))


class RecurrentVAE(FirstStage):
    """Clips of some measures to one latent frame each, and back.

    level_lengths: [4, 32] decodes clips of 128 note frames in four parts under a conductor, [128] by one LSTM.
    encoder_size, decoder_size, decoder_layers: of the LSTMs. lossconfig: a node of target and params. kl_weight: the
    weight of the KL divergence, averaged over the latent's elements, beyond `free_bits` an element.
    """

    def __init__(
        self,
        keys: int,
        lossconfig: Mapping[str, Any],
        level_lengths: Sequence[int] = (4, 32),
        z_channels: int = 256,
        encoder_size: int = 512,
        decoder_size: int = 256,
        decoder_layers: int = 2,
        kl_weight: float = 0.0,
        free_bits: float = 0.0,
    ) -> None:
        super().__init__()
        if not 1 <= len(level_lengths) <= 2 or min(level_lengths) < 1:
            raise ConfigError(f"level_lengths {list(level_lengths)}: give [frames], or [parts, frames of a part]")
        x_channels = N_PLANES * keys
        self.keys, self.z_channels, self.factor = keys, z_channels, math.prod(level_lengths)
        self.encoder = Encoder(x_channels, self.factor, encoder_size, z_channels)
        self.decoder = Decoder(x_channels, z_channels, level_lengths, decoder_size, decoder_layers)
        self.loss = instantiate_from_config(lossconfig, "lossconfig", nn.Module)
        self.kl_weight = kl_weight
        self.free_nats = free_bits * math.log(2)

    def encode(self, note: Tensor, lengths: Tensor | None = None) -> DiagonalGaussian:
        check_input(note, N_PLANES * self.keys, self.factor, "the first stage's encoder", lengths)
        moments = self.encoder(rearrange(note, "b c (l s) -> (b l) s c", s=self.factor))
        return DiagonalGaussian(rearrange(moments, "(b l) z -> b z l", b=len(note)))

    def decode(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        check_input(z, self.z_channels, 1, "the first stage's decoder", lengths)
        return rearrange(self.decoder(rearrange(z, "b z l -> (b l) z")), "(b l) s c -> b c (l s)", b=len(z))

    def latent_loss(
        self, posterior: DiagonalGaussian, mask: Tensor | None, step: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        kl = posterior.kl(mask)
        return self.kl_weight * (kl - self.free_nats).clamp(min=0).mean(), {"kl": kl.detach().mean()}

    def fingerprint(self, length_multiple: int) -> str:
        return digest(f"recurrent {length_multiple} {self.factor}", self.encoder.state_dict())
