"""Difficulty and density of a chart's passages."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.ratings.passages import rate_passages
from mug.ratings.stars import star_rating


def stream(from_ms: float, step_ms: float, count: int) -> list[Note]:
    return [Note(from_ms + step_ms * i, i % 4) for i in range(count)]


def test_an_even_stream_is_everywhere_as_hard_as_the_chart() -> None:
    chart = Beatmap(4, stream(0.0, 100.0, 400), [TimingPoint(0.0, 400.0)])
    found = rate_passages(chart)
    assert found.stars is not None
    assert found.stars[10:-1] == pytest.approx(star_rating(chart), rel=0.02)
    assert found.density[:-1] == pytest.approx(10.0)


def test_passages_lie_where_their_notes_are() -> None:
    notes = [*stream(8000.0, 200.0, 20), *stream(24_000.0, 80.0, 100)]  # up to 12 s; from 24 s up to 32 s
    found = rate_passages(Beatmap(4, notes, [TimingPoint(0.0, 400.0)]))
    assert found.stars is not None
    assert len(found.stars) == len(found.density) == 40
    assert np.flatnonzero(found.stars[:16]).min() == 10
    assert found.stars[18:29].max() < 0.3 < found.stars[12] < 0.7 * found.stars[38]
    assert found.density[[9, 10, 14, 15, 29, 30]].tolist() == [0.0, 5.0, 5.0, 0.0, 0.0, 12.5]


def test_a_chart_without_notes_or_rating_has_passages_too() -> None:
    assert rate_passages(Beatmap(4, [], [TimingPoint(0.0, 400.0)])).density.tolist() == [0.0]
    dense = Beatmap(4, [Note(float(ms), c) for ms in range(0, 2000, 2) for c in range(4)], [TimingPoint(0.0, 400.0)])
    found = rate_passages(dense)
    assert found.stars is None
    assert found.density[0] == 2000.0
