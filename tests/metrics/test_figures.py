import pytest

from mug.charts.beatmap import Note
from mug.metrics.figures import ChartFigures, ChartScores, chart_figures, chart_scores
from mug.ratings.stars import star_rating
from tests.metrics.hand_charts import chart_of

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
