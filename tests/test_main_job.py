"""The main job from end to end, command by command: songs -> every stage -> a package with a picture."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from mug.__main__ import dispatch
from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz
from mug.commands import demo
from mug.config import load_config
from mug.errors import MugError
from mug.synth.songs import write_songs

SMALL = [  # a thousandth of the demo's work
    "data.params.batch_size=2",
    "data.params.common.valid_fraction=0.3",
    "data.params.common.test_fraction=0.3",
    "data.params.train.params.crops_per_chart=1",
]
FEW_SAMPLES = ["--steps", "2", "--ensemble", "2", "--attempts", "1"]
ENCODER = "model.params.wave_stage_config.params.channel_mult=[1,1,1,1,1,1,1,1,1]"
DENOISER = "model.params.unet_config.params."
SMALLER = {  # stage: what is smaller in its configuration
    "onsets": [ENCODER],
    # Targets so smooth that it writes notes, any notes, after a few steps.
    "autoencoder": ["model.params.lossconfig.params.label_smoothing=0.5"],
    "diffusion": [
        ENCODER,
        f"{DENOISER}model_channels=32",
        f"{DENOISER}channel_mult=[1,1,1,1]",
        f"{DENOISER}audio_channels=[32,32,32,32]",
        "lightning.callbacks.beatmap_logger.params.count=2",
        "lightning.callbacks.beatmap_logger.params.steps=2",
    ],
}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the commands of the demo here: starting fourteen Pythons takes longer than all that they do."""

    def run(command: Sequence[str], check: bool) -> "subprocess.CompletedProcess[str]":
        assert list(command[:3]) == [sys.executable, "-m", "mug"]
        few = FEW_SAMPLES if command[3] in ("chart", "evaluate") else []
        return subprocess.CompletedProcess(command, dispatch([*command[3:], *few]) or 0)

    monkeypatch.setattr(demo, "subprocess", SimpleNamespace(run=run))


@pytest.fixture
def configs(tmp_path: Path) -> Callable[[str], Path]:
    """Return the path of a shipped stage's configuration with smaller networks."""

    def smaller(stage: str) -> Path:
        path = tmp_path / f"{stage}.yaml"
        config: dict[str, Any] = load_config([f"configs/mug/mini_{stage}.yaml"], SMALLER[stage])
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return path

    return smaller


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_songs_become_a_package_of_playable_charts(
    in_this_process: None,
    configs: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_songs(tmp_path / "songs", seed=2, n_songs=4, seconds=30.0, progress=False)  # in each split at least one
    monkeypatch.setattr(demo, "FIRST_SECONDS", 12)
    diffusion = configs("diffusion")
    words = ["--songs", tmp_path / "songs", "--datadir", tmp_path]
    words += ["--logdir", tmp_path / "logs", "--outdir", tmp_path / "out"]
    words += ["--stage0_steps", 1, "--stage1_steps", 12, "--stage2_steps", 2, "--stage3_steps", 1]
    words += ["--onsets", configs("onsets"), "--autoencoder", configs("autoencoder"), "--diffusion", diffusion]
    words += ["--placement", diffusion, "configs/mug/mini_placement.yaml"]
    demo.main([*map(str, words), *SMALL, f"data.params.common.cache_dir={tmp_path / 'cache'}"])
    printed = capsys.readouterr().out
    for line in ("stage 0   loss", "stage 1   onset F1", "stage 2   loss", "stage 3   loss", "librosa", "random"):
        assert line in printed
    (package,) = (tmp_path / "out" / "demo").glob("*.osz")
    charts = [read_osu(path) for path in extract_osz(package, tmp_path / "unpacked") if path.suffix == ".osu"]
    assert [chart.keys for chart in charts] == [4]
    assert charts[0].metadata["AIMode"] == "MuG"
    assert list((tmp_path / "out" / "demo").glob("*.png"))
    first = tmp_path / "out" / "demo" / "shipped_model"
    assert {path.suffix for path in first.iterdir()} >= {".osz", ".png"}


def test_a_step_is_a_command_whose_failure_ends_the_demo(capfd: pytest.CaptureFixture[str]) -> None:
    demo.step("ask for the version", "--version")
    assert "=== ask for the version\n$ mug --version\nmug " in capfd.readouterr().out
    with pytest.raises(MugError, match="'chart a song' ended with status 2; see the lines above"):
        demo.step("chart a song", "chrat")
    assert "no command 'chrat'" in capfd.readouterr().err
