"""What visitors made, on disk: kept, apart from each other, within limits, and gone after a day."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu
from mug.errors import ConfigError, StudioError
from mug.webui import versions
from mug.webui.workspace import Made, Workspace
from mug.webui.workspaces import KEEP_S, Workspaces, size_of

UNKNOWN = "A" * 32


class Clock:
    """Unix time that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def all_of_them(tmp_path: Path, clock: Clock) -> Workspaces:
    return Workspaces(tmp_path / "root", now=clock)


def song_file(folder: Path, content: bytes = b"sound", name: str = "song.ogg") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.unlink(missing_ok=True)  # a workspace may have a hard link to it
    path.write_bytes(content)
    return path


def made(name: str = "AI v1", start_ms: float = 500.0) -> Made:
    chart = Beatmap(4, [Note(start_ms, 2)], [TimingPoint(0.0, 500.0)], title="T", version=name)
    return Made(chart, name, {"stars": 3.5}, {"seed": 7})


def reopened(workspaces: Workspaces, workspace: Workspace) -> Workspace:
    """A workspace as another start of the server finds it."""
    return Workspaces(workspaces.root).of(workspace.token)


def test_everything_is_there_after_a_restart(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "page")
    song = own.set_song(song_file(tmp_path), "Title", "Artist")
    own.set_timing(song, [TimingPoint(12.5, 480.0, 3)])
    own.add([made("AI v1"), made("AI v2")])
    own.add([made("AI v3")], parent=2)
    own.hide(1)
    own.undo()
    again = reopened(all_of_them, own)
    assert (again.song, again.versions, again.current) == (own.song, own.versions, own.current)
    assert again.song is not None
    assert (again.song.title, again.song.timing) == ("Title", (TimingPoint(12.5, 480.0, 3),))
    assert again.song.audio.read_bytes() == b"sound"
    assert [(each.id, each.parent, each.name) for each in again.visible] == [
        (1, None, "AI v1"), (2, None, "AI v2"), (3, 2, "AI v3"),
    ]  # fmt: skip
    assert read_osu(again.version(3).chart).notes == [Note(500.0, 2)]
    assert (again.version(3).figures, again.version(3).recipe) == ({"stars": 3.5}, {"seed": 7})
    again.redo()
    assert [each.id for each in again.visible] == [2, 3]
    assert again.notice() == ""


def test_a_song_comes_back_with_its_versions(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "page")
    first = own.set_song(song_file(tmp_path), "First")
    own.add([made()])
    own.set_song(song_file(tmp_path, b"other", "other.ogg"))
    assert own.versions == []
    own.add([made("late")], parent=1, song=first)  # its request began before
    assert own.versions == []
    assert own.set_song(song_file(tmp_path, b"sound", "the same.ogg")).title == "First"
    assert [each.name for each in own.versions] == ["AI v1", "late"]


def test_the_song_of_the_form_is_not_the_current_one(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "page")
    first = own.set_song(song_file(tmp_path), "First")
    own.add([made()])
    other = song_file(tmp_path, b"other", "other.ogg")
    assert own.song_of(other) is None
    given = own.give(other)
    assert given is not None
    own.set_names(given, "Given", "")
    own.set_timing(given, [TimingPoint(7.0, 500.0)])
    again = reopened(all_of_them, own)
    assert (again.song, len(again.versions)) == (first, 1)
    assert again.form_song == again.song_of(song_file(tmp_path, b"other", "of another name.ogg"))
    assert again.form_song is not None
    assert (again.form_song.title, again.form_song.timing) == ("Given", (TimingPoint(7.0, 500.0),))
    assert all_of_them.enter(None, "a stranger's").song_of(other) is None
    current = again.set_song(other)
    assert current.title == "Given"
    again.set_names(current, "Renamed", "")
    assert again.song is not None
    assert again.song.title == "Renamed"
    again.give(None)
    assert reopened(all_of_them, again).form_song is None


@pytest.mark.parametrize(
    "name", ["../../../escape.ogg", "/etc/passwd", "song.json", "..", "a\\..\\b.ogg", "\0", "x" * 400]
)
def test_a_song_of_any_name_stays_in_its_folder(all_of_them: Workspaces, tmp_path: Path, name: str) -> None:
    own = all_of_them.enter(None, "page")
    own.set_song(song_file(tmp_path), name=name)
    own.add([made()])
    again = reopened(all_of_them, own)
    assert again.song is not None
    assert again.song.audio.resolve().is_relative_to(own.folder.resolve())
    assert again.song.audio.read_bytes() == b"sound"
    assert len(again.versions) == 1


@pytest.mark.parametrize(
    "token", [None, "", 5, UNKNOWN, "../" * 10 + "xx", ["a"], "A" * 31 + "/", "é" * 32, "\ud800" * 32]
)
def test_a_token_that_opens_nothing_gets_a_new_workspace(all_of_them: Workspaces, token: object) -> None:
    own = all_of_them.enter(token, "page")
    assert own.token != token
    assert len(own.token) == 32
    assert own.token not in str(own.folder)
    assert list(all_of_them.root.iterdir()) == [own.folder]
    with pytest.raises(StudioError, match="reload the page"):
        all_of_them.of(token)


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_no_text_opens_a_workspace(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    root = tmp_path_factory.getbasetemp() / "hostile"
    workspaces = Workspaces(root)
    with pytest.raises(StudioError):
        workspaces.of(token)
    assert list(root.iterdir()) == []


def test_an_unused_workspace_goes_after_a_day(all_of_them: Workspaces, clock: Clock) -> None:
    closed, opened = all_of_them.enter(None, "first"), all_of_them.enter(None, "second")
    all_of_them.leave("first")
    clock.now_s += KEEP_S - 1
    all_of_them.clean()
    assert closed.folder.is_dir()
    clock.now_s += 2
    all_of_them.clean()
    assert not closed.folder.exists()
    assert opened.folder.is_dir()  # its page is still open
    assert all_of_them.enter(closed.token, "third").token != closed.token


def test_the_oldest_unused_workspace_makes_room(tmp_path: Path, clock: Clock) -> None:
    workspaces = Workspaces(tmp_path / "root", max_bytes=6000, now=clock)
    owners = []
    for number in range(3):
        clock.now_s += 1
        owners.append(workspaces.enter(None, f"page {number}"))
        owners[number].set_song(song_file(tmp_path, bytes([number]) * 1500))
    workspaces.leave("page 1")
    owners[2].set_song(song_file(tmp_path, b"x" * 1500))
    assert [own.folder.exists() for own in owners] == [True, False, True]
    with pytest.raises(StudioError, match="no room on the server"):
        owners[2].set_song(song_file(tmp_path, b"y" * 5000))
    assert size_of(workspaces.root) <= 6000


def test_a_visitors_old_songs_make_room(tmp_path: Path) -> None:
    own = Workspaces(tmp_path / "root", max_visitor_bytes=4500).enter(None, "page")
    for number in range(2):
        os.utime(own.set_song(song_file(tmp_path, bytes([number]) * 1500)).folder / "song.json", (number, number))
    last = own.set_song(song_file(tmp_path, b"x" * 1500))
    assert {path.name for path in own.folder.iterdir()} >= {last.id}
    assert len([path for path in own.folder.iterdir() if path.is_dir()]) == 2
    with pytest.raises(StudioError, match="would take more than 0 MB"):
        own.set_song(song_file(tmp_path, b"y" * 6000))
    assert own.song == last


@pytest.mark.parametrize("damage", ["{", "[]", '{"song": 5}', "", '{"song": "gone", "settings": {}}'])
def test_damaged_settings_are_put_aside(all_of_them: Workspaces, tmp_path: Path, damage: str) -> None:
    own = all_of_them.enter(None, "page")
    own.set_song(song_file(tmp_path))
    own.add([made()])
    (own.folder / "workspace.json").write_text(damage)
    again = reopened(all_of_them, own)
    assert (again.song, again.versions) == (None, [])
    assert "could not be read" in again.notice()
    assert again.notice() == ""
    again.set_song(song_file(tmp_path))
    assert [each.name for each in again.versions] == ["AI v1"]  # nothing was lost


@pytest.mark.parametrize("part", ["song.json", "1.osu", "audio"])
def test_a_damaged_song_is_put_aside(all_of_them: Workspaces, tmp_path: Path, part: str) -> None:
    own = all_of_them.enter(None, "page")
    song = own.set_song(song_file(tmp_path))
    own.add([made(), made()])
    path = song.folder / part
    if part == "song.json":
        path.write_text(path.read_text()[:-20])
    else:
        path.rename(tmp_path / "taken")
    again = reopened(all_of_them, own)
    assert (again.song, again.versions) == (None, [])
    assert again.notice().startswith("A song and its versions from earlier could not be read")
    (aside,) = own.folder.glob("*.damaged-1")
    assert (aside / "2.osu").exists()
    again.set_song(song_file(tmp_path))
    assert again.add([made()])[0].id == 1


@given(st.integers(0, 2000), st.binary(max_size=4))
@settings(max_examples=20, deadline=None)
def test_no_damage_stops_a_visitor(tmp_path_factory: pytest.TempPathFactory, place: int, patch: bytes) -> None:
    folder = tmp_path_factory.mktemp("damage")
    workspaces = Workspaces(folder / "root")
    own = workspaces.enter(None, "page")
    path = own.set_song(song_file(folder)).folder / "song.json"
    own.add([made()])
    text = path.read_bytes()
    place %= len(text)
    path.write_bytes(text[:place] + patch + text[place + 2 :])
    again = reopened(workspaces, own)
    again.set_song(song_file(folder))
    again.add([made()])
    assert reopened(workspaces, again).song is not None


def test_a_failed_write_changes_nothing(
    all_of_them: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = all_of_them.enter(None, "page")
    own.set_song(song_file(tmp_path))
    own.add([made()])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        own.add([made("AI v2")])
    monkeypatch.undo()
    assert [each.name for each in own.versions] == ["AI v1"]
    assert reopened(all_of_them, own).versions == own.versions


def test_two_tabs_of_a_visitor_share_a_workspace(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "first tab")
    assert all_of_them.enter(own.token, "second tab") is own
    own.set_song(song_file(tmp_path))
    threads = [threading.Thread(target=own.add, args=([made(f"v{number}")],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.id for each in reopened(all_of_them, own).versions] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_version_of_nothing_is_refused(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "page")
    with pytest.raises(StudioError, match="no song yet"):
        own.add([made()])
    own.set_song(song_file(tmp_path))
    with pytest.raises(StudioError, match="version 3"):
        own.add([made()], parent=3)


def test_the_files_of_forgotten_versions_are_deleted(
    all_of_them: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MAX_VERSIONS", 2)
    own = all_of_them.enter(None, "page")
    song = own.set_song(song_file(tmp_path))
    own.add([made(), made()])
    (song.folder / "1.json").write_text("{}")  # as the player reads it
    own.hide(1)
    own.add([made()])
    assert sorted(path.name for path in song.folder.iterdir()) == ["2.osu", "3.osu", "audio", "song.json"]


def test_only_this_user_can_read_the_root(all_of_them: Workspaces, tmp_path: Path) -> None:
    assert all_of_them.root.stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(all_of_them.root)
    with pytest.raises(ConfigError, match="belongs to another user"):
        Workspaces(tmp_path / "link")


def test_files_are_plain_json(all_of_them: Workspaces, tmp_path: Path) -> None:
    own = all_of_them.enter(None, "page")
    song = own.set_song(song_file(tmp_path), "T\ud800")
    assert json.loads((song.folder / "song.json").read_text())["versions"] == []
