"""A variational autoencoder of piano rolls: convolutions over pitch and time, GRUs over time.

It has a plane for where notes start and one for where they sound, each a question of yes or no: one plane of three
levels (silence, sounding, onset) is harder to learn, and its onsets blur.

Axes: B batch, R planes, P pitches, T frames, C channels, Z latent channels, L latent frames.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mug.errors import ConfigError
from mug.firststage.divergence import Divergence
from mug.firststage.first_stage import DiagonalGaussian
from mug.model.network_node import ConfiguredNetwork
from mug.music.piano_roll import ACTIVE, OFFSET, ONSET, RollCodec
from mug.roll_vae.losses import balanced_mse, focal_loss

GROUPS = 4  # of the normalisation
RARE = -3.0  # a cell's first logit: nearly all are silent (Lin et al. 2017, section 4.1)


class Block(nn.Module):
    """Convolution, normalisation, ReLU, in this order. Groups, not batches: an averaged network has no batch."""

    def __init__(self, channels_in: int, channels_out: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1)
        self.norm = nn.GroupNorm(GROUPS, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


class RollEncoder(nn.Module):
    """Planes [B, R, P, T] and the density's embedding [B, E] -> moments [B, 2Z, L].

    Beside what the convolutions make of a latent frame, the GRU sees which keys start, sound and end in it.
    """

    def __init__(
        self, planes: int, pitches: int, channels: Sequence[int], strides: Sequence[tuple[int, int]], hidden: int,
        z_channels: int, embedded: int,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = [planes, *channels]
        self.blocks = nn.ModuleList(
            Block(a, b, stride) for (a, b), stride in zip(pairwise(sizes), strides, strict=True)
        )
        self.factor = math.prod(time for _, time in strides)
        keys = planes * pitches * math.prod(pitch for pitch, _ in strides)
        self.gru = nn.GRU(channels[-1] * pitches + keys + embedded, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, 2 * z_channels)

    def forward(self, x: Tensor, density: Tensor) -> Tensor:
        keys = F.max_pool2d(x, (1, self.factor)).flatten(1, 2)  # [B, R P, L]
        for block in self.blocks:
            x = block(x)  # [B, C, P', L]
        frames = torch.cat([x.flatten(1, 2), keys], dim=1).transpose(1, 2)  # [B, L, C P' + R P]
        h, _ = self.gru(_with(frames, density))
        return self.out(h).transpose(1, 2)


class RollDecoder(nn.Module):
    """Latents [B, Z, L] and the density's embedding [B, E] -> logits [B, R, P, T].

    Where notes sound is found first; where they start and end, from that and what it was found from. For each
    key and latent frame the GRU also gives a logit of its own: it says which keys there are, and the last convolutions,
    which see it and add to it, when.
    """

    def __init__(
        self, planes: int, pitches: int, channels: Sequence[int], strides: Sequence[tuple[int, int]], hidden: int,
        z_channels: int, embedded: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pitches, self.strides = pitches, tuple(reversed(strides))
        self.gru = nn.GRU(z_channels + embedded, hidden, num_layers=2, batch_first=True, bidirectional=True)
        self.spread = nn.Linear(2 * hidden, channels[-1] * pitches)
        sizes = [*reversed(channels), channels[0] // 2]  # few where there are many cells: they cost the most
        self.blocks = nn.ModuleList(Block(a, b) for a, b in pairwise(sizes))
        self.n_keys = pitches * math.prod(pitch for pitch, _ in strides)
        self.factor = math.prod(time for _, time in strides)
        self.keys = nn.Linear(2 * hidden, planes * self.n_keys)
        seen = sizes[-1] + planes
        self.active = nn.Conv2d(seen, 1, 3, padding=1)
        self.edges = nn.Conv2d(seen + 1, planes - 1, 3, padding=1)  # onset, and offset if there is one
        for head in (self.active, self.edges):
            nn.init.constant_(head.bias, RARE)  # type: ignore[arg-type]

    def forward(self, z: Tensor, density: Tensor) -> Tensor:
        h, _ = self.gru(_with(z.transpose(1, 2), density))  # [B, L, 2 hidden]
        x = self.spread(h).transpose(1, 2).unflatten(1, (-1, self.pitches))  # [B, C, P', L]
        for block, stride in zip(self.blocks, self.strides, strict=True):
            x = block(F.interpolate(x, scale_factor=stride, mode="nearest"))
        keys = self.keys(h).transpose(1, 2).unflatten(1, (-1, self.n_keys))  # [B, R, P, L]
        keys = F.interpolate(keys, scale_factor=(1, self.factor), mode="nearest")
        x = torch.cat([x, keys], dim=1)
        active = keys[:, :1] + self.active(x)
        edges = keys[:, 1:] + self.edges(torch.cat([x, active.sigmoid()], dim=1))
        return torch.cat([edges[:, :1], active, edges[:, 1:]], dim=1)


class RollVAE(ConfiguredNetwork):
    """Rolls [B, 3, P, T] to latents [B, Z, L] and back.

    roll: their layout, params of mug.music.piano_roll.RollCodec.
    channels, strides: of the encoder's convolutions, and in reverse of the decoder's; a stride is (pitch, time).
    hidden: size of the GRUs. z_channels: Z.
    offset_head: also learn where notes end, or they fade out.
    agree: the probability of an onset is at most that of sounding, by construction.
    density_edges: edges between classes of density, in notes a second; the network is told a roll's class, so that it
    need not average easy and hard pieces. Empty: it is not told.
    gamma: of the focal loss. mse_weight: of the frequency-weighted squared error.
    kl_weight, kl_warm_up_steps, free_bits: see mug.firststage.divergence.Divergence; the bits are per latent element.
    """

    edges: Tensor

    def __init__(
        self,
        roll: Mapping[str, Any] | None = None,
        channels: Sequence[int] = (16, 32, 48),
        strides: Sequence[Sequence[int]] = ((2, 2), (2, 2), (2, 3)),
        hidden: int = 192,
        z_channels: int = 32,
        offset_head: bool = True,
        agree: bool = True,
        density_edges: Sequence[float] = (),
        density_channels: int = 8,
        gamma: float = 2.0,
        mse_weight: float = 1.0,
        kl_weight: float = 0.01,
        kl_warm_up_steps: int = 0,
        free_bits: float = 0.0,
    ) -> None:
        super().__init__()
        self.codec = RollCodec(**(roll or {}))
        pitches = self.codec.pitches
        self.factor = math.prod(time for _, time in strides)
        squeezed = math.prod(pitch for pitch, _ in strides)
        fits = not pitches % squeezed and not self.codec.frames % self.factor and len(channels) == len(strides)
        if not fits or any(size % GROUPS for size in (*channels, channels[0] // 2)):
            raise ConfigError(
                f"{pitches} pitches, {self.codec.frames} frames, channels {list(channels)}, strides {list(strides)}: "
                f"need a stride for each of the channels, which are multiples of {GROUPS} (the first of {2 * GROUPS}), "
                "and pitches and frames that the strides divide"
            )
        self.planes, self.z_channels, self.agree = 2 + offset_head, z_channels, agree
        self.gamma, self.mse_weight = gamma, mse_weight
        self.divergence = Divergence(kl_weight, kl_warm_up_steps, free_bits)
        self.register_buffer("edges", torch.tensor(list(density_edges), dtype=torch.float32), persistent=False)
        embedded = density_channels if len(density_edges) else 0
        self.density = nn.Embedding(len(density_edges) + 1, embedded) if embedded else None
        pairs = [(int(pitch), int(time)) for pitch, time in strides]
        sizes: Any = (self.planes, pitches // squeezed, channels, pairs, hidden, z_channels, embedded)
        self.encoder = RollEncoder(*sizes)
        self.decoder = RollDecoder(*sizes)

    def encode(self, roll: Tensor, density: Tensor) -> DiagonalGaussian:
        """The distribution of the latents of rolls [B, 3, P, T]. density [B, 1]: notes a second.

        Raises ValueError unless T is a multiple of `factor`.
        """
        if roll.shape[3] % self.factor:
            raise ValueError(f"expected a multiple of {self.factor} frames, got {roll.shape[3]}")
        return DiagonalGaussian(self.encoder(roll[:, : self.planes], self._embedded(density)))

    def decode(self, z: Tensor, density: Tensor) -> Tensor:
        """Logits [B, R, P, T] of onset, active and, with an offset head, offset, of latents [B, Z, L]."""
        logits = self.decoder(z, self._embedded(density))
        if not self.agree:
            return logits
        both = product_logit(logits[:, :1], logits[:, 1:2])
        return torch.cat([both, logits[:, 1:]], dim=1)

    def losses(
        self, logits: Tensor, roll: Tensor, posterior: DiagonalGaussian, step: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of logits [B, R, P, T] for rolls [B, 3, P, T], and what is logged. step: see Divergence.loss."""
        logits = logits.float()
        parts = {
            "onset_loss": focal_loss(logits[:, ONSET], roll[:, ONSET], self.gamma),
            "active_loss": focal_loss(logits[:, ACTIVE], roll[:, ACTIVE], self.gamma),
        }
        if self.planes > OFFSET:
            parts["offset_loss"] = focal_loss(logits[:, OFFSET], roll[:, OFFSET], self.gamma)
        probabilities = logits.sigmoid()
        both = probabilities[:, ONSET] + probabilities[:, ACTIVE]
        parts["mse"] = balanced_mse(both, roll[:, ONSET] + roll[:, ACTIVE])
        kl = posterior.kl()
        loss = sum(value for name, value in parts.items() if name != "mse") + self.mse_weight * parts["mse"]
        log = {name: value.detach() for name, value in parts.items()}
        return loss + self.divergence.loss(kl, step), {**log, "kl": kl.detach().mean()}

    def _embedded(self, density: Tensor) -> Tensor:
        """The embedding of densities [B, 1], [B, E]; without edges E is 0."""
        if self.density is None:
            return density.new_zeros(len(density), 0)
        embedded: Tensor = self.density(torch.bucketize(density[:, 0], self.edges, right=True))
        return embedded


def product_logit(a: Tensor, b: Tensor) -> Tensor:
    """The logit of sigmoid(a) * sigmoid(b): -log(e^-a + e^-b + e^-(a + b))."""
    return -torch.logsumexp(torch.stack([-a, -b, -(a + b)]), dim=0)


def _with(frames: Tensor, density: Tensor) -> Tensor:
    """Frames [B, L, C], each with the density's embedding [B, E] beside it."""
    return torch.cat([frames, density[:, None].expand(-1, frames.shape[1], -1)], dim=2)
