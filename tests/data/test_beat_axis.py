"""The axis of beats: red lines and measures begin on whole beats, and times come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import TimingPoint
from mug.data.beat_axis import BeatAxis, TimeSettings
from mug.data.time_grid import TimeGrid
from mug.errors import ChartError, ConfigError

GRID = TimeGrid(46.4399, 4096, audio_per_note=8)
BEAT_MS = 8 * 46.4399


def axis(*points: tuple[float, ...]) -> BeatAxis:
    return BeatAxis([TimingPoint(time_ms, beat_ms, int(meter)) for time_ms, beat_ms, meter in points], GRID, 8)


def beats(song: BeatAxis, *times_ms: float) -> list[float]:
    return (song.to_axis(np.array(times_ms)) / BEAT_MS).tolist()


def test_a_beat_is_eight_frames_at_any_tempo_of_the_octave():
    for bpm in (115, 128, 174, 228):
        song = axis((0, 60_000 / bpm, 4))
        assert beats(song, 0, 60_000 / bpm) == pytest.approx([0, 1])
        assert song.bpm(0, 60_000) == pytest.approx(bpm)


@pytest.mark.parametrize(("bpm", "folded"), [(90, 180), (57, 228), (240, 120), (300, 150), (480, 120)])
def test_other_tempos_are_folded_into_the_octave(bpm, folded):
    assert axis((0, 60_000 / bpm, 4)).bpm(0, 60_000) == pytest.approx(folded)


def test_it_begins_with_the_last_measure_before_the_song():
    song = axis((1234, 400, 4))  # measures at -366 and 1234
    assert beats(song, -366, 1234) == pytest.approx([0, 4])
    assert song.measures(10 * BEAT_MS).tolist() == pytest.approx([0, 4 * BEAT_MS, 8 * BEAT_MS])
    late = axis((-9000, 400, 4), (-5000, 300, 3))  # the song begins 16 and 2/3 beats into the second tempo
    assert beats(late, -500, 0) == pytest.approx([0, 5 / 3])
    assert late.measures(7 * BEAT_MS).tolist() == pytest.approx([0, 3 * BEAT_MS, 6 * BEAT_MS])


def test_a_change_of_tempo_begins_on_a_whole_beat():
    even = axis((0, 400, 4), (6400, 350, 4))
    assert beats(even, 6000, 6400, 6750) == pytest.approx([15, 16, 17])
    stretched = axis((0, 400, 4), (6200, 350, 4))  # after 15.5 beats: the half takes a whole one
    assert beats(stretched, 6000, 6100, 6200) == pytest.approx([15, 15.5, 16])
    joined = axis((0, 400, 4), (6120, 350, 4))  # after 15.3: the rest belongs to the last whole one
    assert beats(joined, 5600, 6120) == pytest.approx([14, 15])
    assert joined.measures(20 * BEAT_MS) / BEAT_MS == pytest.approx([0, 4, 8, 12, 15, 19])


def test_lines_of_a_gradual_change_lie_in_one_measure():
    song = axis((0, 400, 4), (3200, 390, 4), (3590, 380, 4), (3970, 370, 4), (4340, 360, 4), (4700, 350, 4))
    assert song.measures(14 * BEAT_MS) / BEAT_MS == pytest.approx([0, 4, 8, 12])


def test_a_change_inside_a_measure_begins_none_if_another_line_ends_it():
    song = axis((0, 400, 4), (2400, 350, 4), (3100, 350, 4))  # after 6 beats, and where the second measure ends
    assert song.measures(14 * BEAT_MS) / BEAT_MS == pytest.approx([0, 4, 8, 12])


def test_a_flash_of_absurd_tempo_is_no_tempo():
    song = axis((0, 400, 4), (4000, 60_000, 4), (4003, 400, 4))
    assert beats(song, 4003, 4403) == pytest.approx([10, 11])


def test_notes_settle_on_lines_of_the_charts_beat():
    song = axis((0, 400, 4))
    near = np.array([0.49, 0.34, 0.26, 0.0626, 0.0834, 0.918]) * BEAT_MS
    assert song.settled(near) / BEAT_MS == pytest.approx([1 / 2, 1 / 3, 1 / 4, 1 / 16, 1 / 12, 11 / 12], abs=1e-6)
    slow = axis((0, 800, 4))  # 75 BPM: a beat of the axis is half a beat, so its finest line is 1/8
    assert slow.settled(np.array([0.07, 0.12, 0.17]) * BEAT_MS) / BEAT_MS == pytest.approx(
        [1 / 8, 1 / 8, 1 / 6], abs=1e-6
    )


def test_notes_in_whole_ms_are_on_the_frames_of_their_lines():
    song = axis((300, 60_000 / 128, 4))
    times = np.array([round(300 + i * 60_000 / 128 / 4) for i in range(64)], float)
    frames = GRID.notes.at(song.notes_to_axis(times))
    assert np.floor(frames).tolist() == [32 + 2 * i for i in range(64)]
    assert (frames % 1 < 1e-4).all()
    off_the_grid = song.to_axis(np.array([310.0]))
    assert song.notes_to_axis(np.array([310.0])).tolist() == off_the_grid.tolist()


POINTS = st.lists(st.tuples(st.floats(-5000, 120_000), st.floats(60, 3000), st.integers(1, 7)), min_size=1, max_size=6)


@given(POINTS)
def test_times_come_back_and_measures_begin_on_frames(points):
    song = axis(*points)
    times = np.linspace(-10_000, 200_000, 211)
    there = song.to_axis(times)
    assert (np.diff(there) > 0).all()
    np.testing.assert_allclose(song.to_song(there), times, atol=1e-6)
    assert song.to_axis(0.0) >= -1e-3
    measures = song.measures(400 * BEAT_MS) / BEAT_MS
    np.testing.assert_allclose(measures, np.round(measures), atol=1e-6)
    assert measures[0] == pytest.approx(0)
    assert (np.diff(measures) > 0.5).all()


def test_spectra_follow_the_tempo():
    song = axis((0, BEAT_MS, 4), (16 * BEAT_MS, 0.9 * BEAT_MS, 4))
    spectrum = np.arange(2000, dtype=np.float32)[None]  # the value of a frame is its number
    first = 16 * 64  # 64 audio frames a beat
    assert song.heard(spectrum, first - 1, 3)[0] == pytest.approx([first - 1, first, first + 0.9])
    assert song.heard(spectrum).shape == (1, first + np.ceil((2000 - first) / 0.9))


def test_impossible_settings_and_charts_without_timing_are_refused():
    with pytest.raises(ConfigError, match="unknown 'bars'"):
        TimeSettings(axis="bars")
    with pytest.raises(ConfigError, match="frames_per_beat is 0"):
        TimeSettings(frames_per_beat=0)
    with pytest.raises(ChartError, match="no timing points"):
        axis()
    assert TimeSettings.from_params(None).axis_of([], GRID) is None
