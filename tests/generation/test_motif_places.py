"""Which moments are the same one of a motif."""

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.data.beat_axis import BeatAxis
from mug.data.motifs import Motifs
from mug.data.time_grid import Frames, TimeGrid
from mug.generation.motif_places import motif_places

# A note frame of 50 ms, 8 a beat of the axis, and a latent frame of four: 150 BPM. A measure has 8 latent frames.
GRID = TimeGrid(50.0, 64, audio_per_note=2, notes_per_latent=4)


def numbers(motifs: Motifs, points: list[TimingPoint], *times_ms: float) -> list[int]:
    return motif_places(motifs, BeatAxis(points, GRID, 8), Frames(200.0))(np.array(times_ms)).tolist()


def test_the_same_beat_of_measures_that_repeat_each_other_is_one_place():
    song = Motifs([0, 8, 16, 24], [None, 0, 1])  # 1 repeats 0, and 2 repeats 1
    a, b, c = numbers(song, [TimingPoint(0.0, 400.0)], 500.0, 2100.0, 3700.0)
    assert a == b == c
    first, other, new = numbers(Motifs([0, 8, 16], [None, None]), [TimingPoint(0.0, 400.0)], 500.0, 2100.0, 600.0)
    assert len({first, other, new}) == 3


def test_places_are_lines_at_any_tempo():
    # the second measure is played a little faster; times are in whole ms, a third of a beat after beat 2
    points = [TimingPoint(0.0, 400.0), TimingPoint(1600.0, 380.0)]
    a, b, other = numbers(Motifs([0, 8, 16], [None, 0]), points, 933.0, 2487.0, 2455.0)
    assert a == b != other


def test_a_moment_just_before_a_measure_belongs_to_it():
    a, b = numbers(Motifs([0, 8, 16], [None, 0]), [TimingPoint(0.0, 400.0)], 0.0, 1599.6)
    assert a == b
