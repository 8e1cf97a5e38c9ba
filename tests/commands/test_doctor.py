"""mug doctor: what it lists is what pyproject.toml names, and what is broken is said and counted."""

import re
import tomllib

import pytest

from mug.commands import doctor
from mug.config import PROJECT_ROOT
from mug.errors import AudioError

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", requirement).group() for requirement in requirements}


def test_it_knows_every_dependency_and_extra():
    assert set(doctor.NEEDED) == names(PROJECT["dependencies"])
    for package, part in doctor.OPTIONAL.items():
        extra = re.match(r"pip install 'mug\[(\w+)\]'$", part.how)
        assert extra is None or package in names(PROJECT["optional-dependencies"][extra.group(1)]), package


@pytest.mark.parametrize(("device", "said"), [("cpu", "auto picks cpu: "), ("mps", "auto picks mps: ")])
def test_it_says_which_device_is_picked(monkeypatch, device, said):
    monkeypatch.setattr(doctor, "pick_device", lambda: type("Device", (), {"type": device}))
    assert doctor.check_device().startswith(said)


def test_what_is_missing_or_broken_ends_in_status_1(monkeypatch, capsys):
    def broken() -> str:
        raise AudioError("no decoder")

    monkeypatch.setattr(doctor, "CHECKS", {"audio": broken, "configurations": doctor.check_configs})
    monkeypatch.setattr(doctor, "version_of", lambda package: None if package in ("tqdm", "gradio") else "1.2")
    assert doctor.main([]) == 1
    printed = capsys.readouterr().out
    assert "tqdm                MISSING: pip install tqdm\n" in printed
    assert "gradio              missing     for the web page (mug web): pip install 'mug[ui]'\n" in printed
    assert "matplotlib          1.2         plots of statistics and evaluations\n" in printed
    assert "audio               BROKEN: no decoder\n" in printed
    assert "5 prompts in" in printed
    assert printed.endswith("\nBroken: tqdm, audio\n")


def test_audio_of_every_format_decodes():
    assert doctor.check_audio() == "mp3, ogg, flac, wav, m4a decode"
