"""What a trained MusicVAE makes: clips from latents, on the way from one to another, and with more of an attribute.

Axes: N clips, S steps, Z latent.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mug.errors import MugError
from mug.model.interpolation import between
from mug.music.drum_attributes import ATTRIBUTES
from mug.music.drum_grid import of_categories
from mug.music_vae.music_vae import MusicVAE

BATCH = 128  # clips at a time


@torch.no_grad()
def latents(network: MusicVAE, clips: np.ndarray) -> Tensor:
    """The most probable latents [N, Z] of clips, categories [N, S]."""
    parts = torch.from_numpy(clips.astype(np.int64)).split(BATCH)
    return torch.cat([network.encode(part).mean for part in parts])


@torch.no_grad()
def written(network: MusicVAE, z: Tensor) -> np.ndarray:
    """The clips of latents [N, Z], each step the likeliest one: categories, int64 [N, S]."""
    return np.concatenate([network.decoder.write(part).cpu().numpy() for part in z.split(BATCH)])


def way(one: Tensor, other: Tensor, steps: int) -> Tensor:
    """The latents [steps, Z] from one to another [Z], both included. Raises MugError for less than 2 steps."""
    if steps < 2:
        raise MugError(f"--steps {steps}: give 2 or more, the two ends included")
    return torch.stack([between(one, other, share) for share in np.linspace(0.0, 1.0, steps).tolist()])


def attribute_vectors(network: MusicVAE, clips: np.ndarray) -> Mapping[str, Tensor]:
    """The vector [Z] of each attribute: the mean latent of the quarter of clips [N, S] that have most of it, minus that
    of the quarter that has least (Roberts et al. 2018, attribute vectors).
    """
    z, quarter = latents(network, clips), max(len(clips) // 4, 1)
    vectors = {}
    for name, value in values_of(clips).items():
        order = np.argsort(value, kind="stable")
        vectors[name] = z[order[-quarter:]].mean(dim=0) - z[order[:quarter]].mean(dim=0)
    return vectors


def values_of(clips: np.ndarray) -> dict[str, np.ndarray]:
    """The values [N] of each attribute of clips [N, S]."""
    grids = [of_categories(clip) for clip in clips]
    return {name: np.array([measure(grid) for grid in grids]) for name, measure in ATTRIBUTES.items()}
