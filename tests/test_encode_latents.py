"""The command that encodes training items, and what training makes of its folders."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from mug.commands import latents
from mug.config import instantiate_from_config, load_config
from mug.data.shards import INDEX
from mug.errors import ConfigError
from mug.training.setup import with_seed
from tests.diffusion.test_encoding import config_of, library, model_of

__all__ = ["library"]


@pytest.fixture
def command(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run the command on a tiny configuration, and return what it says."""
    config = config_of(library)
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(config))
    first_stage = model_of(config, seed=5).model.first_stage_model
    torch.save({"state_dict": first_stage.state_dict()}, tmp_path / "stage1.ckpt")

    def run(*arguments: str) -> str:
        own = ["-b", str(tmp_path / "base.yaml"), "-o", str(tmp_path / "out"), "--variants", "2", "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", ["encode_latents.py", *own, *arguments])
        latents.main()
        return capsys.readouterr().out

    return run


def dataset_of(folder: Path, *overrides: str, seed: int = 23) -> Any:
    """The training items as `main.py --seed` builds them."""
    data = instantiate_from_config(with_seed(load_config([folder / "base.yaml"], overrides), seed)["data"])
    data.setup("fit")
    return data.datasets["train"]


def test_latents_fit_the_training_that_it_names(command: Any, tmp_path: Path) -> None:
    said = command("--checkpoint", str(tmp_path / "stage1.ckpt"), "--seed", "7").splitlines()
    assert said == [
        f"{tmp_path}/out: 2 variants of 7 items of 7 charts, 0.0 MB",
        f"train with data.params.train.params.latents={tmp_path}/out",
    ]
    override = said[-1].split()[-1]
    encoded, plain = dataset_of(tmp_path, override, seed=7), dataset_of(tmp_path, seed=7)
    model = model_of(load_config([tmp_path / "base.yaml"]), seed=5)
    note = torch.from_numpy(plain[2, 1]["note"])[None]
    assert encoded.first_stage == model.first_stage_fingerprint
    n_frames = torch.from_numpy(plain[2, 1]["n_frames"])[None]
    expected, _ = model.plain_latents({"note": note, "n_frames": n_frames})
    np.testing.assert_allclose(encoded[2, 1]["z"], expected[0], atol=1e-5)
    kept = dataset_of(tmp_path, override, "data.params.train.params.seed=7", seed=8)
    np.testing.assert_array_equal(kept[2, 1]["z"], encoded[2, 1]["z"])
    command("--checkpoint", str(tmp_path / "stage1.ckpt"), override)  # as the training's command has it; made anew


def test_shards_fit_the_training_that_it_names(command: Any, tmp_path: Path) -> None:
    said = command("--shards", "--shard_mb", "0.1", "--checkpoint", str(tmp_path / "stage1.ckpt")).splitlines()
    assert said[0].startswith(f"{tmp_path}/out: 2 variants of 7 items of 7 charts, 3 shards, 0.3 MB")
    assert (tmp_path / "out" / INDEX).is_file()
    assert len(dataset_of(tmp_path, said[-1].split()[-1])) == 14


def test_mistakes_are_named(command: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give --checkpoint"):
        command()
    with pytest.raises(ConfigError, match="--variants 0: at least 1"):
        command("--variants", "0")
    with pytest.raises(ConfigError, match=r"--shard_mb -1\.0: more than 0"):
        command("--shard_mb", "-1")
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(load_config(["configs/mug/mini_autoencoder.yaml"])))
    with pytest.raises(ConfigError, match="encoding needs the configuration of a stage 2 training"):
        command("--checkpoint", str(tmp_path / "stage1.ckpt"))
