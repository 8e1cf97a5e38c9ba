"""From beats to stretches of one tempo: exact beats give their own map again, and strays change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.tempo_map import TempoMap
from mug.timing.beat_tracking import beat_lengths, track_beats
from mug.timing.downbeats import find_measures
from mug.timing.onset_times import BIAS_MS, onset_times
from mug.timing.tempo_fit import Stretch, fit_tempos, rounded, without_strays


@settings(max_examples=20, deadline=None)
@given(
    st.floats(0, 3000),
    st.lists(st.integers(80, 240), min_size=1, max_size=3),
    st.lists(st.integers(4, 10), min_size=3, max_size=3),
)
def test_a_map_found_from_its_own_beats_is_the_map_again(start_ms, bpms, measures):
    firsts = [4 * sum(measures[:i]) for i in range(len(bpms))]
    kept = [i for i in range(len(bpms)) if i == 0 or abs(bpms[i] - bpms[i - 1]) > 2]  # nearer ones may count as one
    truth = TempoMap.of_tempos(start_ms, [(firsts[i], float(bpms[i])) for i in kept])
    beats = np.arange(firsts[-1] + 40)
    found = fit_tempos(truth.times_of(beats), np.ones(len(beats)))
    assert [(s.first, s.beat_ms) for s in found] == [
        (firsts[i], pytest.approx(60_000 / bpms[i], rel=1e-9)) for i in kept if i == 0 or bpms[i] != bpms[i - 1]
    ]
    assert found[0].time_ms == pytest.approx(start_ms, abs=0.01)


def test_strays_neither_move_nor_split_a_tempo():
    times = 200.0 + 400.0 * np.arange(80)
    times[[7, 30, 31, 55]] += [40.0, -35.0, 25.0, -60.0]
    (found,) = fit_tempos(times, np.ones(80))
    assert (found.time_ms, found.beat_ms) == (pytest.approx(200.0, abs=0.1), 400.0)


def test_strays_are_those_that_no_neighbour_predicts():
    times = 400.0 * np.arange(20.0)
    times[9] += 50
    assert np.flatnonzero(without_strays(times, np.ones(20)) == 0).tolist() == [9]


def test_a_break_between_two_phases_does_not_bend_the_tempos():
    beats = np.arange(60)
    times = np.where(beats < 30, 400.0 * beats, 400.0 * beats + 170)
    found = fit_tempos(times, np.ones(60))
    assert [(s.first, round(s.time_ms, 3), s.beat_ms) for s in found] == [(0, 0.0, 400.0), (30, 12_170.0, 400.0)]


def test_tempos_are_rounded_as_far_as_beats_hardly_move():
    near = rounded([Stretch(0, 100.0, 60_000 / 150.002), Stretch(100, 100 + 100 * 60_000 / 150.002, 400.5)], 120)
    assert [round(60_000 / s.beat_ms, 3) for s in near] == [150.0, 149.8]
    assert near[1].time_ms == pytest.approx(float(near[0].at(100)))


def test_onsets_are_timed_between_frames():
    strength = np.zeros(60)
    strength[29:32] = [6.0, 8.0, 6.0]
    times, weights = onset_times(strength, np.array([27, 50]), 5.0)
    assert (times[0], weights.tolist()) == (30 * 5.0 - BIAS_MS, [1.0, 0.0])


def test_tracked_beats_keep_their_tempo_through_a_gap():
    odds = np.full(3000, -1.5)
    beats = 60 + np.arange(36) * 80.5
    odds[np.round(np.delete(beats, range(12, 18))).astype(int)] = 4.0
    lengths = beat_lengths(5.8)
    found = track_beats(odds, lengths, np.zeros(len(lengths)))
    assert np.abs(found.frames[:36] - beats).max() <= 2


@pytest.mark.parametrize("meter", [3, 4])
def test_measures_start_where_downbeats_are_likely(meter):
    odds = np.where(np.arange(60) % meter == 2, 2.0, -1.5)
    odds[2 + 5 * meter] = -1.5  # missed
    found = find_measures(odds)
    assert found.meter == meter
    assert np.flatnonzero(found.places == 0).tolist() == list(range(2, 60, meter))
