"""What a run leaves behind: its configuration, its losses, and checkpoints that a stranger may read."""

import csv
import warnings
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mug.config import instantiate_from_config
from mug.training.callbacks import LastCheckpoint
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


def config_of(stage: int, folder: Path) -> dict[str, Any]:
    """A run of two steps, each followed by validation."""
    params = short_config(monitor="val/loss")
    first_stage = params["first_stage_config"]
    diffusion = {"target": "mug.diffusion.diffusion.DDPM", "params": params}
    autoencoder = {**first_stage, "params": {**first_stage["params"], "monitor": "val/loss"}}
    trainer = {
        "max_steps": 2, "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
        "val_check_interval": 1, "limit_val_batches": 1, "log_every_n_steps": 1,
    }  # fmt: skip
    return {
        "model": autoencoder if stage == 1 else diffusion,
        "data": data_node(folder),
        "lightning": {"trainer": trainer},
    }


def fit(config: dict[str, Any], folder: Path) -> pl.Trainer:
    trainer = build_trainer(config, folder)
    trainer.fit(build_trainable(config["model"]), datamodule=instantiate_from_config(config["data"]))
    return trainer


@pytest.fixture(scope="module", params=[1, 2], ids=["autoencoder", "diffusion"])
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(f"stage{request.param}")
    config = config_of(request.param, folder)
    config["model"]["params"]["ckpt_path"] = None
    fit(config, folder)
    return folder


def test_checkpoints_hold_plain_values_and_the_configuration(run_folder: Path) -> None:
    checkpoint = torch.load(run_folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 2
    assert set(checkpoint["config"]) == {"model", "data", "lightning"}
    rebuilt = build_trainable(checkpoint["config"]["model"])
    rebuilt.load_state_dict(checkpoint["state_dict"])  # the file alone is enough
    best = [path.name for path in (run_folder / "checkpoints").glob("best_step_*.ckpt")]
    assert len(best) == 1
    assert not list((run_folder / "checkpoints").glob(".*"))  # no temporary file is left


def test_the_configuration_lies_in_the_folder(run_folder: Path) -> None:
    (file,) = (run_folder / "configs").glob("*.yaml")
    checkpoint = torch.load(run_folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert yaml.safe_load(file.read_text()) == checkpoint["config"]


def test_losses_are_in_tensorboard(run_folder: Path) -> None:
    events = EventAccumulator(str(run_folder / "tensorboard"))
    events.Reload()
    assert {"train/loss", "val/loss"} <= set(events.Tags()["scalars"])


def test_diffusion_logs_every_loss_and_noise_band(tmp_path: Path) -> None:
    config = config_of(2, tmp_path)
    config["lightning"]["trainer"]["limit_val_batches"] = 3
    fit(config, tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    scalars = set(events.Tags()["scalars"])
    for name in ("loss", "loss_simple", "loss_mae", "loss_mse", "loss_vlb"):
        assert {f"train/{name}", f"val/{name}"} <= scalars
    bands = {name for name in scalars if name.startswith("val/loss_noise_band_")}
    assert 5 <= len(bands) <= 6  # six items, six timesteps apart from each other


def test_the_untrained_model_is_the_first_point_of_the_curve(tmp_path: Path) -> None:
    config = config_of(2, tmp_path)
    config["lightning"]["trainer"]["num_sanity_val_steps"] = -1
    config["model"]["params"]["learning_rate"] = 0.0
    fit(config, tmp_path)
    with (tmp_path / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["val/loss"]]
    assert [int(row["step"]) for row in rows] == [0, 0, 1]  # before the first step, after it, after the second
    assert rows[0]["val/loss"] == rows[2]["val/loss"]


def test_validation_repeats_itself(tmp_path: Path) -> None:
    config = config_of(2, tmp_path)
    config["model"]["params"]["learning_rate"] = 0.0
    fit(config, tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    first, second = (event.value for event in events.Scalars("val/loss"))
    assert first == second


def test_checkpoints_name_no_other_checkpoint(tmp_path: Path) -> None:
    config = config_of(2, tmp_path / "stage2")
    stage1 = config_of(1, tmp_path / "stage1")
    fit(stage1, tmp_path / "stage1")
    path = str(tmp_path / "stage1" / "checkpoints" / "last.ckpt")
    config["model"]["params"]["first_stage_config"]["params"]["ckpt_path"] = path
    fit(config, tmp_path / "stage2")
    checkpoint = torch.load(tmp_path / "stage2" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["config"]["model"]["params"]["first_stage_config"]["params"]["ckpt_path"] is None
    trained = torch.load(path, weights_only=True)["state_dict"]
    for name, value in trained.items():
        assert torch.equal(checkpoint["state_dict"][f"model.first_stage_model.{name}"], value)


def test_an_untrained_first_stage_is_warned_of(tmp_path: Path) -> None:
    config = config_of(2, tmp_path)
    trainer = build_trainer(config, tmp_path)
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(model, datamodule=data)
    assert [warning for warning in caught if "the first stage is untrained" in str(warning.message)]


def test_an_exception_saves_the_last_state(tmp_path: Path) -> None:
    config = config_of(1, tmp_path)
    config["lightning"]["trainer"] |= {"val_check_interval": 3, "max_steps": 5}
    model = build_trainable(config["model"])
    trainer = build_trainer(config, tmp_path)

    def broken(*_: Any) -> None:
        if trainer.global_step == 2:
            raise RuntimeError("the disk is on fire")

    model.on_train_batch_start = broken
    data = instantiate_from_config(config["data"])
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        trainer.fit(model, datamodule=data)
    assert torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 2


def test_last_checkpoint_is_kept_every_so_many_steps(tmp_path: Path) -> None:
    config = config_of(1, tmp_path)
    config["lightning"]["trainer"] |= {"limit_val_batches": 0, "max_steps": 5}
    trainer = build_trainer(config, tmp_path)
    (callback,) = (callback for callback in trainer.callbacks if isinstance(callback, LastCheckpoint))
    callback.every_n_steps = 2
    saved: list[int] = []
    save = trainer.save_checkpoint
    trainer.save_checkpoint = lambda *args, **kwargs: (saved.append(trainer.global_step), save(*args, **kwargs))
    trainer.fit(build_trainable(config["model"]), datamodule=instantiate_from_config(config["data"]))
    assert [step for step in saved if step in (2, 4, 5)] == [2, 4, 5]
