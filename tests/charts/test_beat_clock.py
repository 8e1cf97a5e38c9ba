"""Beats become times: tempo changes, stops, delays, warps, and the tricks of old charts. Every number by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beat_clock import FOREVER, BeatClock, without_negatives


def times(clock: BeatClock, *beats: float) -> list[float]:
    return clock.times_ms(np.array(beats, dtype=np.float64)).tolist()


def hittable(clock: BeatClock, *beats: float) -> list[bool]:
    return clock.hittable(np.array(beats, dtype=np.float64)).tolist()


def points(clock: BeatClock) -> list[tuple[float, float, int]]:
    return [(point.time_ms, point.beat_ms, point.meter) for point in clock.timing_points]


def test_tempo_changes():
    clock = BeatClock([(0, 120), (4, 60), (6, 240)], start_ms=-50)
    assert times(clock, -1, 0, 2, 4, 5, 6, 8) == [-550, -50, 950, 1950, 2950, 3950, 4450]
    assert points(clock) == [(-50, 500, 4), (1950, 1000, 4), (3950, 250, 4), (4450, 250, 4)]  # on beats 0, 4, 6 and 8


def test_the_first_tempo_holds_before_it_too():
    assert times(BeatClock([(4, 60), (5, 120)]), 0, 4, 5, 6) == [0, 4000, 5000, 5500]
    assert times(BeatClock([(-2, 60), (5, 120)], start_ms=100), -3, -2, 0, 5) == [-2900, -1900, 100, 5100]


def test_a_note_is_before_its_beats_stop_and_after_its_delay():
    clock = BeatClock([(0, 60)], stops=[(1, 0.5)], delays=[(3, 0.25)])
    assert times(clock, 0, 1, 2, 3, 4) == [0, 1000, 2500, 3750, 4750]
    assert points(clock) == [(0, 1000, 4), (1500, 1000, 4), (3750, 1000, 4), (4750, 1000, 4)]  # and on the bar, beat 4


def test_pauses_on_a_beat_add_up_and_beat_0_stays_in_place():
    clock = BeatClock([(0, 60)], stops=[(0, 0.5), (0, 0.25)], delays=[(0, 0.125)], start_ms=10)
    assert times(clock, -1, 0, 1) == [10 - 1000 + 125, 135, 1885]


def test_warped_beats_take_no_time_and_cannot_be_hit():
    clock = BeatClock([(0, 60)], warps=[(1, 2), (2, 2), (6, 1)], stops=[(2, 0.5)])
    assert times(clock, 0, 1, 1.5, 2, 3, 4, 5, 6, 7) == [0, 1000, 1000, 1000, 1500, 1500, 2500, 3500, 3500]
    assert hittable(clock, 0.5, 1, 1.5, 2, 3.5, 4, 6, 6.5, 7) == [
        True,
        False,
        False,
        True,
        False,
        True,
        False,
        False,
        True,
    ]
    # on beats 0 and 2; on 4, a bar; on 7; on 8, a bar
    assert points(clock) == [(0, 1000, 4), (1500, 1000, 4), (3500, 1000, 4), (4500, 1000, 4)]


def test_a_change_of_meter_is_a_timing_point():
    clock = BeatClock([(0, 60)], meters=[(0, 3), (3, 3), (6, 4)])
    assert points(clock) == [(0, 1000, 3), (6000, 1000, 4)]
    again = BeatClock([(0, 60)], meters=[(0, 4), (6, 4)])  # the same meter, whose bars begin anew
    assert points(again) == [(0, 1000, 4), (6000, 1000, 4)]


def test_bars_stay_in_place_where_the_tempo_changes_inside_one():
    # bars of 3 on beats 1, 4, 7, 10: a timing point begins one, so there is another on the next bar
    clock = BeatClock([(0, 60), (5.5, 120), (6, 60)], meters=[(1, 3)])
    assert points(clock) == [(0, 1000, 4), (1000, 1000, 3), (5500, 500, 3), (5750, 1000, 3), (6750, 1000, 3)]
    for rounding in (-1e-9, 1e-9):
        assert len(points(BeatClock([(0, 60), (8 + rounding, 120)]))) == 2
    skipped = BeatClock([(0, 60), (2, 120)], warps=[(3, 2.5)])  # the bar on beat 4 is skipped, the next one is on 8
    assert points(skipped) == [(0, 1000, 4), (2000, 500, 4), (2500, 500, 4), (3750, 500, 4)]


def test_a_tempo_before_beat_0_leaves_bars_on_it():
    assert points(BeatClock([(-2.5, 60)])) == [(-2500, 1000, 4), (0, 1000, 4)]


@pytest.mark.parametrize(("bpms", "reason"), [([], "no tempo"), ([(0, 0)], "tempo of 0"), ([(0, 1), (1, -1)], "of -1")])
def test_no_tempo(bpms, reason):
    with pytest.raises(ValueError, match=reason):
        BeatClock(bpms)


def test_a_negative_stop_skips_the_beats_that_it_takes_back():
    # a second back at 60 BPM: beats 4 to 5 are skipped
    assert without_negatives([(0, 60)], [(4, -1), (8, 0.5)]) == ([(0, 60)], [(8, 0.5)], [(4, 1)])


def test_a_negative_tempo_skips_as_far_forward_as_it_went_back():
    # from beat 4 a second backward (to beat 5), then at 120 BPM a second forward: on beat 7 it is what it was on 4
    bpms, stops, warps = without_negatives([(0, 60), (4, -60), (5, 120)], [])
    assert (bpms, stops, warps) == ([(0, 60), (5, 120)], [], [(4, 3)])
    clock = BeatClock(bpms, stops, warps=warps)
    assert times(clock, 3, 4, 6, 7, 8) == [3000, 4000, 4000, 4000, 4500]
    assert hittable(clock, 3, 4, 6, 7) == [True, False, False, True]


def test_an_absurd_tempo_skips_to_the_next_one():
    assert without_negatives([(0, 60), (4, 99_999_999), (6, 60)], []) == ([(0, 60), (6, 60)], [], [(4, 2)])
    assert without_negatives([(0, 60), (2, 0), (4, -60)], [])[2] == [(4, FOREVER)]


def test_a_stop_inside_a_negative_stretch_pays_it_back():
    # a second back on beat 4, half of it paid by beat 4.5, the stop there pays the other half and stops half a second
    assert without_negatives([(0, 60)], [(4, -1), (4.5, 1)]) == ([(0, 60)], [(4.5, 0.5)], [(4, 0.5)])
    # or a part of it: 0.25 s are left, which the next 0.25 beats pay
    assert without_negatives([(0, 60)], [(4, -1), (4.5, 0.25)])[1:] == ([], [(4, 0.75)])


beats = st.integers(0, 40).map(lambda n: n / 4)


@given(
    st.lists(st.tuples(beats, st.sampled_from([-240.0, -60.0, 30.0, 60.0, 120.0, 1e8])), max_size=6),
    st.lists(st.tuples(beats, st.sampled_from([-1.0, -0.25, 0.0, 0.5, 2.0])), max_size=6),
)
def test_time_never_runs_backwards(bpms, stops):
    good_bpms, good_stops, warps = without_negatives([(0.0, 60.0), *bpms], stops)
    clock = BeatClock(good_bpms, good_stops, warps=warps)
    at = np.arange(0, 80) / 8
    passed = clock.times_ms(at)
    assert np.isfinite(passed).all()
    assert (np.diff(passed) >= -1e-6).all()
    assert [point.time_ms for point in clock.timing_points] == sorted({point.time_ms for point in clock.timing_points})
