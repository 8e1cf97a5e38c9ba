"""The interface of a first stage: everything that stage 2, checkpoints and BeatmapLogger use.

To add a first stage, write a file with a subclass of FirstStage, a line in FIRST_STAGES, and a YAML that names it.

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

FIRST_STAGES = (  # those that an untrusted checkpoint may build
    "mug.firststage.autoencoder.AutoencoderKL",
    "mug.firststage.recurrent.RecurrentVAE",
)


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
        """A random latent [B, Z, L]. generator: one, or one per item; None uses torch's global generator."""
        return self.scale * (self.mean + self.std * noise_like(self.mean, generator))

    def kl(self, mask: Tensor | None = None) -> Tensor:
        """KL divergence from the standard normal of each item [B], averaged over elements.

        Kingma & Welling 2014, appendix B. Only the frames where mask [B, 1, L] is True count.
        """
        return masked_mean(0.5 * (self.mean.square() + self.logvar.exp() - 1 - self.logvar), mask)


class FirstStage(ConfiguredNetwork, ABC):
    """Note planes [B, 4K, T] to latents [B, Z, T / factor] and back.

    keys: K. z_channels: Z. factor: note frames per latent frame. loss: takes reconstructed note planes [B, 4K, T] (as
    logits and raw offsets), the true planes [B, 4K, T] and valid_flag [B, T]; returns a scalar and the values to log.
    mug.firststage.lit_autoencoder.LitAutoencoder trains any first stage.
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
        """A string that differs between first stages whose latents differ, see mug.firststage.fingerprint.

        length_multiple: songs' latent frames are rounded up to a multiple of it before they are encoded.
        """

    def latent_loss(
        self, posterior: DiagonalGaussian, mask: Tensor | None, step: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss term of the latent distribution and the values to log; 0 and none by default.

        mask [B, 1, L]: the frames inside each song. step: the optimiser's; None in validation and test.
        """
        return posterior.mean.new_zeros(()), {}

    def forward(
        self, note: Tensor, generator: Generators | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, DiagonalGaussian]:
        """Return the reconstruction [B, 4K, T] and the distribution of latents.

        It decodes the most probable latent, or one drawn with `generator`. `lengths` [B]: note frames of each song, in
        multiples of `factor`.
        """
        posterior = self.encode(note, lengths)
        z = posterior.mode() if generator is None else posterior.sample(generator)
        return self.decode(z, None if lengths is None else lengths // self.factor), posterior

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Note frames of each song of a batch [B]; None if all fill the window."""
        return whole_lengths(batch.get("n_frames"), self.factor * LENGTH_MULTIPLE, batch["note"].shape[2])
