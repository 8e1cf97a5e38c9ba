"""Fits the estimate of Etterna's ratings (MSD) by backpropagating through the goal seek.

The numpy code of mug/ratings/msd/estimate.py is used at run time; this is the same for batches of charts in torch.

Axes: B charts, S skillsets, H hands (2), I intervals, F features, C channels.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mug.ratings.msd import goal_seek
from mug.ratings.msd.estimate import (
    ALLOWED_LOSS,
    BY_INTERVAL,
    EXTREME,
    HIGHEST,
    JACKS_IN_TECHNICAL,
    LEAST_LOSS,
    LOG_RANGE,
    MOST_JACKS_IN_TECHNICAL,
    TECHNICAL,
    Network,
)
from mug.ratings.msd.intervals import intervals_of
from mug.ratings.msd.jacks import jacks_of
from mug.ratings.msd.rating import MSD_NAMES
from mug.ratings.msd.reference import RATED, REAL, SYNTHETIC, Reference
from mug.ratings.msd.rows import rows_of

CHANNELS = 24
LEARNING_RATE, WEIGHT_DECAY = 4e-3, 0.02
WEIGHTS = {SYNTHETIC: 1.0, RATED: 0.6, REAL: 3.0}
BATCH_CHARTS, BATCH_INTERVALS = 48, 9000
FIRST_FACTORS = (0.8, 0.65, 0.55, 0.55, 0.4, 0.35)  # approximate averages: of BY_INTERVAL, and of speed
TARGETS = [MSD_NAMES.index(name) for name in BY_INTERVAL]
SKILL_GRID = np.arange(0.0, 61.0)  # skills at which the jacks' loss is tabulated
ABOVE_CAP = 0.02  # share of the rating above the cap that is kept, so that there is a gradient


class Item(NamedTuple):
    """A chart's data for the fit."""

    notes: np.ndarray  # [H, I]
    base: np.ndarray  # [H, I]
    speed: np.ndarray  # [H, I]
    hand: np.ndarray  # [H, I, F]
    both: np.ndarray  # [I, F]
    jack_loss: np.ndarray  # at SKILL_GRID
    length_factor: float
    target: np.ndarray  # [S]
    weight: float


def item_of(reference: Reference) -> Item:
    rows = rows_of(reference.column, reference.start_ms)
    intervals = intervals_of(rows, reference.rate)
    jacks, _ = jacks_of(rows, reference.rate)
    loss = np.array([goal_seek.jack_loss(jacks, skill) for skill in SKILL_GRID], dtype=np.float32)
    factor = goal_seek.length_factor(rows.time_ms[-1] / reference.rate / 1000)
    notes, base, speed, hand, both = (array.astype(np.float32) for array in intervals)
    target, weight = reference.msd[TARGETS], WEIGHTS[reference.source]
    return Item(notes, base, speed, hand, both, loss, factor, target, weight)


class Batch(NamedTuple):
    """Items padded to the longest."""

    notes: Tensor  # [B, H, I]
    base: Tensor
    speed: Tensor
    hand: Tensor  # [B, H, I, F]
    both: Tensor  # [B, I, F]
    jack_loss: Tensor  # [B, skills]
    length_factor: Tensor  # [B]
    target: Tensor  # [B, S]
    weight: Tensor  # [B]

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Batch":
        longest = max(item.both.shape[0] for item in items)
        padded = []
        for name, axis in (("notes", 1), ("base", 1), ("speed", 1), ("hand", 1), ("both", 0)):
            arrays = [getattr(item, name) for item in items]
            shape = list(arrays[0].shape)
            shape[axis] = longest
            whole = np.zeros((len(items), *shape), dtype=np.float32)
            for row, array in zip(whole, arrays, strict=True):
                row[tuple(slice(size) for size in array.shape)] = array
            padded.append(torch.from_numpy(whole))
        rest = [np.array([getattr(item, name) for item in items], dtype=np.float32) for name in Item._fields[5:]]
        return cls(*padded, *(torch.from_numpy(array) for array in rest))


class FactorNetwork(nn.Module):
    """The factors of each interval, as `Network` computes them."""

    hand_mean: Tensor
    hand_scale: Tensor
    both_mean: Tensor
    both_scale: Tensor

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__()
        hand = np.concatenate([item.hand[item.notes > 0] for item in items])
        both = np.concatenate([item.both for item in items])
        for name, features in (("hand", hand), ("both", both)):
            self.register_buffer(f"{name}_mean", torch.from_numpy(features.mean(axis=0)))
            self.register_buffer(f"{name}_scale", torch.from_numpy(features.std(axis=0) + 0.02))
        self.hand = nn.Linear(hand.shape[1], CHANNELS + len(FIRST_FACTORS))
        self.both = nn.Linear(both.shape[1], CHANNELS + len(FIRST_FACTORS), bias=False)
        self.hidden = nn.Linear(CHANNELS, CHANNELS)
        self.out = nn.Linear(CHANNELS, len(FIRST_FACTORS))
        nn.init.zeros_(self.out.weight)
        for straight in (self.hand.weight, self.hand.bias, self.both.weight):
            straight.data[CHANNELS:] = 0
        self.out.bias.data = torch.tensor(FIRST_FACTORS).log()

    def forward(self, hand: Tensor, both: Tensor) -> Tensor:
        """Return [B, S + 1, H, I]."""
        of_hand = self.hand(((hand - self.hand_mean) / self.hand_scale).clamp(-EXTREME, EXTREME))
        of_both = self.both(((both - self.both_mean) / self.both_scale).clamp(-EXTREME, EXTREME))
        summed = of_hand + of_both[:, None]
        hidden = functional.silu(self.hidden(functional.silu(summed[..., :CHANNELS])))
        factor = (self.out(hidden) + summed[..., CHANNELS:]).clamp(*LOG_RANGE).exp().permute(0, 3, 1, 2)
        count = torch.arange(1, factor.shape[-1] + 1).clamp_max(3)
        padded = functional.pad(factor, (2, 0))
        return (padded[..., 2:] + padded[..., 1:-1] + padded[..., :-2]) / count

    def exported(self) -> Network:
        """Return the weights in the shipped form."""
        tensors = {
            "hand_mean": self.hand_mean,
            "hand_scale": self.hand_scale,
            "both_mean": self.both_mean,
            "both_scale": self.both_scale,
            "hand_weight": self.hand.weight.T,
            "both_weight": self.both.weight.T,
            "bias": self.hand.bias,
            "hidden_weight": self.hidden.weight.T,
            "hidden_bias": self.hidden.bias,
            "out_weight": self.out.weight.T,
            "out_bias": self.out.bias,
        }
        return Network(**{name: tensor.detach().numpy().astype(np.float32) for name, tensor in tensors.items()})


def skills(network: FactorNetwork, batch: Batch) -> Tensor:
    """Return [B, S]: the ratings of BY_INTERVAL, with gradients."""
    factor = network(batch.hand, batch.both)
    by_notes = batch.base[:, None] * factor[:, :-1]
    technical = by_notes[:, TECHNICAL:] + batch.speed[:, None] * factor[:, -1:]
    difficulty = torch.cat([by_notes[:, :TECHNICAL], technical], dim=1)  # [B, S, H, I]
    tiring, allowed, skill = _solve(difficulty.detach(), batch)

    # The gradient of the solution is that of the closed form of its last step.
    weight = (difficulty * tiring).clamp_min(1e-3) ** -goal_seek.POWER
    notes = batch.notes[:, None]
    lost_from = notes * (skill[..., None, None] ** goal_seek.POWER * weight.detach() < 1.0001)
    kept = allowed * notes.sum(dim=(2, 3))
    power = (lost_from.sum(dim=(2, 3)) - kept) / ((lost_from * weight).sum(dim=(2, 3)) + 1e-12)
    rating = power.clamp_min(1e-4) ** (1 / goal_seek.POWER)
    seen = torch.minimum(rating, HIGHEST + ABOVE_CAP * (rating - HIGHEST))
    return seen * batch.length_factor[:, None]


def _solve(difficulty: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return values without gradient: tiredness [B, S, H, I], allowed loss [B, S] and skill [B, S]."""
    hard = difficulty.double().numpy()
    notes = batch.notes.double().numpy()
    weights = np.broadcast_to(notes.reshape(len(notes), 1, -1), (*hard.shape[:2], hard.shape[2] * hard.shape[3]))
    allowed = np.broadcast_to(ALLOWED_LOSS, hard.shape[:2]).copy()

    def seek(values: np.ndarray) -> np.ndarray:
        return goal_seek.seek(values.reshape(weights.shape), weights, allowed)

    rested = seek(hard)
    points = 2 * notes.sum(axis=(1, 2))
    for row, (table, skill) in enumerate(zip(batch.jack_loss.numpy(), rested[:, TECHNICAL], strict=True)):
        lost = np.interp(JACKS_IN_TECHNICAL * skill, SKILL_GRID, table)
        share = min(np.sqrt(lost) / points[row], MOST_JACKS_IN_TECHNICAL)
        allowed[row, TECHNICAL] = max(ALLOWED_LOSS[TECHNICAL] - share, LEAST_LOSS)
    rested[:, TECHNICAL] = goal_seek.seek(
        hard[:, TECHNICAL].reshape(len(hard), -1), weights[:, TECHNICAL], allowed[:, TECHNICAL]
    )
    tired = seek(hard * goal_seek.tiredness(hard, rested))
    tiring = goal_seek.tiredness(hard, tired)
    tired = seek(hard * tiring)
    return torch.from_numpy(tiring).float(), torch.from_numpy(allowed).float(), torch.from_numpy(tired).float()


def loss_of(rating: Tensor, batch: Batch) -> Tensor:
    """Return the mean of smoothed absolute errors, in MSD and relative."""
    error = functional.smooth_l1_loss(rating, batch.target, beta=0.3, reduction="none")
    logs = rating.clamp_min(0.05).log(), batch.target.clamp_min(0.05).log()
    error = error + 2 * functional.smooth_l1_loss(*logs, beta=0.05, reduction="none")
    return (error * batch.weight[:, None]).sum() / batch.weight.sum()


def batches(items: Sequence[Item], generator: np.random.Generator) -> Iterator[list[Item]]:
    """Yield all items once, in batches of similar length, in random order."""
    lengths = np.array([item.both.shape[0] for item in items])
    groups: list[list[int]] = [[]]
    for index in np.argsort(lengths * np.exp(generator.normal(0, 0.1, len(items)))):
        longest = max((lengths[other] for other in groups[-1]), default=0)
        size = len(groups[-1]) + 1
        if size > BATCH_CHARTS or (size > 1 and size * max(longest, lengths[index]) > BATCH_INTERVALS):
            groups.append([])
        groups[-1].append(int(index))
    for group in generator.permutation(len(groups)):
        yield [items[index] for index in groups[group]]


def fit(items: Sequence[Item], epochs: int, seed: int = 0) -> Network:
    """Return the network whose ratings are closest to the items'."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    network = FactorNetwork(items[::4])
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
    steps = sum(1 for _ in batches(items, generator))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=epochs * (steps + steps // 10) + 10, pct_start=0.15
    )
    for _ in range(epochs):
        for batch in map(Batch.of, batches(items, generator)):
            loss = loss_of(skills(network, batch), batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.exported()
