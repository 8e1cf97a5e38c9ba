"""Beats and their times, measures and lines. Every number by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError

# Beats of 500 ms from 100 ms on; of 250 ms, three a measure, from 1850 ms on, where half a beat is left.
POINTS = [TimingPoint(1850.0, 250.0, 3), TimingPoint(100.0, 500.0, 4)]


def test_beats_count_on_over_changes_of_tempo():
    tempo = TempoMap.of_points(POINTS)
    beats = np.array([-1.0, 0.0, 3.0, 3.5, 4.5])
    assert tempo.times_of(beats).tolist() == [-400.0, 100.0, 1600.0, 1850.0, 2100.0]
    assert tempo.beats_at(tempo.times_of(beats)).tolist() == beats.tolist()


def test_map_of_tempos_may_count_in_seconds_and_ticks():
    tempo = TempoMap.of_tempos(0.5, [(0, 120 * 24), (96, 60 * 24)], minute=60.0)
    assert [float(tempo.times_of(tick)) for tick in (0, 48, 96, 120)] == [0.5, 1.5, 2.5, 3.5]
    assert tempo.lengths.tolist() == [1 / 48, 1 / 24]


def test_moment_just_before_a_change_can_belong_to_it():
    tempo = TempoMap.of_points(POINTS)
    times = np.array([-50.0, 1845.0, 1850.0])
    assert tempo.stretch_at(times).tolist() == [0, 0, 1]
    assert tempo.stretch_at(times, early=10.0).tolist() == [0, 1, 1]


def test_moment_between_two_near_changes_belongs_to_the_nearer_one():
    tempo = TempoMap.of_points(TimingPoint(time_ms, 400.0) for time_ms in (0.0, 1000.0, 1004.0))
    times = np.array([-8.0, 989.9, 990.0, 1000.0, 1002.0, 1002.1, 1004.0])
    assert tempo.stretch_at(times, early=10.0).tolist() == [0, 0, 1, 1, 1, 2, 2]


def test_nearest_lines_count_from_their_own_timing_point():
    tempo = TempoMap.of_points(POINTS)
    times = np.array([-20.0, 720.0, 1870.0, 1990.0])
    stretch = tempo.stretch_at(times)
    assert tempo.nearest_lines(times, 1, stretch).tolist() == [100.0, 600.0, 1850.0, 2100.0]
    assert tempo.nearest_lines(times, 4, stretch).tolist() == [-25.0, 725.0, 1850.0, 1975.0]


def test_measures_begin_anew_at_every_timing_point():
    tempo = TempoMap.of_points([TimingPoint(0.0, 500.0, 4), TimingPoint(2500.0, 250.0, 3)])
    number, beat = tempo.measure_at(np.array([-500.0, 0.0, 2250.0, 2500.0, 3375.0]))
    assert number.tolist() == [0, 1, 2, 3, 4]  # the second measure is cut off after its first beat, and counts
    assert beat.tolist() == [3.0, 0.0, 0.5, 0.0, 0.5]


def test_beat_and_measure_lines_within_a_time_range():
    lines = TempoMap.of_points([TimingPoint(0.0, 500.0, 4), TimingPoint(2500.0, 250.0, 3)]).lines(-500.0, 3300.0)
    assert lines.beats_ms.tolist() == [-500, 0, 500, 1000, 1500, 2000, 2500, 2750, 3000, 3250]
    assert lines.measures_ms.tolist() == [0, 2000, 2500, 3250]
    assert lines.numbers.tolist() == [1, 2, 3, 4]


def test_lines_too_dense_to_be_told_apart_are_left_out():
    tempo = TempoMap.of_points([TimingPoint(0.0, 20.0, 4)])
    assert len(tempo.lines(0.0, 800.0, min_beat=21.0).beats_ms) == 0
    lines = tempo.lines(0.0, 800.0, min_beat=20.0, min_measure=80.0)
    assert (len(lines.beats_ms), len(lines.measures_ms)) == (40, 10)
    assert len(tempo.lines(0.0, 800.0, min_measure=81.0).measures_ms) == 0


def test_red_lines_a_millisecond_apart_begin_a_measure_each():
    starts = np.arange(100_000.0)
    tempo = TempoMap.of_points(TimingPoint(start, 200.0) for start in starts[::-1].tolist())
    lines = tempo.lines(-500.0, 100_500.0)
    assert np.array_equal(lines.measures_ms, starts)
    assert np.array_equal(lines.numbers, np.arange(100_000) + 1)
    assert lines.beats_ms[:6].tolist() == [-400, -200, 0, 1, 2, 3]
    assert lines.beats_ms[-4:].tolist() == [99_998, 99_999, 100_199, 100_399]
    assert np.isfinite(tempo.beats_at(starts)).all()


def test_tempo_holds_from_its_point_to_the_next_one():
    tempo = TempoMap.of_points([TimingPoint(0.0, 500.0), TimingPoint(1000.0, 250.0), TimingPoint(5000.0, 300.0)])
    assert tempo.lasting(-100.0, 3000.0).tolist() == [1100.0, 2000.0, 0.0]
    assert tempo.lasting(2000.0, 6000.0).tolist() == [0.0, 3000.0, 1000.0]


def test_main_tempo_is_the_one_that_holds_longest_in_all():
    points = [TimingPoint(0.0, 500.0), TimingPoint(1000.0, 250.0), TimingPoint(1700.0, 500.004)]
    tempo = TempoMap.of_points(points)
    assert tempo.main_bpm(500.0, 1850.0) == 240.0  # 500 ms at 120, 700 at 240, 150 at 120 again
    assert tempo.main_bpm(400.0, 2000.0) == 120.0


@pytest.mark.parametrize("beat_ms", [0.0, -100.0, math.nan, math.inf, 1e-300, 5.999, 60_001.0])
def test_timing_point_that_is_no_tempo_is_refused(beat_ms):
    with pytest.raises(ChartError, match=r"timing point at 7\.0 ms: a beat of .* is no tempo.* 1 to 10000 BPM"):
        TempoMap.of_points([TimingPoint(0.0, 500.0), TimingPoint(7.0, beat_ms)])


@pytest.mark.parametrize("time_ms", [math.nan, math.inf, -math.inf, 1e9])
def test_timing_point_at_no_time_of_a_chart_is_refused(time_ms):
    with pytest.raises(ChartError, match=r"timing point at .* at a time within a day"):
        TempoMap.of_points([TimingPoint(0.0, 500.0), TimingPoint(time_ms, 500.0)])


def test_chart_without_timing_points_has_no_map():
    with pytest.raises(ChartError, match="no timing points"):
        TempoMap.of_points([])


def test_last_of_several_points_at_one_time_counts():
    points = [TimingPoint(900.0, 250.0), TimingPoint(0.0, 500.0), TimingPoint(900.0, 300.0, 3)]
    assert TempoMap.of_points(points).timing_points() == [TimingPoint(0.0, 500.0), TimingPoint(900.0, 300.0, 3)]


@given(
    st.lists(
        st.builds(TimingPoint, st.floats(-1e6, 8e7), st.floats(6.0, 60_000.0), st.integers(1, 64)),
        min_size=1,
        max_size=13,
        unique_by=lambda point: point.time_ms,
    )
)
def test_timing_points_come_back_from_their_map(points):
    assert TempoMap.of_points(points).timing_points() == sorted(points, key=lambda point: point.time_ms)


@given(
    st.lists(st.tuples(st.floats(1.0, 5000.0), st.floats(6.0, 60_000.0)), min_size=1, max_size=7),
    st.lists(st.floats(-20_000.0, 20_000.0), min_size=1, max_size=11),
)
def test_times_of_beats_and_beats_of_times_are_inverse(stretches, moments):
    starts = np.cumsum([length for length, _ in stretches])
    points = [TimingPoint(start, beat_ms) for start, (_, beat_ms) in zip(starts.tolist(), stretches, strict=True)]
    tempo, times = TempoMap.of_points(points), np.array(moments)
    assert tempo.times_of(tempo.beats_at(times)) == pytest.approx(times, abs=1e-6)
