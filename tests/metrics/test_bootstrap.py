import math

import numpy as np
import pytest

from mug.metrics.bootstrap import bootstrap, mean_of, ratio_of


def test_statistics_counted_by_hand():
    mean = mean_of(np.array([1.0, float("nan"), 4.0]))
    assert mean(np.array([1.0, 1.0, 1.0])) == 2.5
    assert mean(np.array([2.0, 5.0, 1.0])) == 2.0
    assert math.isnan(mean(np.array([0.0, 3.0, 0.0])))
    ratio = ratio_of(np.array([1.0, 3.0]), np.array([10.0, 30.0]), 1000.0)
    assert ratio(np.array([1.0, 1.0])) == 100.0
    assert ratio_of(np.array([1.0, 3.0]), np.array([10.0, 10.0]))(np.array([1.0, 3.0])) == 10 / 40
    assert math.isnan(ratio(np.zeros(2)))


def test_two_songs_give_the_four_draws_there_are():
    # both songs (twice as likely), or one of them twice; a song's charts stay together
    seen = []

    def statistic(weights: np.ndarray) -> float:
        seen.append(tuple(weights.tolist()))
        return float(weights[0])

    value, low, high = bootstrap(statistic, ["a", "b", "b"])
    assert sorted(seen[1:]) == [(0.0, 2.0, 2.0), (1.0, 1.0, 1.0), (2.0, 0.0, 0.0)]  # each is measured once
    assert (value, low, high) == (1.0, 0.0, 2.0)


def test_one_song_has_no_interval():
    value, low, high = bootstrap(mean_of(np.array([1.0, 2.0])), ["a", "a"])
    assert value == 1.5
    assert math.isnan(low)
    assert math.isnan(high)


def test_a_seed_fixes_the_interval():
    values = np.random.default_rng(0).normal(size=23)
    songs = [f"song {i // 2}" for i in range(23)]
    assert bootstrap(mean_of(values), songs, 3) == bootstrap(mean_of(values), songs, 3)
    assert bootstrap(mean_of(values), songs, 3) != bootstrap(mean_of(values), songs, 4)


def test_the_interval_of_a_mean_is_that_of_the_central_limit():
    values = np.random.default_rng(2).normal(5.0, 1.0, size=400)
    value, low, high = bootstrap(mean_of(values), list(range(400)))
    assert low == pytest.approx(value - 1.96 * values.std() / 20, abs=0.012)
    assert high == pytest.approx(value + 1.96 * values.std() / 20, abs=0.012)


def test_charts_of_one_song_are_no_more_cases():
    few = np.repeat(np.arange(5.0), 7)
    of_songs = bootstrap(mean_of(few), np.repeat(np.arange(5), 7).tolist())
    of_charts = bootstrap(mean_of(few), list(range(35)))
    assert of_songs[2] - of_songs[1] > 2 * (of_charts[2] - of_charts[1])
    assert of_songs == bootstrap(mean_of(np.arange(5.0)), list(range(5)))


def test_draws_that_give_nothing_are_left_out():
    value, low, high = bootstrap(mean_of(np.array([1.0, float("nan")])), ["a", "b"])
    assert (value, low, high) == (1.0, 1.0, 1.0)
    assert math.isnan(bootstrap(mean_of(np.full(2, np.nan)), ["a", "b"])[0])
