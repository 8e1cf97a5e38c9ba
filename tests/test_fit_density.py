"""The command that fits how dense charts are, as a user calls it."""

from pathlib import Path

import torch
from tiny_model import save_tiny_checkpoint

from mug.placement.density import DensityPrior
from mug.synth.songs import write_songs
from mug.training.export import export_run


def tiny_folder(root: Path, **split: float) -> Path:
    """A model folder whose training split its songs like that."""
    run_of = save_tiny_checkpoint(root / f"{len(split)}.ckpt")
    content = torch.load(run_of, weights_only=True)
    content["config"]["data"]["params"]["common"].update(split)
    torch.save(content, run_of)
    folder = root / "-".join(["model", *map(str, split.values())])
    export_run(run_of, folder)
    return folder


def test_densities_of_a_prepared_set(run_mug, tmp_path):
    write_songs(tmp_path / "songs", 5, 4, 20.0, progress=False)
    assert run_mug("gather", "-s", tmp_path / "songs", "-o", tmp_path / "set", "--cs", "4").returncode == 0
    beatmaps = tmp_path / "set" / "beatmap.txt"
    assert run_mug("features", "-b", beatmaps).returncode == 0
    model = tiny_folder(tmp_path, valid_fraction=0.0, test_fraction=0.0)
    fit = ("--model", model, "--beatmap_txt", beatmaps)
    done = run_mug("density", *fit)
    assert done.returncode == 0, done.stderr
    assert "20 features; 0 charts were unusable" in done.stdout
    prior = DensityPrior.from_yaml(model / "density.yaml")
    easy, hard = prior.of({"sr": 1.0}), prior.of({"sr": 4.0})
    assert hard.log_rate > easy.log_rate + 0.5
    assert hard.deviation < prior.of({}).deviation
    again = run_mug("density", *fit)
    assert again.returncode != 0
    assert "already exists; delete it" in again.stderr
    for split, complaint in (
        ({"valid_fraction": 0.0, "test_fraction": 1.0}, "0 charts are too few"),
        ({}, "its configuration lacks 'valid_fraction'"),
    ):
        model = tiny_folder(tmp_path, **split)
        refused = run_mug("density", "--model", model, "--beatmap_txt", beatmaps)
        assert refused.returncode != 0
        assert complaint in refused.stderr
        assert not (model / "density.yaml").exists()
