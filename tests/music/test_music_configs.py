"""The configurations of models of music are whole: network, training and data."""

from pathlib import Path

import pytest

from mug.config import PROJECT_ROOT, check_params, get_obj_from_str, load_config
from mug.training.setup import build_trainer, check_config, with_seed
from mug.training.trainers import build_trainable

NAMES = sorted(path.stem for path in (PROJECT_ROOT / "configs" / "music").glob("*.yaml"))


BASES = {"drum_vae_flat": "drum_vae"}


def test_the_systems_are_there() -> None:
    assert NAMES == ["drum_vae", "drum_vae_flat", "piano_roll_vae", "spectrogram_diffusion"]


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_is_whole(name: str, tmp_path: Path) -> None:
    files = [f"{part}.yaml" for part in (BASES.get(name), name) if part]
    config = load_config([PROJECT_ROOT / "configs" / "music" / file for file in files])
    check_config(config)
    training = build_trainable(config["model"])
    size = sum(parameter.numel() for parameter in training.network.parameters())
    assert 1_000_000 < size < 10_000_000
    assert build_trainer(with_seed(config, 5), tmp_path).max_steps > 0
    params = config["data"]["params"]
    check_params(get_obj_from_str(config["data"]["target"]), params, "data.params")
    for split in ("train", "validation", "test"):
        node = params[split]
        dataset = {**params["common"], **(node.get("params") or {})}
        check_params(get_obj_from_str(node["target"]), dataset, f"data.params.{split}")
