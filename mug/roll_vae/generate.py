"""What a trained RollVAE makes: pieces reconstructed, drawn from noise, and on the way from one to another.

Axes: B segments, R planes, P pitches, T frames, Z latent channels, L latent frames, N notes.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mug.errors import MugError
from mug.model.interpolation import between
from mug.music.note import ordered
from mug.music.piano_roll import ONSET
from mug.music.roll_decoding import RollDecoding
from mug.roll_vae.lit_roll_vae import notes_of_logits
from mug.roll_vae.network import RollVAE
from mug.seeding import generator_of

BATCH = 8  # segments at a time


@torch.no_grad()
def reconstruct(network: RollVAE, notes: np.ndarray, how: RollDecoding | None = None) -> np.ndarray:
    """A piece, NOTE [N], through the latents of its segments: the notes that come back, at the same times.

    A note that the end of a segment cuts is as long as its head.
    """
    spans = network.codec.spans_of(notes)
    frames = network.codec.frames
    found: list[np.ndarray] = []
    starts = [int(part) * frames for part in np.unique(spans[:, 1] // frames)]
    for first in range(0, len(starts), BATCH):
        some = starts[first : first + BATCH]
        rolls = torch.from_numpy(np.stack([network.codec.planes_of(spans, start) for start in some]))
        density = densities(network, rolls)
        decoded = notes_of_logits(network.decode(network.encode(rolls, density).mode(), density), how)
        found += [part + np.array([0, start, start]) for part, start in zip(decoded, some, strict=True)]
    together = np.concatenate(found) if found else np.zeros((0, 3), dtype=np.int64)
    return ordered(network.codec.notes_of(together))


@torch.no_grad()
def sample(
    network: RollVAE, count: int, density: float, seed: int, temperature: float = 1.0, how: RollDecoding | None = None
) -> Iterator[np.ndarray]:
    """Yield `count` segments as notes, each drawn from noise of its own.

    density: notes a second that are asked for. temperature: deviation of the noise; below 1 is closer to the average.
    """
    shape = (1, network.z_channels, network.codec.frames // network.factor)
    for number in range(count):
        z = temperature * torch.randn(shape, generator=generator_of(seed, number))
        (spans,) = notes_of_logits(network.decode(z, torch.full((1, 1), density)), how)
        yield network.codec.notes_of(spans)


@torch.no_grad()
def interpolate(
    network: RollVAE, one: np.ndarray, other: np.ndarray, steps: int, how: RollDecoding | None = None
) -> Iterator[np.ndarray]:
    """Yield `steps` segments as notes, from the first one of `one` to the first one of `other`, NOTE [N] each."""
    if steps < 2:
        raise MugError(f"--steps {steps}: give 2 or more, the two ends included")
    rolls = torch.from_numpy(np.stack([_first_roll(network, notes) for notes in (one, other)]))
    density = densities(network, rolls)
    latents = network.encode(rolls, density).mode()
    for share in np.linspace(0.0, 1.0, steps).tolist():
        z = between(latents[0], latents[1], share)
        between_density = (1 - share) * density[:1] + share * density[1:]
        (spans,) = notes_of_logits(network.decode(z[None], between_density), how)
        yield network.codec.notes_of(spans)


def densities(network: RollVAE, rolls: Tensor) -> Tensor:
    """Notes a second of rolls [B, 3, P, T], [B, 1]."""
    seconds = network.codec.frames * network.codec.frame_ms / 1000
    return rolls[:, ONSET].sum(dim=(1, 2))[:, None] / seconds


def _first_roll(network: RollVAE, notes: np.ndarray) -> np.ndarray:
    """The roll of the segment that begins with a piece's first note."""
    spans = network.codec.spans_of(notes)
    if not len(spans):
        raise MugError("a piece has no note of the model's pitches; give another")
    return network.codec.planes_of(spans, int(spans[0, 1]))
