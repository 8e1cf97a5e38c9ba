"""Versions as the page shows them: their figures and names."""

from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.version_list import figures_of, made_of, studio_value, unused_name
from mug.webui.workspaces import Workspaces


def chart(version: str = "Hard", keys: int = 4) -> Beatmap:
    """Streams with a long note in each beat; each half measure is as the one before."""
    notes = [Note(125.0 * i, i % keys, 125.0 * i + 100 if i % 4 == 0 else None) for i in range(160)]
    return Beatmap(keys, notes, [TimingPoint(0.0, 500.0)], version=version)


def test_figures_say_what_a_chart_is_like() -> None:
    figures = figures_of(chart(), "new")
    assert {name: figures[name] for name in ("made", "keys", "notes", "long", "repeats")} == {
        **{"made": "new", "keys": 4, "notes": 160},
        **{"long": 0.25, "repeats": 1.0},
    }
    assert figures["stars"] > 1
    assert figures["skills"][0] == "Streams"
    assert 1 <= len(figures["skills"]) <= 2
    empty = figures_of(Beatmap(7, [Note(0.0, 0)], []), "opened")
    assert (empty["skills"], empty["repeats"]) == ([], None)


@pytest.mark.parametrize(
    ("name", "taken", "unused"),
    [
        ("AI v1 3.2*", [], "AI v1 3.2*"),
        ("AI v1 3.2*", ["AI v1 3.4*"], "AI v2 3.2*"),
        ("AI v1 3.2*", ["AI v1 3.4*", "AI v2"], "AI v3 3.2*"),
        ("Hard AI v2", ["Hard AI v2"], "Hard AI v3"),
        ("Hard", ["Hard"], "Hard 2"),
    ],
)
def test_names_are_numbered_on(name: str, taken: list[str], unused: str) -> None:
    assert unused_name(name, taken) == unused


def test_the_studio_gets_the_versions_that_are_not_hidden(song: Path, tmp_path: Path) -> None:
    workspace = Workspaces(tmp_path).enter(None, "page")
    assert studio_value(workspace) | {"at": ""} == {
        **{"song": None, "audio": None, "versions": [], "current": None},
        **{"can_undo": False, "can_redo": False, "at": ""},
    }
    workspace.set_song(song)
    workspace.add(made_of(workspace, [chart(), chart()], "opened"))
    workspace.hide(1)
    value = studio_value(workspace)
    assert [(each["id"], each["name"], each["made"]) for each in value["versions"]] == [(2, "Hard 2", "opened")]
    assert (value["current"], value["can_undo"]) == (2, True)
    assert (
        Path(value["versions"][0]["chart"]["path"]).read_text(encoding="utf-8").startswith('{"keys":4,"notes":[[0,0.0,')
    )
