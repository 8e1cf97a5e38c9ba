"""Scores of a timing: each figure on maps that are right but for one thing."""

import pytest

from mug.charts.tempo_map import TempoMap
from mug.metrics.timing import measure_starts, score_timing

TRUTH = TempoMap.of_tempos(500.0, [(0, 150.0)])  # a beat is 400 ms


def score(start_ms: float, bpm: float, truth: TempoMap = TRUTH):
    return score_timing(truth, TempoMap.of_tempos(start_ms, [(0, bpm)]), 500.0, 60_500.0)


def test_the_map_itself_is_right_in_every_figure():
    same = score(500.0, 150.0)
    assert (same.tempo, same.within_10ms, same.both, same.downbeat, same.bpm_close) == (1, 1, 1, 1, 1)
    assert (same.half_beat, same.error_ms) == (0, 0)
    assert (same.beat_f, same.cmlt, same.amlt) == (1, 1, 1)


def test_double_the_tempo_is_right_in_octaves_only():
    double = score(500.0, 300.0)
    assert (double.tempo, double.tempo_octave, double.within_10ms, double.both) == (0, 1, 1, 0)


def test_half_the_tempo_has_its_beats_right():
    half = score(500.0, 75.0)
    assert (half.tempo, half.tempo_octave, half.within_10ms, half.half_beat) == (0, 1, 1, 0)


def test_half_a_beat_off_is_said():
    off = score(700.0, 150.0)
    assert (off.tempo, off.half_beat, off.within_30ms, off.aligned_10ms) == (1, 1, 0, 0)


def test_a_constant_offset_is_removed_from_the_aligned_figure():
    late = score(520.0, 150.0)
    assert (late.within_10ms, late.within_30ms, late.aligned_10ms, late.error_ms) == (0, 1, 1, 20)


def test_measures_one_beat_off_are_wrong():
    assert (score(900.0, 150.0).both, score(900.0, 150.0).downbeat) == (1, 0)


def test_a_tempo_off_by_a_quarter_percent_is_wrong():
    near = score(500.0, 150.4)
    assert (near.tempo, near.bpm_close, near.within_30ms) == (0, 1, 0)


def test_tempos_of_single_beats_continue_the_measure():
    gradual = TempoMap.of_tempos(0.0, [(0, 120.0), (8, 122.0), (9, 124.0), (10, 126.0), (11, 128.0), (12, 130.0)])
    starts = measure_starts(gradual, 0.0, 8_000.0)
    assert [round(float(gradual.beats_at(start + 1e-6)), 3) for start in starts] == [0, 4, 8, 12, 16]


def test_too_little_music_to_score_is_an_error():
    with pytest.raises(ValueError, match="no two beats"):
        score_timing(TRUTH, TRUTH, 510.0, 600.0)
