"""The interface of a first stage: all that stage 2, checkpoints and charts of validation songs use.

Another first stage is one file with a subclass of FirstStage, a line in FIRST_STAGES, and a YAML that names it.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mug.model.masking import LENGTH_MULTIPLE, masked_mean, whole_lengths
from mug.model.network_node import ConfiguredNetwork
from mug.seeding import Generators, noise_like

FIRST_STAGES = ("mug.firststage.autoencoder.AutoencoderKL",)  # those that a checkpoint from a stranger may build


class DiagonalGaussian:
    """The distribution of a latent given a chart.

    mean, logvar, std [B, Z, L] are those of the unit-scale latent; `mode` and `sample` multiply by `scale`.
    """

    def __init__(self, moments: Tensor, scale: float = 1.0) -> None:
        """`moments` [B, 2Z, L]: mean, then log variance, which is clamped to [-10, 20]."""
        self.mean, logvar = moments.float().chunk(2, dim=1)
        self.logvar = logvar.clamp(-10.0, 20.0)
        self.std = torch.exp(0.5 * self.logvar)
        self.scale = scale

    def mode(self) -> Tensor:
        """The most probable latent [B, Z, L]."""
        return self.scale * self.mean

    def sample(self, generator: Generators | None = None) -> Tensor:
        """A random latent [B, Z, L] by one generator, or one an item; without any, by torch's seeded one."""
        return self.scale * (self.mean + self.std * noise_like(self.mean, generator))

    def kl(self, mask: Tensor | None = None) -> Tensor:
        """Divergence from the standard normal, averaged over elements, of each item [B].

        Kingma & Welling 2014, appendix B. Only the frames where mask [B, 1, L] is True count.
        """
        return masked_mean(0.5 * (self.mean.square() + self.logvar.exp() - 1 - self.logvar), mask)


class FirstStage(ConfiguredNetwork, ABC):
    """Note planes [B, 4K, T] to latents [B, Z, T / factor] and back.

    keys: K. z_channels: Z. factor: note frames per latent frame. loss: called with logits and raw offsets of note
    planes [B, 4K, T], the planes [B, 4K, T] that they should be, and valid_flag [B, T], it returns a scalar and what to
    log of it. mug.firststage.lit_autoencoder.LitAutoencoder trains any first stage.
    """

    keys: int
    z_channels: int
    factor: int
    loss: nn.Module

    @abstractmethod
    def encode(self, note: Tensor, lengths: Tensor | None = None) -> DiagonalGaussian:
        """Note planes [B, 4K, T] -> distribution of latents [B, Z, T / factor].

        `lengths` [B]: note frames of each song, in multiples of `factor`. Raises ValueError on a wrong shape.
        """

    @abstractmethod
    def decode(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Latent [B, Z, L] -> logits and raw offsets [B, 4K, L * factor].

        `lengths` [B]: latent frames of each song. Raises ValueError on a wrong shape.
        """

    @abstractmethod
    def fingerprint(self, length_multiple: int) -> str:
        """What differs between first stages whose latents differ, see mug.firststage.fingerprint.

        length_multiple: what the latent frames of songs are rounded up to before the encoder sees where they end.
        """

    def latent_loss(
        self, posterior: DiagonalGaussian, mask: Tensor | None, step: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what is added to the loss of a distribution of latents, and what to log of it; here nothing.

        mask [B, 1, L]: where songs are. step: of the optimiser; None in validation and test.
        """
        return posterior.mean.new_zeros(()), {}

    def forward(
        self, note: Tensor, generator: Generators | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, DiagonalGaussian]:
        """Return the reconstruction [B, 4K, T] of the most probable latent, or one drawn by `generator`, and the
        distribution of latents. `lengths` [B]: note frames of each song, in multiples of `factor`.
        """
        posterior = self.encode(note, lengths)
        z = posterior.mode() if generator is None else posterior.sample(generator)
        return self.decode(z, None if lengths is None else lengths // self.factor), posterior

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Note frames of each song of a batch [B]; None where all fill the window."""
        return whole_lengths(batch.get("n_frames"), self.factor * LENGTH_MULTIPLE, batch["note"].shape[2])
