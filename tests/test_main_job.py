"""The main job from end to end, run as a user runs it: songs -> every stage -> a package with a picture."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz
from mug.config import load_config
from mug.synth.songs import write_songs

ROOT = Path(__file__).resolve().parent.parent
SMALL = [  # a thousandth of the demo's work
    "data.params.batch_size=2",
    "data.params.common.valid_fraction=0.3",
    "data.params.common.test_fraction=0.3",
    "data.params.train.params.crops_per_chart=1",
]


def undecided(folder: Path) -> Path:
    """The small stage 1 with targets so smooth that it writes notes, any notes, after a few steps."""
    config = load_config(["configs/mug/mini_autoencoder.yaml"])
    config["model"]["params"]["lossconfig"]["params"]["label_smoothing"] = 0.5
    path = folder / "autoencoder.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.mark.slow
def test_songs_become_a_package_of_playable_charts(tmp_path: Path) -> None:
    write_songs(tmp_path / "songs", seed=1, n_songs=7, seconds=40.0, progress=False)
    command = [sys.executable, "scripts/demo.py", "--songs", str(tmp_path / "songs"), "--datadir", str(tmp_path)]
    command += ["--logdir", str(tmp_path / "logs"), "--outdir", str(tmp_path / "out")]
    command += ["--stage0_steps", "3", "--stage1_steps", "12", "--stage2_steps", "3", "--stage3_steps", "3"]
    command += ["--autoencoder", str(undecided(tmp_path))]
    cache = f"data.params.common.cache_dir={tmp_path / 'cache'}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *SMALL, cache], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for line in ("stage 0   loss", "stage 1   onset F1", "stage 2   loss", "stage 3   loss", "librosa", "random"):
        assert line in done.stdout
    (package,) = (tmp_path / "out" / "demo").glob("*.osz")
    charts = [read_osu(path) for path in extract_osz(package, tmp_path / "unpacked") if path.suffix == ".osu"]
    assert [chart.keys for chart in charts] == [4]
    assert charts[0].metadata["AIMode"] == "MuG"
    assert list((tmp_path / "out" / "demo").glob("*.png"))
