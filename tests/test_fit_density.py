"""The script that fits how dense charts are, as a user calls it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_model import save_tiny_checkpoint

from mug.config import PROJECT_ROOT
from mug.placement.density import DensityPrior
from mug.synth.songs import write_songs
from mug.training.export import export_run


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, f"scripts/{script}", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)


def tiny_folder(root: Path, **split: float) -> Path:
    """A model folder whose training split its songs like that."""
    run_of = save_tiny_checkpoint(root / f"{len(split)}.ckpt")
    content = torch.load(run_of, weights_only=True)
    content["config"]["data"]["params"]["common"].update(split)
    torch.save(content, run_of)
    folder = root / "-".join(["model", *map(str, split.values())])
    export_run(run_of, folder)
    return folder


@pytest.mark.slow
def test_densities_of_a_prepared_set(tmp_path):
    write_songs(tmp_path / "songs", 5, 4, 20.0, progress=False)
    assert run("prepare_beatmap.py", "-s", tmp_path / "songs", "-o", tmp_path / "set", "--cs", "4").returncode == 0
    beatmaps = tmp_path / "set" / "beatmap.txt"
    assert run("prepare_beatmap_features.py", "-b", beatmaps).returncode == 0
    model = tiny_folder(tmp_path, valid_fraction=0.0, test_fraction=0.0)
    fit = ("--model", model, "--beatmap_txt", beatmaps)
    done = run("fit_density.py", *fit)
    assert done.returncode == 0, done.stderr
    assert "20 features; 0 charts were unusable" in done.stdout
    prior = DensityPrior.from_yaml(model / "density.yaml")
    easy, hard = prior.of({"sr": 1.0}), prior.of({"sr": 4.0})
    assert hard.log_rate > easy.log_rate + 0.5
    assert hard.deviation < prior.of({}).deviation
    again = run("fit_density.py", *fit)
    assert again.returncode != 0
    assert "already exists; delete it" in again.stderr
    for split, complaint in (
        ({"valid_fraction": 0.0, "test_fraction": 1.0}, "0 charts are too few"),
        ({}, "its configuration lacks 'valid_fraction'"),
    ):
        model = tiny_folder(tmp_path, **split)
        refused = run("fit_density.py", "--model", model, "--beatmap_txt", beatmaps)
        assert refused.returncode != 0
        assert complaint in refused.stderr
        assert not (model / "density.yaml").exists()
