import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Note
from mug.metrics.baselines import Peaks, chart_at, nearest_other, onset_chart, onset_peaks, random_chart
from mug.metrics.onsets import moments_ms, onset_f1
from tests.metrics.hand_charts import chart_of

HUMAN = chart_of(*(Note(1000.0 + 400 * i, c) for i in range(20) for c in ([0, 1] if i % 4 == 0 else [i % 4])))


def test_as_many_notes_and_moments_as_the_human():
    chart = random_chart(HUMAN, np.random.default_rng(0))
    assert len(chart.notes) == len(HUMAN.notes) == 25
    assert len(moments_ms(HUMAN)) == 20
    assert len({note.start_ms for note in chart.notes}) == 20
    assert min(n.start_ms for n in chart.notes) >= 1000
    assert max(n.start_ms for n in chart.notes) <= 1000 + 400 * 19 + 1
    assert len({(note.start_ms, note.column) for note in chart.notes}) == 25
    assert all(note.start_ms.is_integer() for note in chart.notes)
    assert chart == random_chart(HUMAN, np.random.default_rng(0)) != random_chart(HUMAN, np.random.default_rng(1))


def test_chords_have_no_more_notes_than_keys():
    human = chart_of(*(Note(100.0 * i, c) for i in range(2) for c in range(4)))
    full = chart_at(np.array([10.0, 20.0]), human, np.random.default_rng(0))
    assert sorted((note.start_ms, note.column) for note in full.notes) == [(ms, c) for ms in (10, 20) for c in range(4)]
    chart = chart_at(np.array([50.2, 50.4]), human, np.random.default_rng(0))  # one time, in whole ms
    assert sorted((note.start_ms, note.column) for note in chart.notes) == [(50, c) for c in range(4)]


def test_the_strongest_peaks_in_order_of_time():
    peaks = Peaks(np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 4.0, 2.0, 3.0]))
    assert peaks.strongest(3).tolist() == [20, 30, 40]
    assert peaks.strongest(9).tolist() == [10, 20, 30, 40]
    human = chart_of(Note(0, 0), Note(0, 1), Note(500, 2))
    chart = onset_chart(human, peaks, np.random.default_rng(0))
    assert sorted({note.start_ms for note in chart.notes}) == [20, 40]
    assert len(chart.notes) == 3


def test_clicks_are_found_where_they_are(tmp_path):
    clicks_ms = np.arange(500, 4000, 250.0)
    samples = np.random.default_rng(0).normal(0, 1e-4, 22050 * 5)
    for click in clicks_ms:
        at = int(click * 22.05)
        samples[at : at + 300] += np.random.default_rng(1).normal(0, 0.3, 300)
    soundfile.write(tmp_path / "clicks.wav", samples, 22050)
    found = onset_peaks(tmp_path / "clicks.wav").strongest(len(clicks_ms))
    assert onset_f1(clicks_ms, found, 20).f1 == 1.0


def test_the_nearest_other_chart():
    charts = [chart_of(Note(float(i), 0)) for i in range(4)]
    stars = [1.0, 2.0, 2.5, 4.0]
    assert [nearest_other(charts, stars, i) for i in range(4)] == [1, 2, 1, 2]
    assert nearest_other(charts[:1], stars[:1], 0) is None
    assert nearest_other([charts[0], charts[0], charts[1]], [1.0, 1.0, 3.0], 0) == 2  # not the same notes again


def test_random_notes_score_what_density_earns():
    score = onset_f1(moments_ms(HUMAN), moments_ms(random_chart(HUMAN, np.random.default_rng(3))), 50).f1
    assert score == pytest.approx(0.3, abs=0.2)
