"""What returns in a chart, counted by hand, and as an independent program counts it."""

import random
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu
from mug.metrics.motifs import half_measures, motif_shares
from tests.metrics.hand_charts import chart_of, rows

# Half measures of two beats of 400 ms, four rows each
ROLL = ("x...", ".x..", "..x.", "...x")
MIRRORED = ("...x", "..x.", ".x..", "x...")
OTHER = ("x...", "..x.", "..x.", "...x")
THREE = ("x...", ".x..", "..x.", "....")
TWO = ("x...", "....", "....", ".x..")
NOTHING = ("....",) * 4


def shares(chart: Beatmap) -> tuple[int, float, float]:
    found = motif_shares(chart)
    return found.half_measures, found.rhythm, found.motif


def test_rhythms_and_motifs_that_return():
    """OTHER and MIRRORED have the rhythm of ROLL, MIRRORED its columns, too; TWO is too short to count."""
    assert shares(rows(*ROLL, *OTHER, *MIRRORED, *TWO, *THREE)) == (4, 2 / 4, 1 / 2)


def test_a_chord_is_one_moment_with_its_columns():
    chords = ("xx..", "..xx", "x..x", "....")
    assert shares(rows(*chords, *ROLL, *chords)) == (3, 1 / 3, 1.0)
    assert shares(rows(*chords, *ROLL, "..xx", "xx..", "xx..", "....")) == (3, 1 / 3, 0.0)


def test_only_the_last_16_half_measures_count():
    assert shares(rows(*ROLL, *TWO * 15, *ROLL)) == (2, 1 / 2, 1.0)
    found = motif_shares(rows(*ROLL, *TWO * 16, *ROLL))
    assert (found.half_measures, found.rhythm) == (2, 0.0)
    assert np.isnan(found.motif)


def test_half_measures_without_notes_are_passed_over():
    assert shares(rows(*ROLL, *NOTHING * 40, *ROLL)) == (2, 1 / 2, 1.0)


def test_beats_are_folded_to_150_to_300_bpm():
    chart = rows(*ROLL, *OTHER, *ROLL, step_ms=150)
    beats = (75, 150, 300, 600, 1200)  # 800 to 50 BPM: all are 200 BPM
    assert {shares(replace(chart, timing_points=[TimingPoint(0, beat_ms)])) for beat_ms in beats} == {(3, 2 / 3, 1 / 2)}
    for beat_ms in (200, 400):  # both ends of the range stay: half measures of 400 and 800 ms
        at = replace(rows(*ROLL, *ROLL, step_ms=beat_ms / 2), timing_points=[TimingPoint(0, beat_ms)])
        assert shares(at) == (2, 1 / 2, 1.0)


def test_half_measures_start_anew_at_a_timing_point():
    """The second tempo starts 1000 ms on; notes up to 2 ms before it belong to it."""
    points = (TimingPoint(0, 400), TimingPoint(1000, 300))
    early, late = (
        (Note(0, 0), Note(200, 1), Note(400, 2), Note(at, 0), Note(1150, 1), Note(1300, 2)) for at in (998, 997)
    )
    assert half_measures(chart_of(*early, timing=points)) == [((0, (0,)), (6, (1,)), (12, (2,)))] * 2
    assert len(half_measures(chart_of(*late, timing=points))) == 3


def test_places_are_to_a_twelfth_of_a_beat():
    assert half_measures(chart_of(Note(100, 0), Note(117, 3), Note(133, 1), Note(140, 2))) == [
        ((3, (0,)), (4, (1, 2, 3)))
    ]


def test_chance_is_that_of_shuffled_columns():
    assert motif_shares(rows(*("x",) * 16)).chance == 1.0  # one column
    assert motif_shares(rows(*ROLL * 30)).chance < 0.4 < motif_shares(rows(*ROLL * 30)).motif


def test_without_notes_or_a_tempo_nothing_is_measured():
    for chart in (chart_of(), chart_of(Note(0, 0), timing=()), chart_of(Note(0, 0), timing=(TimingPoint(0, 0),))):
        found = motif_shares(chart)
        assert found.half_measures == 0
        assert np.isnan([found.rhythm, found.motif, found.chance]).all()


def test_an_independent_count_of_peoples_charts_agrees(shared: Path):
    counted = SimpleNamespace(**runpy.run_path(str(shared / "tools" / "motifs.py")))
    paths = sorted((shared / "data" / "songs").rglob("*.osu"))[::5]
    for path in paths:
        keys, red, notes = counted.read(path)
        cells = counted.cells(keys, red, notes)
        rng = random.Random(0)
        shuffled = [tuple((p, tuple(sorted(rng.sample(range(keys), len(c))))) for p, c in cell) for cell in cells]
        found = motif_shares(read_osu(path))
        expected = (*counted.shares(cells, keys), counted.shares(shuffled, keys)[2])
        measured = (found.half_measures, found.rhythm, found.motif, found.chance)
        assert tuple(np.nan_to_num(measured)) == pytest.approx(expected), path  # it says 0 where nothing can be said
    assert len(paths) >= 5
