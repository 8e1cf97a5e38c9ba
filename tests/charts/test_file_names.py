"""File names that every system takes."""

import pytest

from mug.charts.beatmap import Beatmap
from mug.charts.file_names import chart_name, letters_in, safe_file_name, safe_name, unused_path


def test_chart_names_are_file_names():
    assert chart_name(Beatmap(4, [], [], title='a/b\\..:*?"<>|\n', artist="..")) == "- ab.. () [].osu"
    name = chart_name(Beatmap(4, [], [], title="あ" * 500))
    assert len(name.encode()) <= 204
    assert name.endswith("あ () [].osu")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        (" a. .", "a"),
        ("nul", "_nul"),
        ("Aux.live", "_Aux.live"),
        ("com1 .x", "_com1 .x"),
        ("LPT²", "_LPT²"),
        ("console", "console"),
        ("com10", "com10"),
        ('?"', "untitled"),
        ("...", "untitled"),
        ("a\x7f\x9b\udc80b", "ab"),
        ("𝄞" * 6, "𝄞" * 5),  # each is two UTF-16 units
        ("abc def xyz", "abc def xy"),
    ],
)
def test_names_that_windows_does_not_take_are_changed(name, safe):
    assert safe_name(name, 10) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        *[("a.b.ogg", "a.b.ogg"), ("ogg", "ogg"), ("x. .mp3 ", "x.mp3")],
        *[("PRN.Mp3", "_PRN.Mp3"), ("?.ogg", "untitled.ogg"), ("...ogg", "untitled.ogg")],
    ],
)
def test_a_file_keeps_its_ending(name, safe):
    assert safe_file_name(name) == safe


def test_new_files_take_the_first_free_name_and_fit_into_a_path(tmp_path):
    assert unused_path(tmp_path / "none", "A", ".osz") == tmp_path / "none" / "A.osz"
    (tmp_path / "a.OSZ").touch()
    assert unused_path(tmp_path, "A", ".osz") == tmp_path / "A (2).osz"
    (tmp_path / "A (2).osz").touch()
    assert unused_path(tmp_path, "A", ".osz") == tmp_path / "A (3).osz"
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    assert len(str(unused_path(deep, "x" * 300, ".osz"))) <= 259
    assert letters_in(tmp_path, ".png") == 110
    assert letters_in(tmp_path / ("d" * 250), ".png") == 20
