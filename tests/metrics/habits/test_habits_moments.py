"""The moments of a chart on its beats, by hand."""

import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.errors import ChartError
from mug.metrics.habits.moments import TICKS, Moments
from tests.metrics.hand_charts import chart_of, rows


def test_moments_have_their_rows_and_places() -> None:
    """Measures of four beats of 400 ms; the chord is at 1200 ms, a note a twelfth of a beat after the bar line."""
    found = Moments.of(chart_of(Note(0, 0), Note(1200, 1), Note(1203, 3), Note(1633, 2)))
    assert found.rows.tolist() == [0b0001, 0b1010, 0b0100]
    assert found.sizes.tolist() == [1, 2, 1]
    assert found.ticks.tolist() == [0, 3 * TICKS, 4]
    assert found.measures.tolist() == [1, 1, 2]
    assert found.gaps.tolist() == pytest.approx([3, 433 / 400])


def test_measures_have_the_beats_of_their_timing_point() -> None:
    waltz = TimingPoint(0, 400, meter=3)
    found = Moments.of(chart_of(Note(0, 0), Note(1200, 0), Note(2400, 0), timing=(waltz,)))
    assert found.measures.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("beat_ms", "folded_ms"), [(250, 250), (600, 600), (240, 480), (601, 300.5), (1300, 325), (100, 400)]
)
def test_beats_are_folded_to_100_to_240_bpm(beat_ms: float, folded_ms: float) -> None:
    assert Moments.of(chart_of(Note(0, 0), timing=(TimingPoint(0, beat_ms),))).beat_ms.tolist() == [folded_ms]


def test_measures_begin_anew_at_a_timing_point() -> None:
    found = Moments.of(chart_of(Note(0, 0), Note(1000, 1), timing=(TimingPoint(0, 400), TimingPoint(1001, 500))))
    assert (found.measures.tolist(), found.ticks.tolist()) == ([1, 2], [0, 0])


def test_moments_more_than_a_beat_apart_are_in_other_runs() -> None:
    chart = rows("x...", ".x..", "....", "..x.", "....", "....", "...x")
    assert Moments.of(chart).runs == [[1, 2, 4], [8]]


def test_a_chart_without_a_tempo_is_an_error() -> None:
    with pytest.raises(ChartError, match="no notes or no tempo"):
        Moments.of(chart_of(Note(0, 0), timing=()))
