import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from mug.charts.beatmap import Beatmap, Note
from mug.metrics.onsets import Score, column_f1, match_onsets, moments_ms, onset_f1, random_onsets, rows_of
from tests.metrics.hand_charts import chart_of

TIMES = st.lists(st.integers(0, 300), max_size=23).map(sorted)
NOTES = st.lists(st.builds(Note, st.integers(0, 300), st.integers(0, 3)), max_size=11)


def test_every_onset_counts_once():
    score = onset_f1([100.0, 200.0, 300.0], [101.0, 102.0, 199.0, 450.0], tolerance_ms=20)
    assert score == Score(precision=2 / 4, recall=2 / 3)
    assert score.f1 == pytest.approx(4 / 7)


def test_nearest_first_would_lose_a_pair():
    assert match_onsets(np.array([0.0, 10.0]), np.array([9.0, 19.0]), 10) == [(0, 0), (1, 1)]


def test_the_tolerance_is_inclusive_and_order_does_not_matter():
    assert onset_f1([300, 100], [120, 320], 20).f1 == 1.0
    assert onset_f1([300, 100], [121, 321], 20).f1 == 0.0


def test_nothing_scores_zero():
    assert onset_f1([], [], 50).f1 == onset_f1([1.0], [], 50).f1 == onset_f1([], [1.0], 50).f1 == 0.0


@given(TIMES, TIMES, st.integers(0, 60))
def test_no_matching_is_larger(reference, estimated, tolerance):
    reference, estimated = np.array(reference, float), np.array(estimated, float)
    pairs = match_onsets(reference, estimated, tolerance)
    assert all(abs(reference[i] - estimated[j]) <= tolerance for i, j in pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    if len(reference) and len(estimated):
        near = csr_matrix(np.abs(reference[:, None] - estimated[None]) <= tolerance)
        assert len(pairs) == (maximum_bipartite_matching(near) >= 0).sum()


def test_random_onsets_are_sorted_seeded_and_inside():
    times = random_onsets(1009, 500.0, 900.0, np.random.default_rng(3))
    assert times.shape == (1009,)
    assert (np.diff(times) >= 0).all()
    assert times.min() >= 500
    assert times.max() < 900
    assert (times == random_onsets(1009, 500.0, 900.0, np.random.default_rng(3))).all()


def test_a_chord_is_one_moment_and_a_quick_row_is_not():
    chart = chart_of(Note(106, 3), Note(100, 0), Note(110, 2), Note(111, 1), Note(121, 0), Note(121.5, 2))
    assert moments_ms(chart).tolist() == [100, 111, 121.5]
    assert moments_ms(chart_of(*(Note(ms, 0) for ms in (0, 12, 24, 36)))).tolist() == [0, 12, 24, 36]
    assert len(moments_ms(chart_of())) == 0


def test_rows_are_keys_as_bits():
    chart = chart_of(Note(100, 3), Note(109, 0), Note(109, 3), Note(300, 1, 500), Note(300, 2))
    moments, keys = rows_of(chart)
    assert moments.tolist() == [100, 300]
    assert keys.tolist() == [0b1001, 0b0110]


def test_column_f1_counted_by_hand():
    human = chart_of(Note(0, 0), Note(0, 1), Note(500, 2), Note(1000, 3))
    guess = chart_of(Note(10, 0), Note(30, 1), Note(500, 3), Note(1000, 3), Note(1000, 0))
    assert column_f1(human, guess, 20) == pytest.approx(2 * 2 / 9)  # 0 in column 1, 1000 in column 4
    assert column_f1(human, guess, 50) == pytest.approx(2 * 3 / 9)  # 30 in column 2, too


def test_a_mirrored_chart_is_as_good_only_where_that_is_allowed():
    human = chart_of(Note(0, 0), Note(500, 1), Note(1000, 0))
    mirror = chart_of(Note(0, 3), Note(500, 2), Note(1000, 3))
    assert column_f1(human, mirror, 20) == 0.0
    assert column_f1(human, mirror, 20, mirrored=True) == 1.0
    assert column_f1(human, human, 20, mirrored=True) == 1.0


def test_column_f1_of_nothing_and_of_other_keys():
    assert column_f1(chart_of(), chart_of(), 20) == column_f1(chart_of(Note(0, 0)), chart_of(), 20) == 0.0
    with pytest.raises(ValueError, match="4K and 7K"):
        column_f1(chart_of(), Beatmap(7, [], []), 20)


@given(NOTES, NOTES, st.integers(0, 60))
def test_column_f1_is_symmetric_and_at_most_onset_f1(a, b, tolerance):
    first, second = chart_of(*a), chart_of(*b)
    score = column_f1(first, second, tolerance)
    assert score == column_f1(second, first, tolerance)
    assert 0 <= score <= column_f1(first, second, tolerance, mirrored=True) <= 1
    ignoring_columns = [[note.start_ms for note in chart.notes] for chart in (first, second)]
    assert score <= onset_f1(*ignoring_columns, tolerance).f1 + 1e-9
    assert column_f1(first, first, tolerance) == (1.0 if a else 0.0)
