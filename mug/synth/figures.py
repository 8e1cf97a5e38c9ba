"""Figures: the orders in which a run takes the columns. Each is a cycle of the columns that suit one row after another.

A row takes its notes from the columns of its turn, and others if it has more notes or they are not free. So a figure
of single columns makes a roll of single notes, and the same with chords on top where the music is loud.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mug.synth.hands import LEFT, RIGHT, hand_of, mirrored

Cycle = tuple[tuple[int, ...], ...]  # for each row the columns that suit it


def roll(keys: int, rng: np.random.Generator) -> Cycle:
    """One column after the other, then from the start: 1234 1234."""
    return _turned([(column,) for column in range(keys)], keys, rng)


def stairs(keys: int, rng: np.random.Generator) -> Cycle:
    """Up and down again: 1234 32."""
    up = list(range(keys))
    return _turned([(column,) for column in up + up[-2:0:-1]], keys, rng)


def split_roll(keys: int, rng: np.random.Generator) -> Cycle:
    """Hands take turns: 1324, or outwards from the middle."""
    half = keys // 2
    pairs = zip(range(half), range(keys - half, keys), strict=True)
    outwards = zip(range(half - 1, -1, -1), range(keys - half, keys), strict=True)
    cycle = [(column,) for pair in (pairs if rng.random() < 0.5 else outwards) for column in pair]
    return _turned(cycle or [(0,)], keys, rng)


def trill(keys: int, rng: np.random.Generator) -> Cycle:
    """Two columns take turns, of both hands twice as often as of one."""
    one, other = (int(column) for column in rng.permutation(keys)[:2]) if keys > 1 else (0, 0)
    if hand_of(one, keys) == hand_of(other, keys) and rng.random() < 0.5:
        other = mirrored(other, keys)
    return ((one,), (other,))


def anchor(keys: int, rng: np.random.Generator) -> Cycle:
    """Every other note in one column, the others around it: 1213 1412."""
    held, *others = (int(column) for column in rng.permutation(keys))
    return tuple((column,) for other in others for column in (held, other)) or ((held,),)


def jacks(keys: int, rng: np.random.Generator) -> Cycle:
    """Two or three notes in every column: 11 33 222 44."""
    columns = [(int(column),) for column in rng.permutation(keys)]
    return tuple(column for column in columns for _ in range(2 + int(rng.random() < 1 / 6)))


def long_jacks(keys: int, rng: np.random.Generator) -> Cycle:
    """Four to eight notes in every column, as charts for quick fingers have them."""
    columns = [(int(column),) for column in rng.permutation(keys)]
    return tuple(column for column in columns for _ in range(int(rng.integers(4, 9))))


def jump_trill(keys: int, rng: np.random.Generator) -> Cycle:
    """Chords of one hand and the other take turns: 12 34; two columns of each hand, if it has more."""
    hands = [tuple(column for column in range(keys) if hand_of(column, keys) == hand) for hand in (LEFT, RIGHT)]
    pairs = [hand if len(hand) <= 2 else tuple(sorted(rng.choice(hand, 2, replace=False).tolist())) for hand in hands]
    return _turned([pair for pair in pairs if pair] or [(0,)], keys, rng)


def brackets(keys: int, rng: np.random.Generator) -> Cycle:
    """Every other column and those between: 13 24, with 7 keys 1357 246."""
    return _turned([tuple(range(first, keys, 2)) for first in range(min(keys, 2))], keys, rng)


FIGURES: dict[str, Callable[[int, np.random.Generator], Cycle]] = {
    "roll": roll,
    "stairs": stairs,
    "split roll": split_roll,
    "trill": trill,
    "anchor": anchor,
    "jacks": jacks,
    "long jacks": long_jacks,
    "jump trill": jump_trill,
    "brackets": brackets,
}


def _turned(cycle: Sequence[tuple[int, ...]], keys: int, rng: np.random.Generator) -> Cycle:
    """The cycle from any of its rows on, as it is or mirrored."""
    first = int(rng.integers(len(cycle)))
    turned = (*cycle[first:], *cycle[:first])
    if rng.random() < 0.5:
        return tuple(tuple(sorted(mirrored(column, keys) for column in row)) for row in turned)
    return turned
