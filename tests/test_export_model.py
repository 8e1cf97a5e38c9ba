"""The export command as a user runs it."""

import re

import pytest

from mug.commands import export as export_model
from mug.config import PROJECT_ROOT

SCRIPTS = PROJECT_ROOT / "scripts"


def test_it_says_what_it_wrote(tiny_checkpoint, tmp_path, monkeypatch, capsys):
    arguments = ["--checkpoint", str(tiny_checkpoint), "--outdir", str(tmp_path / "mine"), "--half", "--license", "mit"]
    monkeypatch.setattr("sys.argv", ["export_model.py", *arguments])
    export_model.main()
    printed = capsys.readouterr().out
    assert re.match(rf"wrote {tmp_path}/mine, \d\.\d MiB\n  unet_model +\d+,\d{{3}} parameters\n", printed)
    assert "license: mit" in (tmp_path / "mine" / "README.md").read_text()


def test_help_teaches(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["export_model.py", "--help"])
    with pytest.raises(SystemExit):
        export_model.main()
    printed = capsys.readouterr().out
    for words in ("models/mine", "model card", "averaged", "mug import"):
        assert words in printed
