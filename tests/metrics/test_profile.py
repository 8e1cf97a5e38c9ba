import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.errors import ChartError
from mug.metrics.profile import profile_of
from mug.ratings.stars import star_rating
from tests.metrics.hand_charts import chart_of, rows


def test_a_chart_measured():
    chart = rows(*["x...", ".x..", "..xx"] * 20, step_ms=200)
    profile = profile_of(chart, lambda c: np.ones((3, len(c.notes))))
    assert profile.n_notes == 80
    assert profile.star_rating == pytest.approx(star_rating(chart))
    assert profile.ln_ratio == 0.0
    assert profile.number("ett") > 0
    assert profile.number("rc") == 1.0
    assert profile.number("rank_status") is None
    assert profile.chords == pytest.approx({1: 2 / 3, 2: 1 / 3})
    assert len(profile.bigrams) == len(profile.trigrams) == 3
    assert set(profile.trigrams) == {0b0001_0010_1100, 0b0010_1100_0001, 0b1100_0001_0010}
    assert profile.snaps[:2].tolist() == [40 / 80, 40 / 80]
    assert profile.latents.n == 80
    assert profile_of(chart).latents is None


def test_an_empty_chart_and_one_that_cannot_be_rated():
    def never(chart):
        raise ChartError("cannot be encoded")

    empty = profile_of(chart_of(), never)
    assert empty.latents is None
    assert (empty.n_notes, empty.star_rating, empty.ln_ratio, empty.features) == (0, 0.0, 0.0, {})
    wall = chart_of(*(Note(float(ms), column) for ms in range(0, 20_000, 10) for column in range(4)))
    profile = profile_of(wall)
    assert profile.star_rating == 0.0
    assert profile.number("ett") is None
    assert profile.violations == {}  # what cannot be rated is no easy chart
