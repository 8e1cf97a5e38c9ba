import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from mug.data.beatmap import Beatmap, Note
from mug.data.difficulty import star_rating
from mug.metrics import (
    ChartFigures,
    ChartScores,
    Score,
    chart_figures,
    chart_scores,
    match_onsets,
    moments_ms,
    onset_f1,
    random_onsets,
)

TIMES = st.lists(st.integers(0, 300), max_size=23).map(sorted)


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


def chart_of(*notes: Note) -> Beatmap:
    return Beatmap(4, list(notes), [])


HUMAN = chart_of(Note(0, 0), Note(0, 1), Note(1000, 2), Note(2000, 3, 2500))
GUESS = chart_of(Note(20, 0), Note(24, 1), Note(1021, 2), Note(2051, 3), Note(2051, 0))
NOTHING = chart_of()


def test_figures_counted_by_hand():
    assert chart_figures(HUMAN, span_ms=10_000) == ChartFigures(0.4, star_rating(HUMAN), 0.25)
    assert chart_figures(NOTHING, span_ms=10_000) == ChartFigures(0.0, 0.0, 0.0)


def test_scores_counted_by_hand():
    scores = chart_scores(HUMAN, GUESS, span_ms=10_000)
    assert scores.onset_f1_20ms == pytest.approx(1 / 3)  # 0 and 20 of three moments each
    assert scores.onset_f1_50ms == pytest.approx(2 / 3)  # 1000 and 1021 too
    assert scores.notes_per_second_error == pytest.approx(0.1)  # 5 notes for 4 in 10 s
    assert scores.ln_ratio_error == 0.25
    assert scores.star_rating_error == abs(star_rating(HUMAN) - star_rating(GUESS)) > 0


def test_errors_have_no_sign():
    there, back = chart_scores(HUMAN, GUESS, 5000), chart_scores(GUESS, HUMAN, 5000)
    assert there == back
    assert there.notes_per_second_error == pytest.approx(0.2)


def test_a_chart_agrees_with_itself():
    assert chart_scores(HUMAN, HUMAN, 10_000) == ChartScores(1.0, 1.0, 0.0, 0.0, 0.0)


def test_a_chart_without_notes_is_as_wrong_as_can_be():
    assert chart_scores(HUMAN, NOTHING, 10_000) == ChartScores(0.0, 0.0, 0.4, star_rating(HUMAN), 1.0)
    rice = chart_of(Note(0, 0), Note(500, 1))
    assert chart_scores(rice, NOTHING, 10_000).ln_ratio_error == 1.0  # though nothing has no long notes either


def test_what_osu_does_not_rate_has_no_stars():
    wall = chart_of(*(Note(ms, column) for ms in range(0, 20_000, 10) for column in range(4)))  # 400 notes a second
    assert chart_figures(wall, 20_000).star_rating == 0.0
    assert chart_figures(wall, 20_000).notes_per_second == 400.0


def test_a_chord_is_one_moment_and_a_quick_row_is_not():
    chart = chart_of(Note(106, 3), Note(100, 0), Note(110, 2), Note(111, 1), Note(121, 0), Note(121.5, 2))
    assert moments_ms(chart).tolist() == [100, 111, 121.5]
    assert moments_ms(chart_of(*(Note(ms, 0) for ms in (0, 12, 24, 36)))).tolist() == [0, 12, 24, 36]
    assert len(moments_ms(NOTHING)) == 0
