import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.metrics.duplicates import Nearest, TrainingCharts
from tests.metrics.hand_charts import chart_of


def drawn(seed: int, n: int = 60) -> Beatmap:
    """A chart of random columns on a grid of 150 ms."""
    rng = np.random.default_rng(seed)
    return chart_of(*(Note(1000.0 + 150 * i, int(rng.integers(4))) for i in range(n)))


def moved(chart: Beatmap, shift_ms: float, from_note: int = 0) -> list[Note]:
    return [Note(note.start_ms + shift_ms, note.column) for note in sorted(chart.notes)[from_note:]]


TRAINING = TrainingCharts([(f"chart {seed}", drawn(seed)) for seed in range(5)])


@pytest.mark.parametrize("shift_ms", [0.0, 7.0, -523.4, 61_337.0])
def test_a_copy_is_found_at_any_shift(shift_ms):
    assert TRAINING.nearest(chart_of(*moved(drawn(3), shift_ms))) == Nearest("chart 3", 1.0)


def test_overlap_counted_by_hand():
    # of 60 notes the last 20 are moved by one column, and 12 more stand where there are none
    copy = sorted(drawn(2).notes)
    changed = [Note(n.start_ms, (n.column + 1) % 4) for n in copy[40:]]
    more = [Note(60_000.0 + 150 * i, i % 4) for i in range(12)]
    nearest = TRAINING.nearest(chart_of(*copy[:40], *changed, *more))
    assert nearest == Nearest("chart 2", pytest.approx(40 / 72))


def test_a_part_of_a_training_chart_is_a_copy():
    assert TRAINING.nearest(chart_of(*moved(drawn(1), 90.0, from_note=30))) == Nearest("chart 1", 1.0)


def test_jitter_of_a_few_ms_hides_no_copy():
    rng = np.random.default_rng(0)
    notes = [Note(n.start_ms + float(rng.integers(-4, 5)), n.column) for n in moved(drawn(4), 5010.0)]
    assert TRAINING.nearest(chart_of(*notes)).overlap >= 0.95


def test_another_chart_is_none():
    assert TRAINING.nearest(drawn(17)).overlap < 0.5
    assert TRAINING.nearest(chart_of(Note(0, 0))) == Nearest("", 0.0)  # shorter than a run
    assert TRAINING.nearest(chart_of()) == Nearest("", 0.0)
    assert TrainingCharts([]).nearest(drawn(0)) == Nearest("", 0.0)


def test_the_same_run_a_thousand_times_takes_no_longer():
    stream = chart_of(*(Note(100.0 * i, i % 4) for i in range(2000)))
    nearest = TrainingCharts([("stream", stream)]).nearest(chart_of(*moved(stream, 400.0)))
    assert nearest.overlap >= 0.99
