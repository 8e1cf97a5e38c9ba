"""An estimate of the skillset ratings (MSD) of Etterna's calculator, version 434, for 4K charts. See docs/msd.md.

Axes: N notes, R rates, S skillsets (those of BY_INTERVAL), H hands (2), I intervals, F features, C channels.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mug.ratings.msd import goal_seek
from mug.ratings.msd.intervals import INTERVAL_MS, Intervals, intervals_of
from mug.ratings.msd.jacks import jacks_of
from mug.ratings.msd.rows import HANDS, Rows, rows_of

PARAMETERS_VERSION = 2  # raise it whenever the estimate's numbers change
PARAMETERS_FILE = Path(__file__).with_name("parameters.npz")
BY_INTERVAL = ("stream", "jumpstream", "handstream", "chordjack", "technical")
ALLOWED_LOSS = np.array([0.08, 0.12, 0.12, 0.12, 0.07])  # of the points, for each of BY_INTERVAL
TECHNICAL = BY_INTERVAL.index("technical")
JACKS_IN_TECHNICAL = 0.75  # of the skill: technical loses what jacks cost a player of this skill,
MOST_JACKS_IN_TECHNICAL = 0.1  # as its square root, at most this share of the points
JACKSPEED_SCALE, STAMINA_SCALE = 0.91, 0.925
STAMINA_EXPONENT, STAMINA_SHIFT, STAMINA_RANGE, STAMINA_OF_JACKS = 2.5, 0.015, (0.8, 1.08), 0.8
LEAST_LOSS = 0.005  # that technical keeps
FEW_NOTES = 15  # below this, technical and the cost of jacks are solved for together: jacks may cost everything
HIGHEST = 40.0
TOO_LONG_SECONDS = 750.0
TOO_MANY_ROWS = 50  # in an interval
EXTREME = 5.0  # standard deviations at which features are clipped
LOG_RANGE = (-3.0, 0.5)  # of the factors, as logarithms
SETTLED = 1e-5
DECIMALS = 3  # coarser than the differences between processors


class Network(NamedTuple):
    """Computes a factor per skillset from an interval's features; technical has two, for notes and for speed."""

    hand_mean: np.ndarray  # [F]
    hand_scale: np.ndarray
    both_mean: np.ndarray
    both_scale: np.ndarray
    hand_weight: np.ndarray  # [F, C + S + 1], the last for the skip connection
    both_weight: np.ndarray
    bias: np.ndarray  # [C + S + 1]
    hidden_weight: np.ndarray  # [C, C]
    hidden_bias: np.ndarray
    out_weight: np.ndarray  # [C, S + 1]
    out_bias: np.ndarray

    def factors(self, hand: np.ndarray, both: np.ndarray) -> np.ndarray:
        """Return [S + 1, H, I], from features of each hand [H, I, F] and of both [I, F]."""
        of_hand = np.clip((hand - self.hand_mean) / self.hand_scale, -EXTREME, EXTREME) @ self.hand_weight
        of_both = np.clip((both - self.both_mean) / self.both_scale, -EXTREME, EXTREME) @ self.both_weight
        summed = of_hand + of_both + self.bias
        channels = len(self.hidden_bias)
        hidden = silu(silu(summed[..., :channels]) @ self.hidden_weight + self.hidden_bias)
        factor = np.exp(np.clip(hidden @ self.out_weight + self.out_bias + summed[..., channels:], *LOG_RANGE))
        return running_mean(np.moveaxis(factor, -1, 0).astype(np.float64))


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def running_mean(values: np.ndarray) -> np.ndarray:
    """Average the last axis over an interval and up to two before it."""
    total = values.copy()
    total[..., 1:] += values[..., :-1]
    total[..., 2:] += values[..., :-2]
    return total / np.minimum(np.arange(1, values.shape[-1] + 1), 3)


@cache
def shipped_networks() -> tuple[Network, ...]:
    """Return the networks whose factors are averaged."""
    with np.load(PARAMETERS_FILE, allow_pickle=False) as arrays:
        count = len(arrays["bias"])
        return tuple(Network(*(arrays[name][index] for name in Network._fields)) for index in range(count))


def difficulties(intervals: Intervals, networks: Sequence[Network]) -> np.ndarray:
    """Return [S, H, I]: the difficulty of each interval in each of BY_INTERVAL."""
    factors = np.mean([network.factors(intervals.hand, intervals.both) for network in networks], axis=0)
    by_notes = factors[:-1] * intervals.base
    by_notes[TECHNICAL] += factors[-1] * intervals.speed
    return by_notes


def estimate_msd(
    column: np.ndarray, start_ms: np.ndarray, rates: Sequence[float], networks: Sequence[Network] | None = None
) -> np.ndarray:
    """Return float32 [R, 8]: overall, stream, jumpstream, handstream, stamina, jackspeed, chordjack, technical.

    `column` int [N] from 0 to 3, `start_ms` float [N]. Zero if the calculator gives none: fewer than two rows, too
    long, too dense.
    """
    networks = shipped_networks() if networks is None else networks
    result = np.zeros((len(rates), 8), dtype=np.float32)
    start_ms = start_ms - min(float(start_ms.min(initial=0.0)), 0.0)
    time_ms = np.unique(np.round(start_ms))  # of the rows; impossible charts are caught before they cost memory
    if len(time_ms) < 2:
        return result
    rated = [index for index, rate in enumerate(rates) if is_rated(time_ms, rate)]
    if rated:
        rows = rows_of(column, start_ms)
        result[rated] = np.round(ratings(rows, [rates[index] for index in rated], networks), DECIMALS)
    return result


def is_rated(time_ms: np.ndarray, rate: float) -> bool:
    """Whether rows at these times are neither too long a chart at a rate nor too dense."""
    if time_ms[-1] >= TOO_LONG_SECONDS * 1000 * rate:
        return False
    return int(np.bincount((time_ms / (INTERVAL_MS * rate)).astype(np.int64)).max()) < TOO_MANY_ROWS


def ratings(rows: Rows, rates: Sequence[float], networks: Sequence[Network]) -> np.ndarray:
    """Return [R, 8] for a chart that can be rated at each rate."""
    longest = int(rows.time_ms[-1] / (INTERVAL_MS * min(rates))) + 1
    notes = np.zeros((len(rates), HANDS, longest))
    difficulty = np.zeros((len(rates), len(BY_INTERVAL), HANDS, longest))
    for index, rate in enumerate(rates):
        intervals = intervals_of(rows, rate)
        count = intervals.notes.shape[-1]
        notes[index, :, :count] = intervals.notes
        difficulty[index, ..., :count] = difficulties(intervals, networks)

    points = 2 * notes.sum(axis=(1, 2))  # [R]
    weights = np.broadcast_to(notes.reshape(len(rates), 1, -1), (*difficulty.shape[:2], HANDS * longest))
    allowed = np.broadcast_to(ALLOWED_LOSS, difficulty.shape[:2]).copy()  # [R, S]

    def seek(interval_difficulty: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
        return goal_seek.seek(interval_difficulty.reshape(weights.shape), weights, allowed, near)

    rested = seek(difficulty)
    jackspeed, unworn_jackspeed = np.empty(len(rates)), np.empty(len(rates))
    for index, rate in enumerate(rates):
        jacks, unworn = jacks_of(rows, rate)
        jackspeed[index] = JACKSPEED_SCALE * goal_seek.seek_jacks(jacks, points[index])
        same = np.array_equal(jacks, unworn)
        unworn_jackspeed[index] = (
            jackspeed[index] if same else JACKSPEED_SCALE * goal_seek.seek_jacks(unworn, points[index])
        )
        lost = goal_seek.jack_loss(jacks, JACKS_IN_TECHNICAL * rested[index, TECHNICAL])
        share = min(np.sqrt(lost) / points[index], MOST_JACKS_IN_TECHNICAL)
        allowed[index, TECHNICAL] = max(ALLOWED_LOSS[TECHNICAL] - share, LEAST_LOSS)
    rested[:, TECHNICAL] = goal_seek.seek(
        difficulty[:, TECHNICAL].reshape(len(rates), -1), weights[:, TECHNICAL], allowed[:, TECHNICAL]
    )
    few = range(len(rates)) if points[0] < 2 * FEW_NOTES else ()
    for index in few:
        rested[index, TECHNICAL] = technical_of_few(
            difficulty[index, TECHNICAL].ravel(), weights[index, TECHNICAL], jacks_of(rows, rates[index])[0]
        )
    tired = seek(difficulty * goal_seek.tiredness(difficulty, rested), rested)
    tired = seek(difficulty * goal_seek.tiredness(difficulty, tired), tired)
    for index in few:
        tired[index, TECHNICAL] = rested[index, TECHNICAL]

    stamina = stamina_rating(tired, rested, jackspeed, unworn_jackspeed)
    stream, jumpstream, handstream, chordjack, technical = tired.T
    skillsets = np.stack([stream, jumpstream, handstream, stamina, jackspeed, chordjack, technical], axis=-1)
    skillsets = np.minimum(skillsets, HIGHEST)
    rating = np.concatenate([goal_seek.overall(skillsets)[:, None], skillsets], axis=-1)
    factor = [goal_seek.length_factor(rows.time_ms[-1] / rate / 1000) for rate in rates]
    return rating * np.array(factor)[:, None]


def technical_of_few(difficulty: np.ndarray, notes: np.ndarray, jacks: np.ndarray) -> float:
    """Return the skill at which intervals and jacks together cost the share of the points that technical may lose.

    `difficulty` and `notes` [J], `jacks` [E]. The highest rating if they cost more at any skill.
    """
    n_notes = float(notes.sum())

    def excess(skill: float) -> float:
        kept = np.minimum(skill / np.maximum(difficulty, goal_seek.EASIEST), 1.0) ** goal_seek.POWER
        of_jacks = np.sqrt(goal_seek.jack_loss(jacks, JACKS_IN_TECHNICAL * skill)) / (2 * n_notes)
        lost = float(notes @ (1 - kept)) / n_notes + min(of_jacks, MOST_JACKS_IN_TECHNICAL)
        return lost - ALLOWED_LOSS[TECHNICAL]

    low, high = 0.0, HIGHEST
    while high - low > SETTLED:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def stamina_rating(
    tired: np.ndarray, rested: np.ndarray, jackspeed: np.ndarray, unworn_jackspeed: np.ndarray
) -> np.ndarray:
    """Return [R]: the best rating without tiredness, scaled by how much tiredness raises it.

    `tired`, `rested` [R, S]. Jacks do not count as stamina: the factor is lowest if they are best without tiredness,
    and reduced if they are best with it.
    """
    before = np.concatenate([rested, unworn_jackspeed[:, None]], axis=1)
    after = np.concatenate([tired, jackspeed[:, None]], axis=1)
    best = before.argmax(axis=1)
    row, jacks = np.arange(len(best)), tired.shape[1]
    harder = np.where(best == jacks, 0.0, after[row, best] / np.maximum(before[row, best], 1e-9))
    factor = np.clip(np.maximum(harder - STAMINA_SHIFT, 0.0) ** STAMINA_EXPONENT, *STAMINA_RANGE)
    of_jacks = np.where(after.argmax(axis=1) == jacks, STAMINA_OF_JACKS, 1.0)
    return np.asarray(after[row, best] * STAMINA_SCALE * factor * of_jacks)
