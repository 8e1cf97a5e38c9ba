"""Tempos of charts."""

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.prepare.speeds import main_bpm


def test_the_tempo_that_lasts_longest():
    notes = [Note(0.0, 0), Note(100_000.0, 0)]
    points = [TimingPoint(-5000.0, 1000.0), TimingPoint(30_000.0, 500.0), TimingPoint(80_000.0, 250.0)]
    assert main_bpm(Beatmap(4, notes, points)) == 120.0
    assert main_bpm(Beatmap(4, notes, [TimingPoint(90_000.0, 250.0)])) == 240.0  # it holds before its line, too
    assert main_bpm(Beatmap(4, [Note(0.0, 0)], points)) == 60.0
    assert main_bpm(Beatmap(4, notes, [])) == 0.0
