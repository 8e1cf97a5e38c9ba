"""The versions of a song: what is shown, undo, and what is forgotten."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.errors import StudioError
from mug.webui import versions as module
from mug.webui.versions import Version, Versions


def new(versions: Versions, parent: int | None = None, count: int = 1) -> list[Version]:
    ids = range(versions.next_id, versions.next_id + count)
    return [Version(number, parent, f"v{number}", Path(f"{number}.osu"), {}) for number in ids]


def some(*parents: int | None) -> Versions:
    """Versions 1, 2, 3... with these parents."""
    versions = Versions()
    for parent in parents:
        versions = versions.add(new(versions, parent))
    return versions


def ids(versions: Versions) -> list[int]:
    return [version.id for version in versions.visible]


def test_a_new_version_is_the_current_one() -> None:
    assert some(None, 1).current == 2


def test_a_spread_is_undone_as_a_whole() -> None:
    versions = some(None)
    spread = versions.add(new(versions, count=3))
    assert (ids(spread), spread.current) == ([1, 2, 3, 4], 2)
    assert (ids(spread.undo()), spread.undo().current) == ([1], 1)
    assert replace(spread.undo().redo(), undone=()) == spread


def test_hiding_the_current_version_goes_to_its_ancestor() -> None:
    versions = some(None, 1, 2, None).choose(3).hide(2)
    assert versions.hide(3).current == 1  # 2, its parent, is hidden


def test_hiding_without_ancestors_goes_to_a_neighbour() -> None:
    versions = some(None, None, None)
    assert versions.choose(2).hide(2).current == 1
    assert versions.choose(1).hide(1).current == 2
    assert some(None).hide(1).current is None


def test_hiding_is_undone_like_adding() -> None:
    versions = some(None, None).hide(1)
    assert ids(versions) == [2]
    assert ids(versions.undo()) == [1, 2]
    assert ids(versions.undo().undo()) == [1]
    assert ids(versions.undo().undo().redo().redo()) == [2]


def test_a_new_step_ends_redo() -> None:
    versions = some(None, None).undo()
    added = versions.add(new(versions))
    assert ids(added) == [1, 3]
    assert added.redo() == added


def test_nothing_to_undo_changes_nothing() -> None:
    assert Versions().undo() == Versions().redo() == Versions()


def test_a_hidden_or_unknown_version_cannot_be_chosen() -> None:
    with pytest.raises(StudioError, match="version 1 was put away"):
        some(None, None).hide(1).choose(1)
    with pytest.raises(StudioError, match="version 7 is not there any more"):
        some(None).choose(7)


def test_the_oldest_hidden_versions_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VERSIONS", 3)
    versions = some(None, 1, 2).hide(2)
    fuller = versions.add(new(versions, parent=2))
    assert [(version.id, version.parent) for version in fuller.all] == [(1, None), (3, 1), (4, 1)]
    with pytest.raises(StudioError, match="3 versions of a song are kept"):
        fuller.add(new(fuller))


def test_undo_goes_past_forgotten_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VERSIONS", 2)
    versions = some(None, 1).hide(1)
    versions = versions.add(new(versions, parent=2)).undo()
    assert (ids(versions), versions.current) == ([2], 2)
    assert versions.undo().current is None  # it was 1 before 2 was added


ACTION = st.tuples(st.sampled_from(["add", "hide", "undo", "redo", "choose"]), st.integers(1, 12))


@given(st.lists(ACTION, max_size=25))
@settings(max_examples=40, deadline=None)
def test_any_actions_leave_sound_versions_and_undo_takes_back_the_last(actions: list[tuple[str, int]]) -> None:
    versions = Versions()
    for name, number in actions:
        before = versions
        try:
            if name == "add":
                parent = number if any(version.id == number for version in versions.all) else None
                versions = versions.add(new(versions, parent, count=1 + number % 3))
            else:
                argument = () if name in ("undo", "redo") else (number,)
                versions = getattr(versions, name)(*argument)
        except StudioError:
            assert versions is before
        visible = ids(versions)
        assert (versions.current in visible) if visible else versions.current is None
        assert [version.id for version in versions.all] == sorted({version.id for version in versions.all})
        if len(versions.done) > len(before.done) and name != "redo":
            assert (ids(versions.undo()), versions.undo().current) == (ids(before), before.current)
            assert ids(versions.undo().redo()) == visible
