"""Which notes an edit draws anew."""

import math

import pytest

from mug.charts.beatmap import Note
from mug.errors import PromptError
from mug.generation.region import Region, Span


def test_a_note_belongs_to_the_span_that_it_starts_in():
    part = Region([Span(100.0, 200.0), Span(200.0, 300.0), Span(150.0, 400.0, columns=[1])]).opened(3, 1000.0)
    assert part.columns == ([(100.0, 300.0)], [(100.0, 400.0)], [(100.0, 300.0)])
    starts = (99.0, 100.0, 299.0, 300.0, 399.0, 400.0)
    assert [part.has(Note(start, 0, 900.0)) for start in starts] == [False, True, True, False, False, False]
    assert [part.has(Note(start, 1)) for start in starts] == [False, True, True, True, True, False]
    assert part.end_of(350.0, 1) == 400.0
    assert part.times == [(100.0, 400.0)]
    assert not part.has_all_columns


def test_keep_only_is_the_reverse():
    part = Region([Span(100.0, 200.0), Span(300.0, 400.0, columns=[1])], keep_only=True).opened(2, 1000.0)
    whole = (-math.inf, 100.0)
    assert part.columns == ([whole, (200.0, math.inf)], [whole, (200.0, 300.0), (400.0, math.inf)])
    assert part.times == [whole, (200.0, math.inf)]


def test_without_spans_all_is_drawn():
    part = Region().opened(4, 1000.0)
    assert part.has(Note(-50.0, 3))
    assert part.has_all_columns
    assert part.share(1000.0) == 1.0


def test_the_share_of_time_leaves_out_what_lies_between():
    part = Region([Span(-500.0, 100.0), Span(300.0, 500.0), Span(5000.0, 6000.0)]).opened(4, 1000.0)
    assert part.share(1000.0) == pytest.approx(300 / 500)


@pytest.mark.parametrize(
    ("region", "what"),
    [
        (Region([Span(2000.0, 3000.0)]), "nothing of the song is left to draw: it is 1.0 s long"),
        (Region([Span(-100.0, 2000.0)], keep_only=True), "nothing of the song"),
        (Region([Span(0.0, 100.0, columns=[])]), "nothing of the song"),
        (Region([Span(0.0, 100.0, columns=[4])]), "column 5: the chart has columns 1 to 4"),
    ],
)
def test_regions_that_leave_nothing_to_draw_are_refused(region, what):
    with pytest.raises(PromptError, match=what):
        region.opened(4, 1000.0)


@pytest.mark.parametrize("end_ms", [100.0, 50.0, math.nan])
def test_a_span_has_a_length(end_ms):
    with pytest.raises(PromptError, match="give an end after the start"):
        Span(100.0, end_ms)
