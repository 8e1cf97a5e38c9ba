"""The commands of docs/lint.md, docs/charts.md and docs/models.md that need charts or a song, and no training, run."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.charts.osz import pack_song
from mug.config import PROJECT_ROOT

COMMANDS = re.compile(r"^mug (?:lint|convert|chart) [^#\n]+", re.MULTILINE)
LINES = [
    line
    for page in ("README.md", "docs/lint.md", "docs/charts.md", "docs/models.md")
    for line in COMMANDS.findall((PROJECT_ROOT / page).read_text(encoding="utf-8"))
    if "models/mine" not in line  # of a training
]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """The files that the pages name; it is the working folder, and the home folder, too."""
    song = tmp_path / "osu" / "Songs" / "mine"
    song.mkdir(parents=True)
    for name in ("song.mp3", "osu/Songs/mine/audio.mp3", "data/song/7 A - T/audio.ogg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, np.random.default_rng(0).normal(0, 0.1, 2 * 8000), 8000)
    notes = [Note(250.0 * i, i % 4) for i in range(8)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0)], "audio.mp3", "T", "A", "P", "Hard")
    for path in (tmp_path, song):
        write_osu(chart, path / "chart.osu")
    for name in ("song.osz", "other.mcz"):
        pack_song(tmp_path / name, [chart], song / "audio.mp3")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_their_commands_run(run_mug, tiny_checkpoint, home):
    assert len(LINES) == 10
    for line in LINES:
        words = [
            str(found)
            for word in shlex.split(line)[1:]
            for found in (sorted(home.glob(word)) if "*" in word else [Path(word).expanduser()])
        ]
        quick = ("--steps", 1, "--ensemble", 1, "--attempts", 1, "--checkpoint", tiny_checkpoint)
        done = run_mug(*words, *(quick if words[0] == "chart" else ()))
        strict = "--strict" in words  # the chart is short, which is a warning
        assert done.returncode == strict, (line, done.stdout, done.stderr)
