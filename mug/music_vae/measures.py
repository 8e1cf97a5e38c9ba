"""How good a MusicVAE is: on clips that it has not seen, on the way between them, and along attributes.

Axes: N clips, S steps, P pairs of clips, K steps of a way, Z latent.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mug.music_vae.generate import BATCH, latents, values_of, way, written
from mug.music_vae.music_vae import MusicVAE

WAY_STEPS = 11  # of an interpolation
MAX_PAIRS = 100


@dataclass(frozen=True)
class Way:
    """Ways between pairs of clips. Distances are shares of steps that differ, between clips as written.

    in_order: share of moves that get no nearer to the beginning and no farther from the end. largest_move: the mean
    of each way's longest move, as a share of the distance of its ends; 0.1 is even, 1 is a switch. from_first [K]: the
    mean distance from the beginning, as such a share.
    """

    in_order: float
    largest_move: float
    from_first: np.ndarray


@dataclass(frozen=True)
class Shift:
    """An attribute's mean over clips that are written from their latents minus, without and plus its vector.

    right: the share of clips that have more of it with the vector added than with it taken away.
    """

    less: float
    same: float
    more: float
    right: float


@torch.no_grad()
def accuracies(network: MusicVAE, clips: np.ndarray) -> tuple[float, float]:
    """The shares of steps of clips [N, S] that come back: given the true steps before them, and its own."""
    z, truth = latents(network, clips), torch.from_numpy(clips.astype(np.int64))
    parts = zip(z.split(BATCH), truth.split(BATCH), strict=True)
    forced = torch.cat([network.decoder(*part).argmax(dim=2) for part in parts]).numpy()
    return float((forced == clips).mean()), float((written(network, z) == clips).mean())


def commonest_accuracy(clips: np.ndarray, known: np.ndarray) -> float:
    """The share of steps of clips [N, S] that are right if each place has its most frequent category in `known`."""
    guess = np.array([np.bincount(column).argmax() for column in known.T])
    return float((clips == guess).mean())


def way_between(network: MusicVAE, clips: np.ndarray) -> Way:
    """Measure the ways between the first half of clips [N, S] and the second, of at most MAX_PAIRS pairs."""
    half = min(len(clips) // 2, MAX_PAIRS)
    z = latents(network, clips)
    pairs = zip(z[:half], z[len(clips) // 2 :][:half], strict=True)
    ways = written(network, torch.cat([way(one, other, WAY_STEPS) for one, other in pairs]))
    return measured_ways(ways.reshape(half, WAY_STEPS, -1))


def measured_ways(ways: np.ndarray) -> Way:
    """Measure ways, categories [P, K, S]; those whose ends are the same clip are left out. NaN if all are."""
    ways = ways[(ways[:, 0] != ways[:, -1]).any(axis=1)]
    if not len(ways):
        return Way(math.nan, math.nan, np.full(ways.shape[1], math.nan))
    whole = (ways[:, 0] != ways[:, -1]).mean(axis=1)[:, None]  # [P, 1]
    first, last = ((ways != ways[:, end, None]).mean(axis=2) for end in (0, -1))  # [P, K]
    in_order = (np.diff(first) >= 0) & (np.diff(last) <= 0)
    moves = (ways[:, 1:] != ways[:, :-1]).mean(axis=2) / whole
    return Way(float(in_order.mean()), float(moves.max(axis=1).mean()), (first / whole).mean(axis=0))


def shifts(network: MusicVAE, clips: np.ndarray, vectors: Mapping[str, Tensor]) -> dict[str, Shift]:
    """What adding each attribute's vector [Z] to the latents of clips [N, S] does to the attribute."""
    z, found = latents(network, clips), {}
    for name, vector in vectors.items():
        less, same, more = (values_of(written(network, z + amount * vector))[name] for amount in (-1, 0, 1))
        found[name] = Shift(float(less.mean()), float(same.mean()), float(more.mean()), float((more > less).mean()))
    return found
