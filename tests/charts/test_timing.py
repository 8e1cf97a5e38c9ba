import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.beatmap import Note, TimingPoint
from mug.charts.osu import read_osu
from mug.charts.timing import Timing, fit_timing, quarter_before, quarters_from, snap
from mug.errors import ChartError, MugError, PromptError


def song(bpm: float, offset_ms: float, n_beats: int = 211, seed: int = 0, jitter_ms: float = 5.0) -> np.ndarray:
    """Notes on every beat (two on each fourth), most halves and some quarters, with jitter and 10 % strays."""
    rng = np.random.default_rng(seed)
    beats = np.arange(n_beats)
    places = [beats, beats[::4], beats[rng.random(n_beats) < 0.7] + 0.5, beats[rng.random(n_beats) < 0.3] + 0.25]
    times = offset_ms + np.concatenate(places) * 60_000 / bpm
    times += rng.normal(0, jitter_ms, len(times))
    stray = rng.random(len(times)) < 0.1
    times[stray] = rng.uniform(times.min(), times.max(), stray.sum())
    return times


@pytest.mark.parametrize(
    ("bpm", "fitted"), [(151, 151), (173, 173), (199.5, 199.5), (222.22, 222.22), (299, 299), (90, 180), (150, 150)]
)
def test_tempo_and_offset_are_found(bpm, fitted):
    timing = fit_timing(song(bpm, 1234.0))
    assert timing.bpm == pytest.approx(fitted, rel=1e-4)
    phase_ms = (timing.offset_ms - 1234.0 + timing.beat_ms / 2) % timing.beat_ms - timing.beat_ms / 2
    assert abs(phase_ms) < 3.0  # a rounder tempo drifts by 5 ms at most, half of it to either side


def test_the_offset_is_the_measure_before_the_first_note():
    timing = fit_timing(song(180, 5000.0))
    first_ms = song(180, 5000.0).min()
    assert first_ms - 4 * timing.beat_ms - 20 < timing.offset_ms <= first_ms + 20
    measures = (timing.offset_ms - 5000.0) / (4 * timing.beat_ms)
    assert abs(measures - round(measures)) < 0.01


def test_given_values_are_kept_and_the_other_one_is_fitted():
    onsets = song(180, 1234.0)
    assert fit_timing(onsets, bpm=97.3, offset_ms=-4.5) == Timing(97.3, -4.5)
    assert fit_timing([], bpm=97.3, offset_ms=-4.5) == Timing(97.3, -4.5)
    by_tempo = fit_timing(onsets, bpm=90.0)
    assert by_tempo.bpm == 90.0
    assert ((by_tempo.offset_ms - 1234.0) / (2000 / 6) + 0.01) % 1 < 0.02
    by_offset = fit_timing(onsets, offset_ms=1234.0 - 7 * 1000 / 3)
    assert by_offset.bpm == 180.0
    assert by_offset.offset_ms == 1234.0 - 7 * 1000 / 3


def test_a_range_other_than_an_octave():
    assert fit_timing(song(180, 700.0), bpm_range=(85, 95)).bpm == 90.0
    assert 155 <= fit_timing(song(180, 700.0), bpm_range=(155, 160)).bpm < 160


def test_weights_say_which_onsets_count():
    slow, fast = song(160, 900.0), song(210, 900.0, seed=1)
    onsets = np.concatenate([slow, fast])
    for first, second, bpm in ((1.0, 0.1, 160), (0.1, 1.0, 210)):
        assert fit_timing(onsets, weights=np.repeat([first, second], [len(slow), len(fast)])).bpm == bpm


@settings(max_examples=25)
@given(st.lists(st.floats(-1e5, 4e5), min_size=1, max_size=41))
def test_any_onsets_end_in_a_tempo_of_the_range(onsets):
    timing = fit_timing(onsets)
    assert 150 <= timing.bpm < 300
    assert min(onsets) - 4 * timing.beat_ms - 25 <= timing.offset_ms <= min(onsets) + 25


def test_three_thousand_notes_take_less_than_a_second():
    onsets = np.random.default_rng(0).uniform(0, 600_000, 3000)
    started = time.process_time()  # of this process: others may be busy
    fit_timing(onsets)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("arguments", [{"bpm": 0}, {"bpm": np.nan}, {"offset_ms": np.inf}, {"bpm_range": (0, 9)}])
def test_impossible_wishes_are_refused(arguments):
    with pytest.raises(PromptError):
        fit_timing([1.0, 2.0], **arguments)


@pytest.mark.parametrize("onsets", [[], [float("nan")], [0.0, 1e9]])
def test_impossible_onsets_are_refused(onsets):
    with pytest.raises(ChartError):
        fit_timing(onsets)


def test_real_charts_get_their_own_tempo_back(shared):
    rng, right, simple, total = np.random.default_rng(0), 0, 0, 0
    for path in sorted((shared / "data" / "charts").rglob("*.osu"))[::5]:
        try:
            chart = read_osu(path)
        except MugError:
            continue
        tempi = {round(point.beat_ms, 3) for point in chart.timing_points}
        if len(tempi) != 1 or len(chart.notes) < 50 or not 10 < chart.timing_points[0].bpm < 2000:
            continue
        onsets = np.array([note.start_ms for note in chart.notes])
        fitted = fit_timing(onsets + rng.normal(0, 5, len(onsets)))
        ratio = 2 ** (np.log2(fitted.bpm / chart.timing_points[0].bpm) % 1)  # 1 = the same up to octaves
        total += 1
        right += min(abs(ratio - 1), abs(ratio - 2)) < 1e-3
        simple += min(abs(ratio - value) for value in (1, 1.5, 4 / 3, 2)) < 1e-3
    assert total >= 30
    assert right / total >= 0.9
    assert simple / total >= 0.97


BEAT_400 = [TimingPoint(1000.0, 400.0)]


def test_snapping_prefers_the_coarsest_line_within_reach():
    # 1/4 at 1100, 1/3 at 1133.3, 1/6 at 1066.7, 1/12 at 1033.3 and 1/16 at 1025
    notes = [Note(1009.0, 0), Note(1110.0, 1), Note(1130.0, 2), Note(1070.0, 0), Note(1022.0, 1)]
    assert [round(note.start_ms, 1) for note in snap(notes, BEAT_400)] == [1000.0, 1100.0, 1133.3, 1066.7, 1025.0]


def test_fine_divisions_reach_less_far():
    """0.15 of 25 ms is 3.75 ms for a sixteenth, 0.15 of 50 ms is 7.5 ms for an eighth."""
    notes = [Note(1029.0, 0), Note(1020.0, 1), Note(1057.0, 2), Note(1058.5, 3)]
    assert [note.start_ms for note in snap(notes, BEAT_400, divisors=(8, 16))] == [1029.0, 1020.0, 1050.0, 1058.5]


def test_notes_out_of_reach_stay():
    assert snap([Note(1111.0, 3)], BEAT_400, divisors=(1, 2, 4)) == [Note(1111.0, 3)]


def test_tails_are_snapped_and_never_vanish():
    long = [Note(998.0, 0, 1204.0), Note(995.0, 1, 1006.0)]
    assert snap(long, BEAT_400) == [Note(1000.0, 0, 1200.0), Note(1000.0, 1, 1011.0)]


def test_every_note_follows_its_own_timing_point():
    points = [TimingPoint(2090.0, 300.0), TimingPoint(1000.0, 400.0)]
    notes = [Note(605.0, 0), Note(1405.0, 0), Note(2085.0, 0), Note(2385.0, 0)]
    assert [note.start_ms for note in snap(notes, points)] == [600.0, 1400.0, 2090.0, 2390.0]


@given(
    st.lists(st.floats(-5000, 60_000), max_size=31).map(sorted),
    st.floats(20, 2000),
    st.lists(st.tuples(st.floats(0, 30_000), st.floats(50, 900)), max_size=3),
)
def test_snapping_moves_little_and_keeps_the_order_of_one_tempo(times, beat_ms, changes):
    notes = [Note(time_ms, 0) for time_ms in times]
    points = [TimingPoint(0.0, beat_ms), *(TimingPoint(*change) for change in changes)]
    moved = snap(notes, points)
    assert all(abs(new.start_ms - old.start_ms) <= 10 + 1e-6 for new, old in zip(moved, notes, strict=True))
    if not changes:
        starts = [note.start_ms for note in moved]
        assert starts == sorted(starts)


RED_LINES = st.lists(st.tuples(st.floats(1, 4000), st.floats(100, 900)), min_size=1, max_size=7).map(
    lambda steps: [
        TimingPoint(float(np.cumsum([gap for gap, _ in steps])[i]), beat_ms) for i, (_, beat_ms) in enumerate(steps)
    ]
)


@given(RED_LINES, st.data())
def test_note_on_a_red_line_or_just_before_it_is_on_the_red_line(points, data):
    at = data.draw(st.integers(0, len(points) - 1))
    point = points[at]
    since_ms = point.time_ms - points[at - 1].time_ms if at else np.inf
    early_ms = data.draw(st.floats(0, min(9.9, 0.49 * since_ms)))
    assert snap([Note(point.time_ms - early_ms, 0)], points)[0].start_ms == point.time_ms


def test_red_lines_a_millisecond_apart_each_keep_their_notes():
    points = [TimingPoint(1000.0 + i, 400.0) for i in range(50)]
    notes = [Note(1000.0 + i, 0, 1020.5 + i) for i in range(30)]
    assert snap(notes, points) == [Note(1000.0 + i, 0, 1020.0 + i) for i in range(30)]


@pytest.mark.parametrize("points", [[], [TimingPoint(0, 0)], [TimingPoint(0, float("nan"))], [TimingPoint(0, -400)]])
def test_snapping_needs_a_grid(points):
    with pytest.raises(ChartError):
        snap([Note(0.0, 0)], points)


def test_a_timing_is_a_timing_point():
    assert Timing(200.0, 31.0).timing_point() == TimingPoint(31.0, 300.0, 4)


def test_the_quarter_before_a_time():
    points = [TimingPoint(100.0, 400.0), TimingPoint(1050.0, 200.0)]
    found = [quarter_before(points, time_ms) for time_ms in (50.0, 199.0, 200.0, 1049.0, 1050.0, 1120.0)]
    assert found == pytest.approx([0.0, 100.0, 200.0, 1000.0, 1050.0, 1100.0])


def test_the_quarters_from_times_on():
    points = [TimingPoint(100.0, 400.0), TimingPoint(1050.0, 200.0)]
    found = quarters_from(points, np.array([50.0, 199.0, 200.0, 201.0, 1050.0, 1051.0]))
    assert found.tolist() == pytest.approx([100.0, 200.0, 200.0, 300.0, 1050.0, 1100.0])
