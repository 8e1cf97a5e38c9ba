import math

import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.metrics.density import density_spearman, notes_in_windows, notes_per_second_error, span_ms
from tests.metrics.hand_charts import chart_of


def with_counts(*counts: int, start_ms: float = 1000.0) -> list[Note]:
    """So many notes in each window of 2 s."""
    return [Note(start_ms + 2000 * w + 100 * i, i % 4) for w, count in enumerate(counts) for i in range(count)]


def test_windows_counted_by_hand():
    chart = chart_of(Note(1000, 0), Note(1000, 1), Note(2999, 0), Note(3000, 0), Note(7000, 2), Note(7001, 3))
    assert notes_in_windows(chart, 1000, 7000).tolist() == [3, 1, 0, 1]  # 7001 is outside


def test_spearman_counted_by_hand():
    human, guess = chart_of(*with_counts(1, 2, 3, 4)), chart_of(*with_counts(2, 1, 4, 3))
    assert density_spearman(human, guess) == pytest.approx(1 - 6 * 4 / (4 * 15))  # 1 - 6 sum d^2 / n (n^2 - 1)
    assert density_spearman(human, human) == pytest.approx(1.0)
    assert density_spearman(human, chart_of(*with_counts(1, 2, 3, 15))) == pytest.approx(1.0)  # ranks, not amounts
    assert density_spearman(human, chart_of(*with_counts(4, 3, 2, 1))) == pytest.approx(-1.0)


def test_spearman_needs_windows_that_differ():
    human = chart_of(*with_counts(1, 2, 3))
    assert density_spearman(human, chart_of()) == 0.0
    assert density_spearman(human, chart_of(*with_counts(2, 2, 2))) == 0.0  # a metronome knows nothing of the music
    assert math.isnan(density_spearman(chart_of(*with_counts(1, 2)), chart_of(*with_counts(2, 1))))
    even = chart_of(*with_counts(2, 2, 2, 2))
    assert math.isnan(density_spearman(even, even))
    assert math.isnan(density_spearman(even, chart_of(*with_counts(1, 2, 3, 4))))


def test_silence_that_a_chart_fills_counts():
    human = chart_of(*with_counts(1, 2, 3, 4, start_ms=20_000))
    early = chart_of(*with_counts(5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 1, 2, 3, 4, start_ms=0))
    assert density_spearman(human, early) < 0


def test_notes_per_second_counted_by_hand():
    human = chart_of(Note(1000, 0), Note(3000, 1), Note(5000, 2))
    guess = chart_of(Note(0, 0), Note(10, 1), Note(20, 2), Note(30, 3), Note(9000, 0))
    assert notes_per_second_error(human, guess) == pytest.approx(0.5)  # 5 notes for 3 in 4 s
    assert notes_per_second_error(guess, human) == pytest.approx(2 / 9)
    assert math.isnan(notes_per_second_error(chart_of(Note(5, 0)), human))


def test_the_span_is_that_of_heads():
    assert span_ms(chart_of(Note(300, 0), Note(100, 1, 9000)), chart_of(Note(50, 0))) == (50, 300)
    assert span_ms(chart_of()) == (0.0, 0.0)
    assert np.array_equal(notes_in_windows(chart_of(), 0, 0), [0])
