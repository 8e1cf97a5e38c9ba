"""Labels of beats: by hand at literal red lines with a change, where there is music; red lines that are effects."""

from dataclasses import replace

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap
from mug.data.time_grid import TimeGrid
from mug.timing.labels import beat_planes, music_of, problem_of

CHANGE = [TimingPoint(1000, 1000, 4), TimingPoint(5000, 500, 3)]  # 60 BPM, then a waltz at 120, on frames of 100 ms
GRID = TimeGrid(100.0, 72, audio_per_note=2)


def frames(plane: np.ndarray) -> dict[int, float]:
    """The frames that are not 0."""
    return {int(i): round(float(plane[i]), 3) for i in np.flatnonzero(plane)}


def test_beats_and_downbeats_at_a_change_of_tempo() -> None:
    planes = beat_planes(TempoMap.of_points(CHANGE), GRID, 0.0, 7000.0)
    edges = [0, 10, 20, 30, 40, 50, 55, 60, 65]  # beats begin a frame, so that half of each is in the frame before
    halves = {frame for edge in edges for frame in (edge - 1, edge) if frame >= 0}
    assert frames(planes.beat) == dict.fromkeys(sorted(halves), 0.5)
    assert frames(planes.downbeat) == dict.fromkeys([9, 10, 49, 50, 64, 65], 0.5)
    assert [planes.place[frame] for frame in (9, 10, 54, 55)] == [1, 0, 1, 0]
    assert planes.tempo.tolist() == [60, 60, 60, 60, 60, 60, 120, 120, 120]
    assert planes.beat.dtype == planes.place.dtype == planes.downbeat.dtype == planes.tempo.dtype == np.float32


def test_a_beat_inside_a_frame_is_mostly_there() -> None:
    beats = TempoMap.of_points([TimingPoint(130, 10_000)])
    planes = beat_planes(beats, GRID, 100.0, 7000.0)
    assert frames(planes.beat) == {0: 0.2, 1: 0.8}  # 1.3 frames: 0.2 from the middle of frame 1
    assert (planes.place[0], planes.place[1]) == pytest.approx((1.3, 0.3))


def test_a_rate_and_a_later_window_move_the_labels() -> None:
    grid = replace(GRID, rate=2.0).beginning_at(18)  # 9 frames at double speed: 1800 ms of the song
    planes = beat_planes(TempoMap.of_points(CHANGE), grid, 0.0, 99_000.0)
    assert list(frames(planes.beat))[:6] == [0, 1, 5, 6, 10, 11]  # beats at 2000, 3000, 4000
    assert planes.tempo.tolist() == [120, 120, 240, 240, 240, 240, 240, 240, 240]


def test_nothing_beats_outside_the_music() -> None:
    planes = beat_planes(TempoMap.of_points(CHANGE), GRID, 3020.0, 5600.0)
    assert list(frames(planes.beat)) == [29, 30, 39, 40, 49, 50, 54, 55]  # the beat at 3000 begins with the sound
    assert planes.tempo.tolist() == [0, 0, 0, 0, 60, 60, 120, 0, 0]


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ([TimingPoint(0, 500)], None),
        ([TimingPoint(i * 500, 500 + i) for i in range(60)], None),  # somebody plays, and every beat is timed
        ([TimingPoint(0, 500), TimingPoint(2000, 7.5), TimingPoint(2001, 500)], "of 8000 BPM"),
        ([TimingPoint(0, 500), TimingPoint(2000, 60_000), TimingPoint(2001, 500)], "of 1 BPM"),
        ([TimingPoint(0, 500), TimingPoint(90_000, 7.5)], None),  # after the song's end
        ([TimingPoint(100 * i, 100) for i in range(30)], "30 red lines within 5 s"),
        ([TimingPoint(350 * i, 500) for i in range(8)], "7 red lines that hold for less than a beat"),
        ([TimingPoint(0, 1500)], "tempo of 40 BPM"),
        ([TimingPoint(0, float("nan"))], "no tempo"),
        ([], "no red lines"),
    ],
)
def test_red_lines_that_are_effects(points: list[TimingPoint], problem: str | None) -> None:
    found = problem_of(points, 60_000.0)
    assert found is None if problem is None else problem in found


def test_where_a_spectrum_has_music() -> None:
    spectrum = np.zeros((3, 2000), dtype=np.float16)
    spectrum[1, 600:1500] = 2.0
    spectrum[:, 1500:] = 1e-5  # the noise of an encoder
    assert music_of(spectrum) == (600, 1500)
    assert music_of(np.zeros((3, 40), dtype=np.float16)) == (0, 0)
