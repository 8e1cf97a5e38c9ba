"""What a browser asks to be drawn again -> a region of a chart, in words and for the model."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from studio_page import song_of_clicks

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.errors import StudioError
from mug.generation.region import Region, Span
from mug.generation.settings import SamplingSettings
from mug.webui import redraw as module
from mug.webui.jobs import Job
from mug.webui.redraw import Redraw, redraw
from mug.webui.version_list import made_of
from mug.webui.workspaces import Workspaces

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


def test_a_part_of_a_song_that_was_left_is_no_version_of_the_next(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspaces(tmp_path / "visitors").enter(None, "page")
    workspace.set_song(song)
    chart = Beatmap(4, [Note(0.0, 0), Note(500.0, 1)], [TimingPoint(0.0, 500.0)], version="Hard")
    (version,) = workspace.add(made_of(workspace, [chart], "opened"))

    def leave(*_: Any) -> list[Beatmap]:
        workspace.set_song(song_of_clicks(tmp_path / "other.ogg", seconds=4))
        return [chart]

    monkeypatch.setattr(module, "edits_of", leave)
    models: Any = SimpleNamespace(generator=lambda name: SimpleNamespace(networks=[]))
    with pytest.raises(StudioError, match="another song"):
        redraw(models, SimpleNamespace(name="m"), workspace, version, Redraw.of(ASKED), SamplingSettings(), Job())  # type: ignore[arg-type]
    assert workspace.versions == []
