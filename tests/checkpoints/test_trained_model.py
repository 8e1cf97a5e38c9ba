"""Configurations that a checkpoint carries, maybe a stranger's: only what belongs in its place is built, in bounds."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tiny_model import save_tiny_checkpoint, save_tiny_placement, tiny_run_config

from mug.checkpoints.trained_model import MAX_VALUES, PLACES, check_places, load_trained_model, read_model
from mug.config import get_obj_from_str
from mug.errors import CheckpointError
from mug.placement.density import DensityPrior
from mug.training.export import export_run
from tests.shipped_configs import NAMES, shipped

Edit = Callable[[dict[str, Any]], Path]
NOT_ITS_OWN = "its prompt, audio, time axis or keys are not those of"
FEATURES = "mug.cond.feature.BeatmapFeatureEmbedder"


@pytest.fixture(scope="module")
def content(tiny_checkpoint) -> dict[str, Any]:
    return torch.load(tiny_checkpoint, weights_only=True)


@pytest.fixture
def saved(content, tmp_path) -> Edit:
    """Return a function that saves the checkpoint with another configuration."""

    def save(config: dict[str, Any]) -> Path:
        torch.save({**content, "config": config}, tmp_path / "x.ckpt")
        return tmp_path / "x.ckpt"

    return save


@pytest.mark.parametrize(
    ("place", "node"),
    [
        ("unet_config", {"target": "mug.model.s4.S4", "params": {"channels": 1, "d_state": 20000}}),
        ("unet_config", {"target": FEATURES, "params": {"path_to_yaml": "/dev/zero", "embed_dim": 5}}),
        ("first_stage_config", {"target": "mug.diffusion.diffusion.DDPM", "params": {}}),
        ("wave_stage_config", {"target": "mug.cond.timing.TimingDecoder", "params": {}}),
        ("cond_stage_config", {"target": "mug.model.s4.S4", "params": {"channels": 1, "d_state": 20000}}),
        ("scheduler_config", {"target": "mug.model.s4.S4", "params": {}}),
        ("unet_config", {"target": ["mug.diffusion.unet.UNetModel"]}),
        ("unet_config", {"target": "x" * 10**6}),
        ("unet_config", {"params": {}}),
    ],
)
def test_a_network_in_anothers_place_is_not_built(saved, place, node):
    config = tiny_run_config()
    config["model"]["params"][place] = node
    with pytest.raises(CheckpointError, match=rf"x\.ckpt: model\.params\.{place} asks for ") as caught:
        load_trained_model(saved(config))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("target", ["mug.model.s4.S4", "mug.cond.wave.STFTEncoder", "torch.nn.Linear"])
def test_nor_is_one_further_inside_or_outside(saved, target):
    config = tiny_run_config()
    config["model"]["params"]["first_stage_config"]["params"]["lossconfig"] = {"target": target, "params": {}}
    where = r"model\.params\.first_stage_config\.params\.lossconfig"
    with pytest.raises(CheckpointError, match=f"{where} asks for '{target}', which is not a network of this package"):
        load_trained_model(saved(config))
    config["model"] = {"target": target, "params": {}}
    with pytest.raises(CheckpointError, match=f"model asks for '{target}'"):
        load_trained_model(saved(config))


@pytest.mark.parametrize("name", [name for name in NAMES if "auto" in name])
def test_shipped_first_stages_may_be_built(name):
    check_places(shipped(name)["model"], name)


@pytest.mark.parametrize("name", [name for name in NAMES if "diff" in name])
def test_shipped_runs_carry_a_configuration_that_is_read_back(tmp_path, name):
    torch.save({"state_dict": {"w": torch.ones(1)}, "config": shipped(name)}, tmp_path / "x.ckpt")
    state, config = read_model(tmp_path / "x.ckpt")
    assert list(state) == ["w"]
    assert config["model"]["target"] == "mug.diffusion.diffusion.DDPM"


def test_every_network_has_the_path_that_configurations_give_it():
    for targets in PLACES.values():
        for target in targets:
            network = get_obj_from_str(target)
            assert f"{network.__module__}.{network.__qualname__}" == target


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/dev/zero", "/dev/zero: no such file"),
        ("fifo", "fifo: no such file"),
        ("large.yaml", "no model configuration is that long"),
        ("deep.yaml", "nested deeper than 30 levels"),
        ("x" * 300, "builds no model: .*name too long"),
        (["a"], "builds no model"),
        ("a\0b", "embedded null|no such file"),
    ],
)
def test_the_list_of_features_is_a_small_file(saved, tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("large.yaml").write_text("- {name: a, type: bool}\n" * 20_000)
    Path("deep.yaml").write_text("[" * 5000)
    config = tiny_run_config()
    config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"] = name
    path = saved(config)
    for read in (read_model, load_trained_model):
        with pytest.raises(CheckpointError, match=rf"x\.ckpt: .*{reason}"):
            read(path)


def shared_lists() -> list[Any]:
    """30 small lists that hold 2^30 values."""
    values: list[Any] = [1, 1]
    for _ in range(30):
        values = [values, values]
    return values


def list_in_itself() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (shared_lists(), f"has more than {MAX_VALUES} values"),
        (list_in_itself(), f"has more than {MAX_VALUES} values"),
        ([0] * (MAX_VALUES + 1), f"has more than {MAX_VALUES} values"),
        (torch.zeros(1).expand(10**12), "has a Tensor in it"),
    ],
)
@pytest.mark.parametrize("where", ["model", "data"])
def test_configurations_that_unfold_are_refused(saved, where, value, reason):
    config = tiny_run_config()
    config[where]["params"]["ignore_keys"] = value
    started = time.monotonic()
    with pytest.raises(CheckpointError, match=rf"x\.ckpt: its configuration {reason}"):
        load_trained_model(saved(config))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("common", "reason"),
    [
        ({"keys": 7}, r"number of keys is 4, but data\.params\.common\.keys is 7"),
        ({"audio": {"n_mels": 80}}, r"n_freq is 16, but data\.params\.common\.audio\.n_mels is 80"),
        ({"audio": {}}, r"n_freq is 16, but .* is 128"),  # the default
    ],
)
def test_keys_and_audio_that_the_networks_do_not_have(saved, common, reason):
    config = tiny_run_config()
    config["data"]["params"]["common"].update(common)
    with pytest.raises(CheckpointError, match=rf"x\.ckpt: .*{reason}"):
        load_trained_model(saved(config))


def test_a_model_of_other_keys_agrees_with_itself(tmp_path):
    assert load_trained_model(save_tiny_checkpoint(tmp_path / "7k.ckpt", keys=7)).keys == 7


def test_what_nobody_uses_of_a_checkpoint_is_not_read(content, tmp_path):
    """Two thirds of a run's checkpoint are the optimiser's."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not say which files are mapped")
    torch.save({**content, "optimizer_states": [torch.zeros(9)]}, tmp_path / "mapped.ckpt")
    state, _ = read_model(tmp_path / "mapped.ckpt")
    assert str(tmp_path / "mapped.ckpt") in maps.read_text()
    assert all(torch.equal(value, content["state_dict"][name]) for name, value in state.items())


@pytest.fixture(scope="module")
def folder_with_placement(tiny_checkpoint, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("models")
    export_run(tiny_checkpoint, root / "mine")
    export_run(save_tiny_placement(root / "stage3.ckpt"), root / "mine" / "placement")
    return root / "mine"


def test_a_folder_brings_its_placement_model(folder_with_placement, tiny_checkpoint):
    saved = torch.load(folder_with_placement.parent / "stage3.ckpt", weights_only=True)["state_dict"]
    for path in (folder_with_placement, folder_with_placement / "model.safetensors"):
        placement = load_trained_model(path).placement
        assert placement is not None
        assert not placement.training
        assert not any(parameter.requires_grad for parameter in placement.parameters())
        assert all(torch.equal(value, saved[name]) for name, value in placement.state_dict().items())
    assert load_trained_model(tiny_checkpoint).placement is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda config: config["data"]["params"]["common"].update(keys=7),
            "its prompt, audio, time axis or keys are not those of",
        ),
        (
            lambda config: config["data"]["params"]["common"]["audio"].update(sr=44100),
            "its prompt, audio, time axis or keys are not those of",
        ),
        (
            lambda config: config["model"].update(tiny_run_config()["model"]),
            "is for a DDPM; the folder placement of a model is for a PlacementModel",
        ),
    ],
)
def test_a_placement_model_of_another_model_is_refused(folder_with_placement, tmp_path, change, reason):
    folder = Path(shutil.copytree(folder_with_placement, tmp_path / "mine"))
    file = folder / "placement" / "config.yaml"
    config = yaml.safe_load(file.read_text())
    change(config)
    if "DDPM" in reason:
        config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"] = "features.yaml"
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(CheckpointError, match=f"placement: .*{reason}"):
        load_trained_model(folder)


def test_a_placement_model_may_have_learned_from_longer_crops(folder_with_placement, tmp_path):
    folder = Path(shutil.copytree(folder_with_placement, tmp_path / "mine"))
    file = folder / "placement" / "config.yaml"
    config = yaml.safe_load(file.read_text())
    config["data"]["params"]["common"]["audio"]["max_audio_frame"] *= 2
    file.write_text(yaml.safe_dump(config))
    assert load_trained_model(folder).placement is not None


def test_a_placement_model_with_another_prompt_is_refused(folder_with_placement, tmp_path):
    folder = Path(shutil.copytree(folder_with_placement, tmp_path / "mine"))
    features = yaml.safe_load((folder / "placement" / "features.yaml").read_text())
    features[0], features[-1] = features[-1], features[0]
    (folder / "placement" / "features.yaml").write_text(yaml.safe_dump(features))
    with pytest.raises(CheckpointError, match=f"placement: {NOT_ITS_OWN}"):
        load_trained_model(folder)


def test_a_placement_model_writes_no_charts(folder_with_placement):
    with pytest.raises(CheckpointError, match="is for a PlacementModel; charts need stage 2"):
        load_trained_model(folder_with_placement / "placement")


def test_a_folder_brings_its_density(folder_with_placement, tmp_path):
    folder = Path(shutil.copytree(folder_with_placement, tmp_path / "mine"))
    assert load_trained_model(folder).density is None
    DensityPrior.fit([({"sr": 2.0}, 4.0), ({"sr": 4.0}, 8.0)]).save(folder / "density.yaml")
    for path in (folder, folder / "model.safetensors"):
        density = load_trained_model(path).density
        assert density is not None
        assert density.names == ["sr"]
    (folder / "density.yaml").write_text("sr: 5")
    with pytest.raises(CheckpointError, match=r"density\.yaml: not a density prior"):
        load_trained_model(folder)
