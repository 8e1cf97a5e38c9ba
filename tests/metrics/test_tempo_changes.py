"""Onset F1 around changes of tempo, counted by hand."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.metrics.tempo_changes import Change, f1_around, tempo_changes


def changes_of(*points: tuple[float, float]) -> list[Change]:
    return tempo_changes(Beatmap(4, [], [TimingPoint(*point) for point in points]))


def test_lines_of_one_tempo_are_no_change():
    assert changes_of((0.0, 400.0), (8000.0, 400.0), (16_000.0, 401.0)) == []
    assert changes_of() == []


def test_a_gradual_change_is_one():
    assert changes_of((0.0, 400.0), (8000.0, 401.0), (8401.0, 402.0), (8803.0, 403.0), (20_000.0, 300.0)) == [
        Change(8000.0, 8803.0),
        Change(20_000.0, 20_000.0),
    ]


def test_notes_that_lag_behind_a_change_are_wrong_after_it():
    there = np.arange(0.0, 60_001.0, 500.0)
    late = np.where(there >= 30_000, there + 40, there)
    sudden = [Change(30_000.0, 30_000.0)]
    assert f1_around(sudden, there, late, 20.0) == (1.0, 0.0)
    assert f1_around(sudden, there, there, 20.0) == (1.0, 1.0)
    settled = np.where((there >= 30_000) & (there < 35_000), there + 40, there)  # ten of the twenty that count
    assert f1_around(sudden, there, settled, 20.0) == (1.0, 0.5)


def test_both_sides_are_equally_long():
    there = np.arange(0.0, 33_001.0, 500.0)
    wrong = np.where(there < 27_000, there + 40, there)  # 3 s are left after the change
    assert f1_around([Change(30_000.0, 30_000.0)], there, wrong, 20.0) == (1.0, 1.0)


def test_without_a_change_there_is_nothing_to_measure():
    assert f1_around([], np.array([0.0]), np.array([0.0]), 20.0) == pytest.approx((np.nan, np.nan), nan_ok=True)
    assert np.isnan(f1_around([Change(5.0, 5.0)], np.zeros(0), np.array([0.0]), 20.0)).all()
