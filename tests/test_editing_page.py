"""What docs/editing.md shows runs."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.charts.osz import pack_song
from mug.config import PROJECT_ROOT
from mug.generation import ChartGenerator, SamplingSettings
from mug.generation.recipe_file import parse_recipe
from mug.generation.region import Region, Span

PAGE = (PROJECT_ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
LINES = re.findall(r"^mug (?:edit|chart) [^#\n]+", PAGE, re.MULTILINE)
SECONDS = 90


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The files that the page names, of a song of 90 s; it is the working folder."""
    audio = np.random.default_rng(0).normal(0, 0.1, SECONDS * 8000)
    soundfile.write(tmp_path / "audio.mp3", audio, 8000, format="MP3")
    (tmp_path / "song.mp3").write_bytes((tmp_path / "audio.mp3").read_bytes())
    notes = [Note(500.0 * i, i % 4) for i in range(2 * SECONDS)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0)], "audio.mp3", "T", "A", "P", "Hard")
    for name in ("chart", "other", "hard", "easy"):
        write_osu(replace(chart, version=name), tmp_path / f"{name}.osu")
    pack_song(tmp_path / "song.osz", [chart, replace(chart, version="Easy")], tmp_path / "audio.mp3")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_run(run_mug, tiny_checkpoint, folder):
    assert len(LINES) == 10
    for line in LINES:
        if "--recipe" in line:  # of the charts before
            line = line.replace("outputs/Artist - Title.recipe.yaml", str(*Path("outputs").glob("*.yaml")))
        before = set(folder.rglob("*.os[uz]"))
        quick = ("--steps", 1, "--ensemble", 1, "--attempts", 1, "--checkpoint", tiny_checkpoint)
        done = run_mug(*shlex.split(line)[1:], *(() if "--recipe" in line else quick))
        assert done.returncode == 0, (line, done.stderr)
        assert set(folder.rglob("*.os[uz]")) > before, line


def test_its_recipe_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    recipe = parse_recipe(text, "docs/editing.md")
    assert recipe.edits[0].region == Region((Span(30_000.0, 45_000.0, (0, 1)),))


def test_its_python_runs(tiny_generator, folder, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.setattr(ChartGenerator, "load", lambda path: tiny_generator)
    monkeypatch.setattr(tiny_generator, "settings", SamplingSettings(steps=1, ensemble=1, attempts=1))
    names: dict[str, list[Beatmap]] = {}
    exec(code, names)
    assert [len(names[name]) for name in ("four", "between", "spread")] == [4, 3, 3]
