"""Density, rests and the distances of moments, by hand. Beats of 400 ms, measures of four."""

import math

import pytest

from mug.charts.beatmap import Note
from mug.metrics.habits.density import density, intervals, snaps, streams
from mug.metrics.habits.moments import Moments
from tests.metrics.hand_charts import chart_of


def at(*beats: float) -> Moments:
    return Moments.of(chart_of(*(Note(beat * 400, 0) for beat in beats)))


def test_density_and_its_variation_over_measures() -> None:
    found = density(at(0, 1, 2, 3, 4, 6, 12, 14))  # 4, 2, 0 and 2 notes in 5.6 s
    assert found["notes a second"] == pytest.approx(8 / 5.6)
    assert found["variation over measures"] == pytest.approx(math.sqrt(2) / 2)
    assert found["measures without notes"] == 1 / 4
    assert found["time in rests of two beats"] == pytest.approx((2 + 6 + 2) / 14)
    assert math.isnan(found["variation over parts"])


def test_parts_are_eight_measures() -> None:
    found = density(at(*range(0, 32, 2), *range(32, 64)))
    assert found["variation over parts"] == pytest.approx(8 / 24)
    assert found["densest part over mean"] == pytest.approx(32 / 24)


def test_distances_from_moment_to_moment() -> None:
    found = intervals(at(0, 1, 1.5, 1.75, 1.875, 1.9375, 4.3))
    assert found["next after 1"] == found["next after 1/2"] == found["next after 1/4"] == 1 / 6
    assert found["next after 1/8 beat"] == found["next after less"] == found["next after another time"] == 1 / 6
    assert sum(found.values()) == pytest.approx(1)


def test_runs_of_quarters_by_their_length() -> None:
    burst, stream = (n / 4 for n in range(5)), (8 + n / 4 for n in range(17))
    found = streams(at(*burst, 1.5, *stream, 20, 20.25))  # half a beat ends a run, and two moments are none
    assert found == {
        "in runs of 3 to 4": 0.0, "in runs of 5 to 8": 5 / 25, "in runs of 9 to 16": 0.0,
        "in runs of 17 and more": 17 / 25,
    }  # fmt: skip


def test_snaps_are_those_of_mug_evaluate() -> None:
    assert {name: share for name, share in snaps(at(0, 1, 1.5, 2)).items() if share} == {
        "on 1/1": 3 / 4,
        "on 1/2": 1 / 4,
    }
