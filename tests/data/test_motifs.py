"""Which measures repeat others: what is allowed, and which repeats are left."""

from itertools import pairwise

import numpy as np
import pytest

from mug.data.motifs import Motifs

# Measures 0 and 1 come again as 2 and 3, then as 4 to 6; 7 repeats 3.
SONG = Motifs(starts=[0, 4, 8, 12, 16, 20, 24, 28, 32], models=[None, None, 0, 1, 0, 1, 2, 3])


def left_of(repetition: float, seed: int = 0) -> list[int]:
    return [
        i for i, model in enumerate(SONG.thinned(repetition, np.random.default_rng(seed)).models) if model is not None
    ]


def test_all_or_no_repeats_are_left():
    assert SONG.thinned(1.0, np.random.default_rng(3)) == SONG
    assert SONG.thinned(0.0, np.random.default_rng(3)).models == [None] * 8


def test_the_share_of_repeats_is_exact():
    assert [len(left_of(repetition)) for repetition in (0.1, 0.25, 0.5, 0.8)] == [1, 2, 3, 5]


def test_a_higher_share_keeps_what_a_lower_one_keeps():
    kept = [set(left_of(repetition / 6)) for repetition in range(7)]
    assert all(fewer < more for fewer, more in pairwise(kept))


def test_neighbours_with_neighbouring_models_stay_together():
    """The runs are 2 3, 4 5 and 6 7; the model of 4 does not follow the model of 3."""
    pairs = {tuple(left_of(1 / 3, seed)) for seed in range(20)}
    assert pairs == {(2, 3), (4, 5), (6, 7)}


def test_other_seeds_leave_other_repeats():
    assert left_of(0.5, 0) == left_of(0.5, 0)
    assert len({tuple(left_of(0.5, seed)) for seed in range(9)}) > 1


def test_starts_move_to_a_finer_axis():
    assert Motifs([1, 3, 5], [None, 0]).times(8) == Motifs([8, 24, 40], [None, 0])


@pytest.mark.parametrize(
    ("starts", "models", "what"),
    [
        ([0, 4], [None, 0], "3 rising starts"),
        ([0, 4, 4], [None, 0], "rising"),
        ([-1, 4, 8], [None, 0], "from 0 on"),
        ([0, 4, 8], [None, 1], "measure 1 repeats measure 1"),
        ([0, 4, 8], [-1, None], "measure 0 repeats measure -1"),
    ],
)
def test_impossible_repeats_are_refused(starts, models, what):
    with pytest.raises(ValueError, match=what):
        Motifs(starts, models)


def test_what_is_more_alike_is_left_more_often():
    song = Motifs(range(9), [None, None, 0, 1, 0, 1, 0, 1], [0, 0, 0.95, 0.95, 0.6, 0.6, 0.8, 0.8])
    left = [song.thinned(1 / 3, np.random.default_rng(seed)).models for seed in range(300)]
    counts = [sum(models[measure] is not None for models in left) for measure in (2, 6, 4)]
    assert counts == pytest.approx([300 * part / 1.35 for part in (0.81, 0.41, 0.13)], abs=25)


def test_sections_join_to_a_song():
    first = Motifs([0, 4, 8], [None, 0], [0.0, 0.9])
    song = Motifs.joined([first, Motifs([8, 12, 16, 20], [None, 0, 1])])
    assert song.starts == [0, 4, 8, 12, 16, 20]
    assert song.models == [None, 0, None, 2, 3]
    assert song.likeness == [0.0, 0.9, 1.0, 1.0, 1.0]
