"""Figures: the orders of columns that their names promise, for every number of keys."""

from itertools import groupby

import numpy as np
import pytest

from mug.synth.figures import FIGURES, Cycle
from mug.synth.hands import hand_of


def cycles(name: str, keys: int, n: int = 24) -> set[Cycle]:
    return {FIGURES[name](keys, np.random.default_rng(seed)) for seed in range(n)}


def turns(cycle: Cycle) -> set[Cycle]:
    return {cycle[i:] + cycle[:i] for i in range(len(cycle))}


def singles(*columns: int) -> Cycle:
    return tuple((column,) for column in columns)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("keys", [1, 2, 3, 4, 5, 7, 10, 18])
def test_figures_stay_within_the_keys(name: str, keys: int) -> None:
    for cycle in cycles(name, keys):
        assert cycle
        assert all(row and set(row) <= set(range(keys)) for row in cycle)


def test_rolls_and_stairs() -> None:
    assert cycles("roll", 4) == turns(singles(0, 1, 2, 3)) | turns(singles(3, 2, 1, 0))
    assert cycles("stairs", 3) <= turns(singles(0, 1, 2, 1))
    assert singles(0, 2, 1, 3) in cycles("split roll", 4)


def test_jump_trills_and_brackets() -> None:
    assert cycles("jump trill", 4) == turns(((0, 1), (2, 3)))
    trills = cycles("jump trill", 7)
    assert {row for trill in trills for row in trill} == {(0, 1), (0, 2), (1, 2), (4, 5), (4, 6), (5, 6)}
    assert all((max(one) < 3) != (max(other) < 3) for one, other in trills)
    assert cycles("brackets", 7) == turns(((0, 2, 4, 6), (1, 3, 5)))


def test_trills_are_mostly_of_two_hands() -> None:
    trills = [FIGURES["trill"](4, np.random.default_rng(seed)) for seed in range(200)]
    assert all(len(trill) == 2 and trill[0] != trill[1] for trill in trills)
    other = np.mean([hand_of(a, 4) != hand_of(b, 4) for (a,), (b,) in trills])
    assert 0.75 < other < 0.9


def test_jacks_and_anchors() -> None:
    for name, shortest, longest in (("jacks", 2, 3), ("long jacks", 4, 8)):
        for cycle in cycles(name, 4):
            assert {len(list(run)) for _, run in groupby(cycle)} <= set(range(shortest, longest + 1))
            assert set(cycle) == set(singles(0, 1, 2, 3))
    for cycle in cycles("anchor", 4):
        assert len(set(cycle[::2])) == 1
        assert len(set(cycle[1::2])) == 3
