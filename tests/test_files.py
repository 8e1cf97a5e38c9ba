"""Whole files or none, and names that stay in their folder."""

import pytest

from mug.errors import ChartError
from mug.files import replacing, resolve_inside


def test_a_file_appears_whole(tmp_path):
    with replacing(tmp_path / "deep" / "a.txt") as temporary:
        temporary.write_text("all")
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert (tmp_path / "deep" / "a.txt").read_text() == "all"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_names_inside_a_folder(tmp_path):
    assert resolve_inside(tmp_path, "a b.mp3") == tmp_path.resolve() / "a b.mp3"
    assert resolve_inside(tmp_path, "sb\\bg.png") == tmp_path.resolve() / "sb" / "bg.png"
    assert resolve_inside(tmp_path, "sb/../bg.png") == tmp_path.resolve() / "bg.png"


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "../a", "a/../../b", "..\\a", "/etc/passwd", "C:\\a", "c:a", "a\0b"]
)
def test_names_that_lead_out(tmp_path, name):
    with pytest.raises(ChartError, match="folder"):
        resolve_inside(tmp_path, name)


def test_a_link_does_not_lead_out(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path)
    with pytest.raises(ChartError, match="leads out"):
        resolve_inside(tmp_path / "inside", "link/secret")
