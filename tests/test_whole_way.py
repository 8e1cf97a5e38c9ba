"""From songs to a chart through both stages, one step each: any number of keys, and the model that hears the STFT."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_model import tiny_run_config

from mug.charts.beatmap import Beatmap
from mug.charts.osu import read_osu, write_osu
from mug.config import PROJECT_ROOT, instantiate_from_config
from mug.generation import ChartGenerator, SamplingSettings
from mug.progress import Progress
from mug.training.setup import build_trainer, check_config
from mug.training.trainers import build_trainable
from tests.data.small_library import write_clicks, write_library
from tests.shipped_configs import shipped

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own

CONFIGS = PROJECT_ROOT / "configs" / "mug"


def data_of(folder: Path, keys: int) -> dict[str, Any]:
    """What every split of a run on three songs of clicks says, for `data.params.common`."""
    beatmap_txt = write_library(folder / "data", n_sets=3, keys=keys)
    return {
        "beatmap_txt": str(beatmap_txt), "cache_dir": str(folder / "cache"), "keys": keys,
        "valid_fraction": 0.0, "test_fraction": 0.0,
    }  # fmt: skip


def fit(config: dict[str, Any], folder: Path) -> Path:
    """Train one step of a run's configuration; return its checkpoint."""
    trainer = {
        "max_steps": 1, "accelerator": "cpu", "devices": 1, "limit_val_batches": 0, "log_every_n_steps": 1,
        "enable_progress_bar": False, "enable_model_summary": False,
    }  # fmt: skip
    config["data"]["params"] |= {"batch_size": 2, "num_workers": 0, "validation": config["data"]["params"]["train"]}
    config["lightning"] = {"trainer": trainer}
    check_config(config)
    torch.manual_seed(0)
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"], "data")
    build_trainer(config, folder).fit(model, datamodule=data)
    return folder / "checkpoints" / "last.ckpt"


def make_it_write(checkpoint: Path, keys: int) -> None:
    """Let an untrained decoder place notes in about half of the frames."""
    content = torch.load(checkpoint, weights_only=True)
    content["state_dict"]["decoder.conv_out.bias"][:keys] = 0.0
    torch.save(content, checkpoint)


def write_chart(checkpoint: Path, folder: Path, seconds: float) -> Beatmap:
    """Chart a song of that length and read the chart from its .osu."""
    song = write_clicks(folder / f"{seconds} s.wav", np.arange(100.0, 1000 * seconds - 100, 300).tolist(), seconds)
    generator = ChartGenerator.load(checkpoint)

    (chart,) = generator.generate(
        song, {"sr": 3.0}, settings=SamplingSettings(steps=2, ensemble=1), progress=Progress()
    )
    write_osu(chart, folder / "chart.osu")
    read = read_osu(folder / "chart.osu")
    assert {note.column for note in read.notes} <= set(range(generator.keys))
    assert all(0 <= note.start_ms <= 1000 * seconds for note in read.notes)
    assert generator.prompt_of(folder / "chart.osu")["ln_ratio"] is not None
    assert np.isfinite(generator.encode(read)).all()
    return read


@pytest.mark.parametrize("keys", [1, 5, 7, 18])
def test_any_number_of_keys(keys: int, tmp_path: Path) -> None:
    stage2 = tiny_run_config(keys)
    params = stage2["data"]["params"]
    params["common"] |= data_of(tmp_path, keys)
    augmentation = {"mirror_p": 0.5, "random_p": 0.5, "mirror_at_interval_p": 0.5, "rate": [0.8, 1.2], "rate_p": 0.5}
    params |= {
        "train": {"target": "mug.data.dataset.OsuTrainDataset", "params": {"augmentation": augmentation}},
    }
    autoencoder = stage2["model"]["params"]["first_stage_config"]
    autoencoder["params"].pop("ckpt_path")
    first = fit({"model": autoencoder, "data": stage2["data"]}, tmp_path / "stage1")
    make_it_write(first, keys)
    autoencoder["params"]["ckpt_path"] = str(first)
    chart = write_chart(fit(stage2, tmp_path / "stage2"), tmp_path, seconds=3.0)
    assert chart.keys == keys
    assert len(chart.notes) > 10
    assert max(note.column for note in chart.notes) == keys - 1  # the last column is written too


@pytest.mark.slow
def test_the_model_that_hears_the_stft(tmp_path: Path) -> None:
    common = {**data_of(tmp_path, keys=4), "audio.max_audio_frame": 2048}
    shared = [f"data.params.common.{name}={value}" for name, value in common.items()]
    small = ["middle_channels=8", "num_groups=4", "z_channels=6"]
    first = fit(
        shipped("autoencoder_large", [*shared, *(f"model.params.ddconfig.{change}" for change in small)]),
        tmp_path / "stage1",
    )
    make_it_write(first, keys=4)
    model = {
        "z_channels": 6, "z_length": 32, "first_stage_config.params.ckpt_path": first,
        "unet_config.params.in_channels": 6 + 10, "unet_config.params.out_channels": 6,
        "unet_config.params.model_channels": 32, "wave_stage_config.params.middle_channels": 32,
        "wave_stage_config.params.out_channels": 10,
    }  # fmt: skip
    changes = [f"model.params.{name}={value}" for name, value in model.items()]
    changes += [f"model.params.first_stage_config.params.ddconfig.{change}" for change in small]
    trained = fit(shipped("mug_diffusion_stft", [*shared, *changes]), tmp_path / "stage2")
    for seconds in (3.0, 50.0):  # 32 latent frames, and 64, more than it was trained on
        chart = write_chart(trained, tmp_path, seconds)
        assert chart.notes[-1].last_ms > 900 * seconds
