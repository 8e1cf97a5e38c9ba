"""The noise that samples start from: measures that are alike in the music share theirs, so their notes come again.

A denoiser on an axis of beats writes the same notes for the same music from the same noise, without having been trained
for it. Motifs (mug.data.motifs) say which measures are alike. A measure has all the noise of another, or none of it:
with sqrt(0.8) shared + sqrt(0.2) own noise almost no motif comes again (docs/decisions.md). Mirrored repeats cannot be
had this way, because the autoencoder mixes columns in its channels.

Independent noise averages out over a song. Shared noise does not, and what is left would make the whole chart denser or
sparser (docs/log.md), so each channel is brought back to mean 0 and variance 1.

Axes: Z latent channels, L latent frames.
"""

import torch
from torch import Tensor

from mug.data.motifs import Motifs


def noise_of(seed: int, draw: int, *shape: int) -> Tensor:
    """Return draw number `draw` of Gaussian noise of this shape, from a generator with this seed."""
    return torch.randn(draw + 1, *shape, generator=torch.Generator().manual_seed(seed))[-1]


def motif_noise(seed: int, draw: int, z_channels: int, length: int, motifs: Motifs | None = None) -> Tensor:
    """Return Gaussian noise [Z, L] in which the repeated measures have the noise of their models.

    motifs: with starts in latent frames; None gives independent noise, `noise_of`. Measures of different lengths share
    as far as both go. Every element is normally distributed, and nearly independent of all others outside the measures
    that share it.
    """
    noise = noise_of(seed, draw, z_channels, length)
    if motifs is None:
        return noise
    starts = motifs.starts
    for measure, model in enumerate(motifs.models):  # in order: a model may itself repeat an earlier measure
        if model is None:
            continue
        own, other = starts[measure], starts[model]
        shared = min(starts[measure + 1] - own, starts[model + 1] - other, max(0, length - own))
        noise[:, own : own + shared] = noise[:, other : other + shared]
    return balanced(noise)


def balanced(noise: Tensor) -> Tensor:
    """Noise [Z, L] with mean 0 and variance 1 in each channel over the whole song."""
    return (noise - noise.mean(dim=1, keepdim=True)) / noise.std(dim=1, keepdim=True)
