"""The training command as a user runs it: both stages on a few synthetic songs, resuming, and mistakes."""

import errno
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import yaml

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.cli import run
from mug.commands import train as main
from mug.prepare.describe import prepare_features
from mug.training.csv_log import CSVLog
from tests.diffusion.test_diffusion import short_config

ROOT = Path(__file__).resolve().parent.parent
FEATURES = "configs/mug/mania_beatmap_features.yaml"
N_SETS = 12  # with a third of them in each split, no split is empty


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a prepared dataset of noise, stage1.yaml and stage2.yaml."""
    folder = tmp_path_factory.mktemp("main")
    rng = np.random.default_rng(0)
    lines = []
    for set_id in range(1, N_SETS + 1):
        song = folder / "data" / f"{set_id} song"
        song.mkdir(parents=True)
        soundfile.write(song / "audio.wav", 0.1 * rng.standard_normal(3 * 22050), 22050)
        notes = [Note(200.0 * i + 10, int(rng.integers(4))) for i in range(12)]
        chart = Beatmap(4, notes, [TimingPoint(0.0, 400.0)], "audio.wav", "Noise", beatmap_set_id=set_id)
        write_osu(chart, song / "chart.osu")
        lines.append(f"{song.name}/chart.osu\n")
    (folder / "data" / "beatmap.txt").write_text("".join(lines))
    prepare_features(folder / "data" / "beatmap.txt", FEATURES, tqdm_class=lambda charts, **_: charts)

    diffusion = short_config(monitor="val/loss", normalize_latents=True)
    autoencoder = diffusion["first_stage_config"]
    autoencoder = {**autoencoder, "params": {**autoencoder["params"], "monitor": "val/loss", "learning_rate": 0.001}}
    shared = {
        "data": {
            "target": "mug.data.datamodule.DataModuleFromConfig",
            "params": {
                "batch_size": 2,
                "common": {
                    "beatmap_txt": str(folder / "data" / "beatmap.txt"), "features": FEATURES,
                    "audio": {"n_mels": 8, "max_audio_frame": 256, "audio_note_window_ratio": 8},
                    "cache_dir": str(folder / "cache"), "valid_fraction": 0.33, "test_fraction": 0.33,
                },
                "train": {"target": "mug.data.dataset.OsuTrainDataset"},
                "validation": {"target": "mug.data.dataset.OsuValidDataset"},
                "test": {"target": "mug.data.dataset.OsuTestDataset"},
            },
        },
        "lightning": {
            "trainer": {"max_steps": 2, "accelerator": "cpu", "log_every_n_steps": 1},
            "callbacks": {"charts": {"target": "mug.training.beatmap_logger.BeatmapLogger", "params": {"steps": 2}}},
        },
    }  # fmt: skip
    models = {"stage1": autoencoder, "stage2": {"target": "mug.diffusion.diffusion.DDPM", "params": diffusion}}
    for name, model in models.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"model": model, **shared}))
    return folder


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "main.py", *map(str, arguments)]


def run_main(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command(*arguments), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def step_of(checkpoint: Path) -> int:
    return torch.load(checkpoint, weights_only=True)["global_step"]


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_both_stages_train_and_resume(configs: Path, run_mug: Callable[..., Any]) -> None:
    logs = configs / "logs"
    stage1 = run_main("--base", configs / "stage1.yaml", "-t", "-l", logs, "-n", "first", "-f", "_a")
    assert stage1.returncode == 0, stage1.stderr
    (first,) = logs.glob("*_first_a")
    assert step_of(first / "checkpoints" / "last.ckpt") == 2
    assert "test/loss" in stage1.stdout
    assert "training:" in stage1.stderr  # the progress bar

    trained = f"model.params.first_stage_config.params.ckpt_path={first / 'checkpoints' / 'last.ckpt'}"
    stage2 = run_mug(
        "train", "-b", configs / "stage2.yaml", trained, "-t", "--no-test", "-l", logs, "-p", "mine", "-s", "5"
    )
    assert stage2.returncode == 0, stage2.stderr
    assert "untrained" not in stage2.stderr
    (second,) = (logs / "mine").glob("*_stage2")
    checkpoint = torch.load(second / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["config"]["model"]["params"]["seed"] == 5
    assert checkpoint["config"]["data"]["params"]["seed"] == 5
    assert checkpoint["state_dict"]["latents_measured"]
    assert list((second / "charts").rglob("*.osu"))

    resumed = run_mug("train", "-r", second, "lightning.trainer.max_steps=3", "--no-test")
    assert resumed.returncode == 0, resumed.stderr
    assert step_of(second / "checkpoints" / "last.ckpt") == 3
    assert len(list((second / "configs").glob("*.yaml"))) == 2
    assert len(list(logs.iterdir())) == 2  # no further run folder


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_signal_saves_the_last_state(configs: Path, number: signal.Signals, status: int) -> None:
    logs = configs / f"logs_{number.name}"
    endless = command("-b", configs / "stage1.yaml", "-t", "-l", logs, "lightning.trainer.max_steps=1000000")
    with subprocess.Popen(
        [*endless, "lightning.trainer.limit_val_batches=0"],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        started = time.monotonic()
        while not any(len(path.read_text().splitlines()) > 2 for path in logs.glob("*/metrics.csv")):  # a step or two
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < started + 300
            time.sleep(0.05)
        process.send_signal(number)
        stderr = process.stderr.read()
    assert process.returncode == status, stderr
    assert "Traceback" not in stderr
    assert "resume with -r" in stderr
    (last,) = logs.glob("*/checkpoints/last.ckpt")
    assert step_of(last) > 0


@pytest.fixture
def fails(
    configs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., str]:
    """Run main.py in this process, expect a mistake, and return what it says of it in one line."""

    def run_failing(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["main.py", "-l", str(tmp_path / "logs"), *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            run(main.main)
        assert left.value.code == 2
        (message,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))
        return message

    return run_failing


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("lightning.trainer.max_stepz=3", "lightning.trainer: unknown key 'max_stepz'"),
        ("lightning.trainer.precision=99", "lightning: Precision 99 is invalid"),
        ("lightning.trainer.logger=x", "lightning.trainer: 'logger' is not set here"),
        ("lightning.trainer.strategy=fsdp", "lightning.trainer.strategy: 'fsdp' shards the weights"),
        ("lightning.tariner.max_steps=3", "lightning: unknown key 'tariner'"),
        ("lightning.callbacks.charts.params.size=3", "lightning.callbacks.charts.params: unknown key 'size'"),
        ("lightning.modelcheckpoint.params.top=3", "lightning.modelcheckpoint.params: unknown key 'top'"),
        ("lightning.logger.params.dir=3", "lightning.logger.params: unknown key 'dir'"),
        ("modle.params.x=3", "the configuration: unknown key 'modle'"),
        ("model.parms.x=3", "model: unknown key 'parms'"),
        ("model=3", "the configuration: 'model' must be a node"),
        ("model.target=mug.diffusion.unet.Unet", "has no 'Unet'"),
        ("model.params.unet_config.params.xyz=3", "model.params.unet_config.params: unknown key 'xyz'"),
        ("model.params.first_stage_config.params.ddconfig.xyz=3", "ddconfig: unknown key 'xyz'"),
        ("model.params.scheduler_config.target=mug.lr_scheduler.Nope", "has no 'Nope'"),
        ("model.params.monitor=val/nope", "could not find the monitored key"),
        ("data.params.batchsize=3", "data.params: unknown key 'batchsize'"),
        ("data.params.common.key=7", "data.params.train.params: unknown key 'key'"),
        ("data.params.common.audio.n_mel=3", "unknown key 'n_mel'"),
        ("data.params.common.beatmap_txt=data/nowhere/beatmap.txt", "run `mug gather`"),
        ("model.params.z_length=32", "z_length is 32, 64 note frames, but data.params.common.audio.max_audio_frame / "),
        ("data.params.common.keys=7", "number of keys is 4, but data.params.common.keys is 7"),
        ("data.params.common.audio.n_mels=7", "n_freq is 8, but data.params.common.audio.n_mels is 7"),
        ("model.params.ckpt_path=nowhere.ckpt", "nowhere.ckpt: no such checkpoint"),
        ("max_steps", "override 'max_steps' is not key.sub=value"),
        ("lightning.trainer=[1,2]", "override 'lightning.trainer=[1,2]' does not fit the configuration"),
        ("model.params.unet_config.params.num_res_blocks=abc", "model.params.unet_config: UNetModel cannot be built"),
        ("model.params.learning_rate=abc", "model.params.learning_rate: 'abc' is not a number"),
        ("data.params.batch_size=null", "data: DataModuleFromConfig cannot be built with these params: TypeError"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_mistakes_in_the_configuration_are_named(
    configs: Path, fails: Callable[..., str], override: str, complaint: str
) -> None:
    assert complaint in fails("-b", configs / "stage2.yaml", "-t", override)


def test_mistakes_on_the_command_line_are_named(configs: Path, fails: Callable[..., str], tmp_path: Path) -> None:
    assert "no configuration" in fails("-t")
    assert "nope.yaml: no such config file" in fails("-b", "nope.yaml")
    assert "nothing to resume" in fails("-r", tmp_path)
    torch.save({"config": yaml.safe_load((configs / "stage1.yaml").read_text())}, tmp_path / "x.ckpt")
    assert "do not fit the configuration of the run" in fails("-r", tmp_path / "x.ckpt", "lightning.trainer=[1]")
    assert "--seed -1: give a whole number" in fails("-b", configs / "stage1.yaml", "-s", "-1")
    assert "leave out --name" in fails("-r", tmp_path, "-n", "other")
    assert "leave out --start_from" in fails("-r", tmp_path, "--start_from", "models/mug-mini")


def test_a_checkpoint_of_another_model_names_its_tensors(
    configs: Path, fails: Callable[..., str], tmp_path: Path
) -> None:
    config = yaml.safe_load((configs / "stage1.yaml").read_text())
    torch.save({"state_dict": {"encoder.conv_in.weight": torch.zeros(3)}, "config": config}, tmp_path / "other.ckpt")
    message = fails("-r", tmp_path / "other.ckpt")
    assert "does not fit AutoencoderKL" in message
    assert "decoder.conv_in.bias is missing" in message


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_other_optimiser_groups_give_an_error_with_a_remedy(
    configs: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = ["-b", str(configs / "stage1.yaml"), "-l", str(tmp_path / "logs"), "-t", "--no-test"]
    monkeypatch.setattr(sys, "argv", ["main.py", *arguments, "lightning.trainer.max_steps=1"])
    assert main.main() == 0
    (last,) = tmp_path.rglob("last.ckpt")
    checkpoint = torch.load(last, weights_only=True)
    checkpoint["optimizer_states"][0]["param_groups"].pop()
    torch.save(checkpoint, tmp_path / "old.ckpt")
    message = fails("-r", tmp_path / "old.ckpt", "lightning.trainer.max_steps=2")
    assert "old.ckpt: its optimiser has other groups" in message
    assert "model.params.ckpt_path" in message


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_without_training_the_model_is_built_and_tested(
    configs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["-b", str(configs / "stage2.yaml"), "-l", str(tmp_path / "logs")]
    monkeypatch.setattr(sys, "argv", ["main.py", *arguments])
    assert main.main() == 0
    assert "test/loss" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["main.py", *arguments, "--no-test"])
    assert main.main() == 0
    assert "test/loss" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_scale_lr_multiplies_by_the_items_of_a_step(
    configs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = ["-b", configs / "stage1.yaml", "-t", "--no-test", "--scale_lr", "-l", tmp_path]
    accumulate = "lightning.trainer.accumulate_grad_batches=3"
    monkeypatch.setattr(sys, "argv", ["main.py", *map(str, arguments), accumulate])
    assert main.main() == 0
    (checkpoint,) = tmp_path.glob("*/checkpoints/last.ckpt")
    rate = torch.load(checkpoint, weights_only=True)["config"]["model"]["params"]["learning_rate"]
    assert rate == pytest.approx(0.001 * 3 * 1 * 2)


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_a_full_disk_is_one_line_and_the_run_can_resume(
    configs: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = ["-b", configs / "stage1.yaml", "-t", "--no-test", "lightning.trainer.limit_val_batches=0"]
    log_metrics, save = CSVLog.log_metrics, torch.save

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a.csv")

    monkeypatch.setattr(CSVLog, "log_metrics", lambda self, metrics, step: step and full())  # at the second step
    message = fails(*arguments)
    assert "No space left on device: 'a.csv'; saved checkpoints stay in" in message
    (folder,) = (tmp_path / "logs").iterdir()
    assert f"resume with -r {folder}" in message
    monkeypatch.setattr(CSVLog, "log_metrics", log_metrics)

    monkeypatch.setattr(torch, "save", full)
    assert "last.ckpt: could not be saved: No space left on device" in fails("-r", folder, "--no-test")
    monkeypatch.setattr(torch, "save", save)
    assert not list(folder.glob("checkpoints/*"))
    monkeypatch.setattr(sys, "argv", ["main.py", "-r", str(folder), "--no-test"])  # from the beginning
    assert main.main() == 0
    assert step_of(folder / "checkpoints" / "last.ckpt") == 2


def test_debug_stops_where_what_made_a_mistake_was_raised(
    configs: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Any] = []
    monkeypatch.setattr(main.pdb, "post_mortem", stopped.append)
    fails("-b", configs / "stage1.yaml", "-d", "-t", "data.params.batchsize=3")
    assert not stopped  # nothing to look at
    fails("-b", configs / "stage1.yaml", "-d", "-t", "model.params.ddconfig.num_groups=0")
    assert traceback.extract_tb(stopped[0])[-1].name == "group_norm"


def test_debug_stops_where_an_unexpected_exception_was_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []
    monkeypatch.setattr(main, "train_and_test", lambda _: 1 / 0)
    monkeypatch.setattr(main.pdb, "post_mortem", stopped.append)
    monkeypatch.setattr(sys, "argv", ["main.py", "-d"])
    with pytest.raises(ZeroDivisionError):
        main.main()
    assert len(stopped) == 1
