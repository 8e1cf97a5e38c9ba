"""The script that fits how dense charts are, as a user calls it."""

import subprocess
import sys
from pathlib import Path

import pytest

from mug.config import PROJECT_ROOT
from mug.placement.density import DensityPrior
from mug.synth.songs import write_songs


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, f"scripts/{script}", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_densities_of_a_prepared_set(tmp_path):
    write_songs(tmp_path / "songs", 5, 4, 20.0, progress=False)
    assert run("prepare_beatmap.py", "-s", tmp_path / "songs", "-o", tmp_path / "set", "--cs", "4").returncode == 0
    beatmaps = tmp_path / "set" / "beatmap.txt"
    assert run("prepare_beatmap_features.py", "-b", beatmaps).returncode == 0
    out = tmp_path / "density.yaml"
    fit = ("--beatmap_txt", beatmaps, "--features", "configs/mug/mini_features.yaml", "--out", out)
    done = run("fit_density.py", *fit)
    assert done.returncode == 0, done.stderr
    assert "20 features; 0 charts could not be used" in done.stdout
    prior = DensityPrior.from_yaml(out)
    easy, hard = prior.of({"sr": 1.0}), prior.of({"sr": 4.0})
    assert hard.log_rate > easy.log_rate + 0.5
    assert hard.deviation < prior.of({}).deviation
    again = run("fit_density.py", *fit)
    assert again.returncode != 0
    assert "exists already; name another file" in again.stderr
