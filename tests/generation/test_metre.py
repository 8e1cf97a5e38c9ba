"""The places of measures where easy charts have notes."""

import numpy as np
import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.generation.consensus import agreements
from mug.generation.metre import metrical_log_odds
from mug.placement.chances import Chances

POINTS = [TimingPoint(100.0, 500.0, 4)]
BEATS_MS = 100.0 + 500.0 * np.arange(8)
ON_FIRST = np.array([20, 3, 9, 3, 20, 3, 9, 3])


def test_first_and_third_beats_of_the_easiest_charts_count_more():
    times = np.append(BEATS_MS, 350.0)  # and half a beat
    found = metrical_log_odds(times, np.append(ON_FIRST, 30), POINTS, 0.7)
    assert found == pytest.approx(4 * np.array([2.2, -1.4, 0, -1.4, 2.2, -1.4, 0, -1.4, -1.4]))
    half = metrical_log_odds(times, np.append(ON_FIRST, 30), POINTS, 1.0)
    assert half == pytest.approx(found / 2)


@pytest.mark.parametrize("stars", [1.25, 4.0])
def test_other_charts_are_left_alone(stars):
    assert metrical_log_odds(BEATS_MS, ON_FIRST, POINTS, stars).tolist() == [0] * 8


def test_measures_begin_where_samples_have_most_notes():
    found = metrical_log_odds(BEATS_MS, np.roll(ON_FIRST, 1), POINTS, 0.5)
    assert np.flatnonzero(found > 1).tolist() == [1, 5]
    waltz = metrical_log_odds(BEATS_MS, np.array([1, 1, 9] * 3)[:8], [TimingPoint(100.0, 500.0, 3)], 0.5)
    assert np.flatnonzero(waltz > 1).tolist() == [2, 5]
    assert set(waltz.tolist()) == {4 * 2.2, 4 * -1.4}  # no third beat that is the middle


def test_candidates_take_the_places_that_count_more():
    samples = [[Note(time_ms, 0) for time_ms in BEATS_MS]] * 2
    chances = Chances(BEATS_MS, np.full(8, 0.5))

    def metre(times_ms, votes):
        assert votes.tolist() == [2] * 8
        return np.where(np.arange(8) % 2, -1.0, 1.0)

    first = next(agreements(samples, chances, metre=metre))
    assert [moment.start_ms for moment in first.moments] == BEATS_MS[::2].tolist()
