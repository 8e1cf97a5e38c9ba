"""What commands say when they fail."""

import warnings
from pathlib import Path

import pytest

import mug.cli
from mug.cli import printable, run
from mug.errors import ConfigError


def test_a_strangers_words_cannot_move_the_cursor(capsys):
    def main():
        raise ConfigError("x.yaml: unknown key '\x1b[2J\r\x9b\u202e'; 曲 é stays")

    with pytest.raises(SystemExit) as left:
        run(main)
    assert left.value.code == 2
    assert capsys.readouterr().err == "error: x.yaml: unknown key '\\x1b[2J\\r\\x9b\\u202e'; 曲 é stays\n"


def test_warnings_of_this_package_are_one_line(monkeypatch):
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    with pytest.raises(SystemExit):
        run(lambda: None)
    ours = Path(mug.cli.__file__).parent / "data" / "audio.py"
    assert warnings.formatwarning("a.mp3: damaged", UserWarning, str(ours), 5) == "warning: a.mp3: damaged\n"
    assert "other.py:5: UserWarning: old" in warnings.formatwarning("old", UserWarning, "other.py", 5, "")


def test_lines_stay_lines():
    assert printable("in line 1,\n  column 2") == "in line 1,\n  column 2"


def test_what_the_disk_refuses_is_said_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        run(lambda: (tmp_path / "there" / "is none").write_text("x"))
    assert left.value.code == 2
    assert capsys.readouterr().err == f"error: [Errno 2] No such file or directory: '{tmp_path}/there/is none'\n"
