import numpy as np
import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.metrics.snaps import SNAPS, snap_shares
from tests.metrics.hand_charts import chart_of

PLACE = {name: i for i, name in enumerate(SNAPS)}


def found(chart) -> dict[str, float]:
    return {name: share for name, share in zip(SNAPS, snap_shares(chart).tolist(), strict=True) if share}


def test_the_names():
    assert SNAPS == ("1/1", "1/2", "1/3", "1/4", "1/6", "1/8", "1/12", "1/16", "off")


@pytest.mark.parametrize(
    ("time_ms", "name"),
    [
        *[(0, "1/1"), (1200, "1/1"), (-400, "1/1"), (200, "1/2"), (133, "1/3"), (267, "1/3"), (100, "1/4")],
        *[(300, "1/4"), (67, "1/6"), (50, "1/8"), (33, "1/12"), (25, "1/16"), (402, "1/1"), (398, "1/1")],
        *[(403, "off"), (10, "off"), (412, "off")],
    ],
)
def test_every_snap_of_a_beat_of_400_ms(time_ms, name):
    assert found(chart_of(Note(time_ms, 0))) == {name: 1.0}


def test_shares_counted_by_hand():
    chart = chart_of(Note(0, 0), Note(0, 1), Note(200, 0), Note(410, 0))
    assert found(chart) == {"1/1": 0.5, "1/2": 0.25, "off": 0.25}


def test_beats_count_from_the_timing_point_before():
    timing = (TimingPoint(0, 400.0), TimingPoint(1010, 300.0))
    chart = chart_of(Note(800, 0), Note(1009, 0), Note(1310, 0), Note(1460, 0), timing=timing)
    assert found(chart) == {"1/1": 0.75, "1/2": 0.25}


@pytest.mark.parametrize("beat_ms", [400.0, 800.0, 1600.0])
def test_half_the_tempo_is_the_same_grid(beat_ms):
    chart = chart_of(Note(0, 0), Note(200, 0), Note(400, 0), Note(1000, 0), timing=(TimingPoint(0, beat_ms),))
    assert found(chart) == {"1/1": 0.5, "1/2": 0.5}
    assert found(chart_of(Note(0, 0), Note(300, 0), timing=(TimingPoint(0, 150.0),))) == {"1/1": 1.0}


def test_without_notes_or_a_tempo_there_are_no_snaps():
    for chart in (
        chart_of(),
        chart_of(Note(0, 0), timing=()),
        chart_of(Note(0, 0), timing=(TimingPoint(0, float("inf")), TimingPoint(0, -1.0))),
    ):
        assert not snap_shares(chart).any()


def test_shares_are_one_together():
    rng = np.random.default_rng(0)
    chart = chart_of(*(Note(float(ms), 0) for ms in rng.integers(0, 9999, 211)))
    assert snap_shares(chart).sum() == pytest.approx(1.0)
    assert snap_shares(chart)[PLACE["off"]] > 0.5
