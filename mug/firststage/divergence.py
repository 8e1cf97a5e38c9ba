"""The term of a variational autoencoder's loss that keeps its latents near the standard normal."""

import math
from dataclasses import dataclass

from torch import Tensor

from mug.errors import ConfigError


@dataclass(frozen=True)
class Divergence:
    """How latents are kept near the standard normal.

    weight: of the KL divergence; it grows from 0 over warm_up_steps (Bowman et al., "Generating Sentences from a
    Continuous Space", 2016). free_bits: this much of an item's divergence costs nothing (MusicVAE: Roberts et al.
    2018), in the divergence's own unit: per latent element, if it is a mean over elements.
    """

    weight: float = 0.0
    warm_up_steps: int = 0
    free_bits: float = 0.0

    def __post_init__(self) -> None:
        if self.warm_up_steps < 0 or self.free_bits < 0:
            raise ConfigError(f"kl_warm_up_steps {self.warm_up_steps} and free_bits {self.free_bits} are 0 or more")

    def loss(self, kl: Tensor, step: int | None) -> Tensor:
        """The term, a scalar, of the divergences [B]. step: None in validation and test, which use the full weight."""
        weight = self.weight
        if step is not None and step < self.warm_up_steps:
            weight *= step / self.warm_up_steps
        return weight * (kl - self.free_bits * math.log(2)).clamp(min=0).mean()
