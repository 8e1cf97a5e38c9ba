"""What a browser asks to be drawn again -> a region of a chart, in words and for the model."""

import pytest

from mug.errors import StudioError
from mug.generation.region import Region, Span
from mug.webui.redraw import Redraw

ASKED = {"action": "again", "from_ms": 30_000, "to_ms": 45_500, "columns": [], "strength": 1}


def test_a_part_is_a_region_and_has_words() -> None:
    part = Redraw.of(ASKED)
    assert part.region == Region([Span(30_000, 45_500)])
    assert part.words == "0:30 to 0:46 drawn again"
    kept = Redraw.of({**ASKED, "action": "keep", "columns": [2, 0, 2]})
    assert kept.region == Region([Span(30_000, 45_500, [0, 2])], keep_only=True)
    assert kept.words == "0:30 to 0:46, columns 1, 3 kept, the rest drawn again"


def test_without_a_part_it_is_the_whole_chart() -> None:
    whole = Redraw.of({**ASKED, "action": "harder", "from_ms": None, "to_ms": None})
    assert whole.region == Region()
    assert whole.words == "all harder"
    column = Redraw.of({**ASKED, "from_ms": None, "to_ms": None, "columns": [1]})
    assert column.region.spans[0].columns == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "delete"},
        {"from_ms": None},
        {"from_ms": "x"},
        {"to_ms": float("inf")},
        {"columns": 3},
        {"strength": float("nan")},
    ],
)
def test_what_no_page_sends_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="reload"):
        Redraw.of({**ASKED, **wrong})
    with pytest.raises(StudioError, match="reload"):
        Redraw.of({})
