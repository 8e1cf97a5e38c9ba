"""Another first stage than the package's own, as its author would write it."""

import torch
from torch import Tensor, nn

from mug.firststage.fingerprint import digest
from mug.firststage.first_stage import DiagonalGaussian, FirstStage
from mug.firststage.losses import ManiaReconstructLoss


class ToyFirstStage(FirstStage):
    """One convolution down, one up; latents without any noise."""

    def __init__(self, keys: int, z_channels: int) -> None:
        super().__init__()
        self.keys, self.z_channels, self.factor = keys, z_channels, 2
        self.down = nn.Conv1d(4 * keys, z_channels, 2, stride=2)
        self.up = nn.ConvTranspose1d(z_channels, 4 * keys, 2, stride=2)
        self.loss = ManiaReconstructLoss()

    def encode(self, note: Tensor, lengths: Tensor | None = None) -> DiagonalGaussian:
        mean = self.down(note)
        return DiagonalGaussian(torch.cat([mean, torch.full_like(mean, -10.0)], dim=1))

    def decode(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.up(z)

    def fingerprint(self, length_multiple: int) -> str:
        return digest(f"toy {length_multiple}", self.down.state_dict())
