"""A variational autoencoder between note planes and a short, smooth latent: the first stage of every shipped model.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mug.config import check_params, instantiate_from_config
from mug.data.note_codec import N_PLANES
from mug.errors import ConfigError
from mug.firststage.divergence import Divergence
from mug.firststage.fingerprint import digest
from mug.firststage.first_stage import DiagonalGaussian, FirstStage
from mug.model.blocks import Downsample, Level, MiddleBlocks, ResnetBlock, Upsample, check_input, group_norm
from mug.model.masking import level_masks, masked, rising_masks


class Encoder(nn.Module):
    """Note planes [B, x_channels, T] -> moments [B, 2 z_channels, T / factor], factor = 2^(levels - 1)."""

    def __init__(
        self,
        x_channels: int,
        middle_channels: int,
        z_channels: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
    ) -> None:
        super().__init__()
        self.x_channels = x_channels
        self.factor = 2 ** (len(channel_mult) - 1)
        self.conv_in = nn.Conv1d(x_channels, middle_channels, 3, padding=1)
        channels = middle_channels
        self.down = nn.ModuleList()
        for level, mult in enumerate(channel_mult):
            blocks: list[nn.Module] = []
            for _ in range(num_res_blocks):
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups))
                channels = middle_channels * mult
            is_last = level == len(channel_mult) - 1
            self.down.append(Level(blocks, downsample=None if is_last else Downsample(channels)))
        self.mid = MiddleBlocks(channels, channels, num_groups)
        self.norm_out = group_norm(channels, num_groups)
        self.conv_out = nn.Conv1d(channels, 2 * z_channels, 3, padding=1)

    def forward(self, note: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` [B]: note frames of each song, multiples of `factor`. Frames beyond them have no effect."""
        check_input(note, self.x_channels, self.factor, "the first stage's encoder", lengths)
        masks = level_masks(lengths, note.shape[2], len(self.down))
        h = self.conv_in(masked(note, masks[0]))  # [B, C, T]
        for level, mask in zip(self.down, masks, strict=True):
            h = level(h, mask)
        h = self.mid(h, masks[-1])  # [B, C, L]
        return self.conv_out(F.silu(self.norm_out(h, masks[-1])))


class Decoder(nn.Module):
    """Latent [B, z_channels, L] -> logits and raw offsets of the note planes [B, x_channels, L * factor]."""

    def __init__(
        self,
        x_channels: int,
        middle_channels: int,
        z_channels: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
    ) -> None:
        super().__init__()
        self.z_channels = z_channels
        channels = middle_channels * channel_mult[-1]
        self.conv_in = nn.Conv1d(z_channels, channels, 3, padding=1)
        self.mid = MiddleBlocks(channels, channels, num_groups)
        levels: list[Level] = []
        for level, mult in reversed(list(enumerate(channel_mult))):
            blocks: list[nn.Module] = []
            for _ in range(num_res_blocks + 1):
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups))
                channels = middle_channels * mult
            levels.append(Level(blocks, upsample=Upsample(channels) if level else None))
        self.up = nn.ModuleList(reversed(levels))  # numbered like the encoder's levels: 0 is the finest
        self.norm_out = group_norm(channels, num_groups)
        self.conv_out = nn.Conv1d(channels, x_channels, 3, padding=1)

    def forward(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` [B]: latent frames of each song. Frames beyond them have no effect."""
        check_input(z, self.z_channels, 1, "the first stage's decoder", lengths)
        masks = rising_masks(lengths, z.shape[2], len(self.up))
        h = self.mid(self.conv_in(masked(z, masks[0])), masks[0])  # [B, C, L]
        for level, mask in zip(reversed(self.up), masks, strict=True):
            h = level(h, mask)
        return self.conv_out(F.silu(self.norm_out(h, masks[-1])))  # [B, 4K, T]


class AutoencoderKL(FirstStage):
    """Charts to latents and back, trained on a ManiaReconstructLoss plus `kl_weight` times the KL divergence.

    kl_weight, kl_warm_up_steps, free_bits: see Divergence; the bits are per latent element.
    ddconfig: the parameters of Encoder and Decoder (x_channels = 4 * keys). lossconfig: a node of target and params.
    scale: latents are multiplied by it. Training parameters: see mug.model.network_node.TrainingParams.
    """

    def __init__(
        self,
        ddconfig: Mapping[str, Any],
        lossconfig: Mapping[str, Any],
        kl_weight: float = 0.0,
        kl_warm_up_steps: int = 0,
        free_bits: float = 0.0,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        check_params(Encoder, ddconfig, where="ddconfig")
        if not ddconfig["channel_mult"] or ddconfig["x_channels"] % N_PLANES:
            raise ConfigError(f"ddconfig: expected a channel_mult and x_channels = 4 * keys, got {dict(ddconfig)}")
        self.encoder = Encoder(**ddconfig)
        self.decoder = Decoder(**ddconfig)
        self.loss = instantiate_from_config(lossconfig, "lossconfig", nn.Module)
        self.divergence = Divergence(kl_weight, kl_warm_up_steps, free_bits)
        self.keys = ddconfig["x_channels"] // N_PLANES
        self.z_channels = ddconfig["z_channels"]
        self.factor = self.encoder.factor
        self.scale = scale

    def encode(self, note: Tensor, lengths: Tensor | None = None) -> DiagonalGaussian:
        return DiagonalGaussian(self.encoder(note, lengths), self.scale)

    def decode(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.decoder(z / self.scale, lengths)

    def latent_loss(
        self, posterior: DiagonalGaussian, mask: Tensor | None, step: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted KL divergence above the free bits. Validation and test (step None) use the full weight."""
        kl = posterior.kl(mask)
        return self.divergence.loss(kl, step), {"kl": kl.detach().mean()}

    def fingerprint(self, length_multiple: int) -> str:
        groups = self.encoder.norm_out.num_groups  # the only setting that the weights do not show
        return digest(f"{self.scale} {length_multiple} {groups}", self.encoder.state_dict())
