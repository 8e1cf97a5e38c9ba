"""mug chart --recipe: what mug chart and mug edit wrote comes again from the recipe beside it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz

FAST = ("--steps", 2, "--ensemble", 2, "--attempts", 1)


@pytest.fixture
def song(tmp_path) -> Path:
    path = tmp_path / "noise.ogg"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.2, 2 * 22050), 22050)
    return path


def charts_in(package: Path) -> dict[str, list]:
    unpacked = package.with_suffix("")
    return {chart.version: chart.notes for chart in map(read_osu, extract_osz(package, unpacked))}


def test_what_the_commands_wrote_comes_again(run_mug, tiny_checkpoint, song, tmp_path):
    out, new = tmp_path / "out", tmp_path / "new"
    model = ("--checkpoint", tiny_checkpoint)
    done = run_mug("chart", "--audio", song, "--outdir", out, "--prompt", "sr=3", "--count", 2, *FAST, *model)
    assert done.returncode == 0, done.stderr
    (package,) = out.glob("*.osz")
    charts = charts_in(package)
    again = run_mug("chart", "--audio", song, "--outdir", new, "--recipe", package.with_suffix(".recipe.yaml"))
    assert again.returncode == 0, again.stderr
    assert charts_in(new / package.name) == charts

    first = sorted((out / package.stem).glob("*.osu"))[0]
    part = ("--from", "0:00.5", "--to", "0:01.5", "--columns", 1, 2)
    done = run_mug("edit", first, *part, "--prompt", "ln=true", *FAST, *model)
    assert done.returncode == 0, done.stderr
    edited = next(path for path in first.parent.glob("*.osu") if "AI v2" in path.name and path != first)
    recipe = edited.with_suffix(".recipe.yaml")
    again = run_mug("chart", "--audio", song, "--outdir", tmp_path / "edits", "--recipe", recipe)
    assert again.returncode == 0, again.stderr
    (package,) = (tmp_path / "edits").glob("*.osz")
    assert [*charts_in(package).values()] == [read_osu(edited).notes]
    assert package.with_suffix(".recipe.yaml").read_bytes() == recipe.read_bytes()


def test_what_does_not_belong_to_the_recipe_is_refused(run_mug, song, tmp_path):
    recipe = tmp_path / "x.recipe.yaml"
    recipe.write_text("recipe: 1\nmodel: {name: models/none}\nsong: {file: a.mp3}\ncharts: {prompt: {sr: 3}}\n")

    def error_of(*words: object) -> str:
        refused = run_mug("chart", "--audio", song, *words)
        assert (refused.returncode, refused.stdout) == (2, "")
        return refused.stderr

    with_recipe = ("--recipe", recipe)
    assert "--seed is in the recipe: leave it out, or change it in" in error_of(*with_recipe, "--seed", 1)
    assert "give that one as --audio" in error_of(song.parent / "other.ogg", *with_recipe)
    missing = error_of(*with_recipe)
    assert missing == f"error: {recipe}: its model 'models/none' is not here; name its place with --checkpoint\n"
    assert "none.yaml: no such recipe" in error_of("--recipe", "none.yaml")
