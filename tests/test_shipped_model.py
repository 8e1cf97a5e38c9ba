"""The model that comes with the project: small, free for all, and able to chart a song that it never heard."""

import math
from collections import Counter

import numpy as np
import pytest
import yaml
from safetensors import safe_open

from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz
from mug.config import PROJECT_ROOT, SHIPPED_MODEL
from mug.metrics.onsets import moments_ms, onset_f1, random_onsets
from mug.ratings.long_notes import ln_ratio
from mug.ratings.stars import star_rating
from mug.synth.songs import write_songs

FOLDER = PROJECT_ROOT / SHIPPED_MODEL
MAX_FILE_BYTES = 16 * 10**6
MAX_TIMING_BYTES = 3 * 10**6
HELD_OUT_SEED = 1


def test_its_files_are_small_and_hold_half_precision():
    model = {"model.safetensors", "config.yaml", "features.yaml", "README.md"}
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    placement, timing = {f"placement/{name}" for name in model}, {f"timing/{name}" for name in model}
    assert files == model | {"density.yaml", "sampling.yaml"} | placement | timing - {"timing/features.yaml"}
    assert all((FOLDER / name).stat().st_size <= MAX_FILE_BYTES for name in files)
    assert (FOLDER / "timing" / "model.safetensors").stat().st_size <= MAX_TIMING_BYTES
    for weights in ("model.safetensors", "placement/model.safetensors"):
        with safe_open(FOLDER / weights, "pt") as tensors:
            slices = [tensors.get_slice(name) for name in tensors.keys()]  # noqa: SIM118
        stored = Counter(dict.fromkeys(("F16", "F32"), 0))
        for tensor in slices:
            stored[tensor.get_dtype()] += math.prod(tensor.get_shape())
        assert stored["F16"] > 50 * stored["F32"]  # schedules and scales of latents stay as they are


def test_its_card_gives_it_away():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(card.split("---")[1])
    assert header["license"] == "cc0-1.0"
    assert "CC0" in card.split("---", 2)[2]


def test_it_charts_a_song_that_it_never_heard_as_asked(run_mug, tmp_path):
    """A composed song of no training; the command names no model."""
    (song,) = write_songs(tmp_path / "songs", HELD_OUT_SEED, 1, 40.0, progress=False)
    (audio,) = song.glob("audio.*")
    done = run_mug("chart", "--audio", audio, "--outdir", tmp_path / "out", "--prompt", "sr=3", "ln_ratio=0")
    assert done.returncode == 0, done.stderr
    (package,) = (tmp_path / "out").glob("*.osz")
    (chart,) = (read_osu(path) for path in extract_osz(package, tmp_path / "unpacked") if path.suffix == ".osu")
    assert list((tmp_path / "out").glob("*.png"))
    assert star_rating(chart) == pytest.approx(3, abs=0.6)
    assert ln_ratio(chart) <= 0.15
    references = [read_osu(path) for path in song.glob("*.osu")]
    nearest = moments_ms(min(references, key=lambda reference: abs(star_rating(reference) - 3)))
    hit = onset_f1(nearest, moments_ms(chart), 20.0).f1
    chance = onset_f1(nearest, random_onsets(len(nearest), nearest[0], nearest[-1], np.random.default_rng(0)), 20.0).f1
    assert hit > 0.6 > 2 * chance
