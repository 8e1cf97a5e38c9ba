"""The models that come with the project: small, free for all, and able to chart a song that they never heard."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors import safe_open

from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz
from mug.config import PROJECT_ROOT, SHIPPED_MODELS
from mug.metrics.onsets import moments_ms, onset_f1, random_onsets
from mug.ratings.long_notes import ln_ratio
from mug.ratings.stars import star_rating
from mug.synth.songs import write_songs

KEYS = pytest.mark.parametrize("keys", SHIPPED_MODELS)
MAX_FOLDER_BYTES = 45 * 10**6
MAX_FILE_BYTES = 16 * 10**6
MAX_TIMING_BYTES = 3 * 10**6
HELD_OUT_SEED = 1


@KEYS
def test_its_files_are_small_and_hold_half_precision(keys):
    folder = PROJECT_ROOT / SHIPPED_MODELS[keys]
    model = {"model.safetensors", "config.yaml", "features.yaml", "README.md"}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    placement, timing = {f"placement/{name}" for name in model}, {f"timing/{name}" for name in model}
    assert files == model | {"density.yaml", "sampling.yaml"} | placement | timing - {"timing/features.yaml"}
    sizes = [(folder / name).stat().st_size for name in files]
    assert (max(sizes) <= MAX_FILE_BYTES, sum(sizes) <= MAX_FOLDER_BYTES) == (True, True)
    assert (folder / "timing" / "model.safetensors").stat().st_size <= MAX_TIMING_BYTES
    for weights in ("model.safetensors", "placement/model.safetensors"):
        with safe_open(folder / weights, "pt") as tensors:
            slices = [tensors.get_slice(name) for name in tensors.keys()]  # noqa: SIM118
        stored = Counter(dict.fromkeys(("F16", "F32"), 0))
        for tensor in slices:
            stored[tensor.get_dtype()] += math.prod(tensor.get_shape())
        assert stored["F16"] > 50 * stored["F32"]  # schedules and scales of latents stay as they are


@KEYS
def test_its_card_gives_it_away(keys):
    card = (PROJECT_ROOT / SHIPPED_MODELS[keys] / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(card.split("---")[1])
    assert header["license"] == "cc0-1.0"
    assert "CC0" in card.split("---", 2)[2]


@KEYS
def test_it_charts_a_song_that_it_never_heard_as_asked(run_mug, tmp_path, keys):
    """A composed song of no training; the command names no model."""
    (song,) = write_songs(tmp_path / "songs", HELD_OUT_SEED, 1, 40.0, keys, progress=False)
    (audio,) = song.glob("audio.*")
    done = run_mug("chart", "--audio", audio, "--outdir", tmp_path / "out", "--keys", keys,
                   "--prompt", "sr=3", "ln_ratio=0")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (package,) = (tmp_path / "out").glob("*.osz")
    (chart,) = (read_osu(path) for path in extract_osz(package, tmp_path / "unpacked") if path.suffix == ".osu")
    assert list((tmp_path / "out").glob("*.png"))
    assert chart.keys == keys
    assert star_rating(chart) == pytest.approx(3, abs=0.6)
    assert ln_ratio(chart) <= 0.15
    references = [read_osu(path) for path in song.glob("*.osu")]
    nearest = moments_ms(min(references, key=lambda reference: abs(star_rating(reference) - 3)))
    hit = onset_f1(nearest, moments_ms(chart), 20.0).f1
    chance = onset_f1(nearest, random_onsets(len(nearest), nearest[0], nearest[-1], np.random.default_rng(0)), 20.0).f1
    assert hit > 0.6 > 2 * chance


@pytest.mark.slow
def test_it_charts_a_folder_in_packages_without_problems(run_mug, tmp_path):
    write_songs(tmp_path / "songs", HELD_OUT_SEED, 2, 30.0, progress=False)
    (tmp_path / "songs" / "broken.mp3").write_bytes(b"no music")
    out = tmp_path / "out"
    command = ("chart", "--audio", tmp_path / "songs", "--outdir", out, "--spread", 1.5, 3, "--ensemble", 4)
    for said in ("2 songs charted, 0 there already, 1 failed", "0 songs charted, 2 there already, 1 failed"):
        done = run_mug(*command)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (1, said), done.stderr
    packages = sorted(out.glob("*.osz"))
    assert len(packages) == 2
    checked = run_mug("lint", *packages)
    assert (checked.returncode, "4 charts: no problems" in checked.stdout) == (0, True), checked.stdout
    for package in packages:
        extract_osz(package, tmp_path / "unpacked" / package.stem)

    def counts(folder: Path) -> list[int]:
        return sorted(len(read_osu(path).notes) for path in folder.rglob("*.osu"))

    for kind in ("qp", "mcz", "smzip"):
        converted = run_mug("convert", *packages, "--to", kind, "--outdir", tmp_path / kind)
        assert (converted.returncode, converted.stdout.splitlines()[2]) == (0, "4 charts"), converted.stdout
        back = run_mug("convert", *(tmp_path / kind).iterdir(), "--to", "osu", "--outdir", tmp_path / kind / "back")
        assert back.returncode == 0, back.stdout
        assert counts(tmp_path / kind / "back") == counts(tmp_path / "unpacked")


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "steps"), [("ddim", 10), ("plms", 10), ("dpm++", 5), ("ddpm", 40)])
def test_every_sampler_hears_the_music(run_mug, tmp_path, sampler, steps):
    (song,) = write_songs(tmp_path / "songs", HELD_OUT_SEED, 1, 30.0, progress=False)
    (audio,) = song.glob("audio.*")
    sampling = ("--sampler", sampler, "--steps", steps, "--ensemble", 2, "--attempts", 1)
    done = run_mug("chart", "--audio", audio, "--outdir", tmp_path / "out", "--prompt", "sr=3", *sampling)
    assert done.returncode == 0, done.stderr
    (package,) = (tmp_path / "out").glob("*.osz")
    (chart,) = (read_osu(path) for path in extract_osz(package, tmp_path / "unpacked") if path.suffix == ".osu")
    charts = [read_osu(path) for path in song.glob("*.osu")]
    nearest = moments_ms(min(charts, key=lambda other: abs(star_rating(other) - 3)))
    assert onset_f1(nearest, moments_ms(chart), 20.0).f1 > 0.6
