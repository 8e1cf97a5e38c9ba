"""Two processes compute what one computes with the whole batch, and stop and end together."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml

from mug.config import instantiate_from_config
from mug.training.setup import build_trainer, scale_learning_rate
from mug.training.trainers import build_trainable
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import SyntheticDataset, data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
ROOT = Path(__file__).resolve().parent.parent.parent
HERE = "tests.training.test_processes"
N_ITEMS = 9  # one of them is left over by batches of two processes as by those of one


class PreparedDataset(SyntheticDataset):
    """Prepares its folder, which takes a while, where nobody has; a line there for each time that it was done."""

    def __init__(self, folder: str, **params: Any) -> None:
        prepared = Path(folder) / "prepared.txt"
        if not prepared.exists():
            time.sleep(0.3)
            prepared.parent.mkdir(exist_ok=True)
            with prepared.open("a") as file:
                file.write("once\n")
        super().__init__(folder, **params)


class SameEverywhere(pl.Callback):
    """Fails where the weights that two processes train, or their averages, differ."""

    def on_train_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        (ema,) = (callback for callback in trainer.callbacks if type(callback).__name__ == "EMA")
        for name, tensor in [*pl_module.named_parameters(), *pl_module.named_buffers(), *ema.averages.items()]:  # type: ignore[attr-defined]
            first = trainer.strategy.broadcast(tensor.detach().clone())
            assert torch.equal(first, tensor), name


class Stop(pl.Callback):
    """The second process sends the first SIGTERM before step `at`, and says in `file` who it is."""

    def __init__(self, at: int, file: str) -> None:
        self.at, self.file = at, Path(file)

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.global_rank == 1 and trainer.global_step == self.at:
            self.file.write_text(str(os.getpid()))
            os.kill(os.getppid(), signal.SIGTERM)


def config_of(folder: Path, batch_size: int, stage: int = 2, stop_at: int | None = None, **trainer: Any) -> Any:
    params = short_config(2, monitor="val/loss", learning_rate=1e-2, normalize_latents=True)
    autoencoder = params["first_stage_config"]
    autoencoder = {**autoencoder, "params": {**autoencoder["params"], "monitor": "val/loss", "learning_rate": 1e-2}}
    callbacks: dict[str, Any] = {
        "ema": {"target": "mug.training.ema.EMA", "params": {"decay": 0.9}},
        "charts": {"target": "mug.training.beatmap_logger.BeatmapLogger", "params": {"count": 1, "steps": 2}},
        "same": {"target": f"{HERE}.SameEverywhere"},
    }
    if stop_at is not None:
        callbacks["stop"] = {"target": f"{HERE}.Stop", "params": {"at": stop_at, "file": str(folder / "second.pid")}}
    data = data_node(folder, size=N_ITEMS)
    data["params"]["train"] = {"target": f"{HERE}.PreparedDataset"}
    data["params"]["batch_size"] = batch_size
    return {
        "model": autoencoder if stage == 1 else {"target": "mug.diffusion.diffusion.DDPM", "params": params},
        "data": data,
        "lightning": {
            "trainer": {
                "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
                "log_every_n_steps": 1, "limit_val_batches": 2, "num_sanity_val_steps": 0, **trainer,
            },
            "callbacks": callbacks,
        },
    }  # fmt: skip


def train(folder: Path, n: int, batch_size: int, resume: bool = False, **settings: Any) -> dict[str, Any]:
    """Train in `n` processes and return the run's last checkpoint."""
    processes = {"devices": n, "strategy": "ddp_fork"} if n > 1 else {}
    config = config_of(folder, batch_size, **settings, **processes)
    trainer = build_trainer(config, folder)
    torch.manual_seed(23)  # as main.py does
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"])
    last = folder / "checkpoints" / "last.ckpt"
    trainer.fit(model, datamodule=data, ckpt_path=last if resume else None)
    return torch.load(last, weights_only=True)


def first_moments(checkpoint: dict[str, Any]) -> list[torch.Tensor]:
    """Adam's averages of gradients; after one step they are a tenth of its gradients."""
    return [state["exp_avg"] for state in checkpoint["optimizer_states"][0]["state"].values()]


def test_gradients_equal_one_process_with_the_whole_batch(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", 1, 4, max_steps=1)
    shared = train(tmp_path / "shared", 2, 2, max_steps=1)
    accumulated = train(tmp_path / "accumulated", 1, 2, max_steps=1, accumulate_grad_batches=2)
    expected = first_moments(whole)
    scale = max(moment.abs().max().item() for moment in expected)
    for other in (first_moments(shared), first_moments(accumulated)):
        for moment, wanted in zip(other, expected, strict=True):
            torch.testing.assert_close(moment, wanted, rtol=1e-4, atol=1e-6 * scale)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run of two processes over two and a half epochs, and its last checkpoint."""
    folder = tmp_path_factory.mktemp("shared")
    return folder, train(folder, 2, 2, max_steps=5)


def metrics(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open() as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def test_one_process_measures_the_same(tmp_path: Path, shared: tuple[Path, Any]) -> None:
    train(tmp_path, 1, 4, max_steps=5)
    whole, of_two = (
        [
            {name: value for name, value in row.items() if not name.startswith("train/")}
            for row in metrics(folder)
            if "val/loss" in row
        ]
        for folder in (tmp_path, shared[0])
    )
    assert len(whole) == 2
    assert {f"val/loss_noise_band_{band}" for band in (1, 9)} <= whole[0].keys()
    for one, two in zip(whole, of_two, strict=True):
        assert two == pytest.approx(one, rel=1e-3)


def test_two_processes_share_one_folder_and_prepare_once(shared: tuple[Path, Any]) -> None:
    folder = shared[0]
    assert len(list((folder / "configs").iterdir())) == 1
    assert len(list((folder / "tensorboard").glob("events*"))) == 1
    assert (folder / "prepared.txt").read_text() == "once\n"
    assert list((folder / "charts").iterdir())
    assert shared[1]["DataModuleFromConfig"] == {"train": {"items": N_ITEMS}, "validation": {"items": N_ITEMS}}
    steps = [row["step"] for row in metrics(folder) if "train/loss" in row]
    assert steps == sorted(set(steps))


def test_the_first_stage_trains_in_two_processes(tmp_path: Path) -> None:
    train(tmp_path, 2, 2, stage=1, max_steps=2)
    (row,) = (row for row in metrics(tmp_path) if "val/onset_f1" in row)
    assert 0 <= row["val/onset_f1"] <= 1


@pytest.mark.slow
def test_sigterm_ends_all_processes_and_the_run_resumes(tmp_path: Path, shared: tuple[Path, Any]) -> None:
    config = config_of(tmp_path, 2, stop_at=2, devices=2, strategy="ddp", max_steps=1000)
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    stopped = subprocess.run(
        [sys.executable, "main.py", "-b", str(tmp_path / "run.yaml"), "-t", "-l", str(tmp_path / "logs")],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert stopped.returncode == 143, stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert stopped.stderr.count("resume with -r") == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "second.pid").read_text()), 0)
    (run,) = (tmp_path / "logs").iterdir()
    assert 2 <= torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] < 5

    resumed = train(run, 2, 2, max_steps=5, resume=True)
    for name, value in shared[1]["state_dict"].items():
        assert torch.equal(resumed["state_dict"][name], value), name


def test_the_learning_rate_scales_with_devices_and_machines(tmp_path: Path) -> None:
    trainer: Any = SimpleNamespace(num_devices=2, num_nodes=3, accumulate_grad_batches=4)
    scaled = scale_learning_rate(config_of(tmp_path, 5), trainer)
    assert scaled["model"]["params"]["learning_rate"] == pytest.approx(1e-2 * 2 * 3 * 4 * 5)
