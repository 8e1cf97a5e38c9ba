"""Networks from nodes, apart from what only their training takes; and what trains them, with their own tensor names."""

import pytest
import torch
from tiny_model import tiny_placement_config, tiny_run_config

from mug.cond.lit_onsets import LitOnsets
from mug.config import instantiate_from_config, without_ckpt_paths
from mug.diffusion.diffusion import DDPM
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import ConfigError
from mug.firststage.autoencoder import AutoencoderKL
from mug.firststage.lit_autoencoder import LitAutoencoder
from mug.model.network_node import TrainingParams, build_network, defaults_of, split_node
from mug.placement.model import PlacementModel
from mug.training.trainers import build_trainable

STAGE_2 = without_ckpt_paths(tiny_run_config(learning_rate=0.5, seed=7, monitor="val/loss")["model"])
STAGE_1 = STAGE_2["params"]["first_stage_config"]
STAGE_3 = without_ckpt_paths(tiny_placement_config()["model"])


def test_a_node_is_split_into_network_and_training() -> None:
    node, training = split_node(STAGE_2, "model")
    assert training == TrainingParams(learning_rate=0.5, seed=7, monitor="val/loss")
    assert node["target"] == "mug.diffusion.latent_diffusion.LatentDiffusion"
    assert node["params"].keys() == STAGE_2["params"].keys() - {"learning_rate", "seed", "monitor"}
    assert type(build_network(STAGE_2)) is LatentDiffusion


@pytest.mark.parametrize(
    ("node", "trainer"),
    [(STAGE_1, LitAutoencoder), (STAGE_2, DDPM), (tiny_placement_config()["model"], LitOnsets)],
)
def test_each_network_has_its_trainer_and_keeps_its_names(node: dict, trainer: type) -> None:
    training = build_trainable(node)
    assert type(training) is trainer
    names = set(training.network.state_dict())
    assert set(training.state_dict()) == names
    assert {name for name, _ in training.named_parameters()} == {n for n, _ in training.network.named_parameters()}
    training.load_state_dict({name: value + 1 for name, value in training.network.state_dict().items()})
    assert set(training.state_dict()) == names


def test_without_a_learning_rate_each_trainer_has_its_own() -> None:
    for node, rate in ((STAGE_1, 1e-4), (tiny_run_config()["model"], 1e-5), (tiny_placement_config()["model"], 1e-3)):
        optimizer = build_trainable(without_ckpt_paths(node)).configure_optimizers()["optimizer"]
        assert optimizer.param_groups[0]["lr"] == rate


@pytest.mark.parametrize(("precision", "fused"), [("bf16-mixed", True), ("16-mixed", False)])
def test_the_optimiser_is_fused_unless_gradients_are_scaled(precision, fused, monkeypatch) -> None:
    training = build_trainable(STAGE_1)
    monkeypatch.setattr(training, "_trainer", type("Trainer", (), {"precision": precision})())
    assert training.configure_optimizers()["optimizer"].defaults["fused"] is fused


@pytest.mark.parametrize(("node", "kind"), [(STAGE_1, AutoencoderKL), (STAGE_2, DDPM), (STAGE_3, PlacementModel)])
def test_a_model_of_a_configuration_can_be_instantiated(node: dict, kind: type) -> None:
    node = {**node, "params": {**node["params"], "learning_rate": 0.5}}
    model = instantiate_from_config(node, "model")
    assert type(model) is kind
    assert kind is not DDPM or model.training_params.learning_rate == 0.5


def test_an_instantiated_model_starts_from_its_checkpoint(tmp_path) -> None:
    saved = build_network(STAGE_1)
    torch.save({"state_dict": saved.state_dict()}, tmp_path / "stage1.ckpt")
    node = {**STAGE_1, "params": {**STAGE_1["params"], "ckpt_path": str(tmp_path / "stage1.ckpt")}}
    for build in (instantiate_from_config, build_network):
        weights = build(node, "model").state_dict()
        assert all(torch.equal(weights[name], value) for name, value in saved.state_dict().items())


def test_a_misspelt_training_key_is_named() -> None:
    node = {**STAGE_1, "params": {**STAGE_1["params"], "learning_rat": 0.1}}
    with pytest.raises(ConfigError, match=r"model\.params: unknown key 'learning_rat'; did you mean 'learning_rate'"):
        build_network(node)
    with pytest.raises(ConfigError, match="a ReLU cannot be trained on its own"):
        build_trainable({"target": "torch.nn.ReLU"})


def test_defaults_are_those_of_network_and_training() -> None:
    defaults = defaults_of("mug.diffusion.diffusion.DDPM")
    assert (defaults["parameterization"], defaults["seed"]) == ("eps", 23)


def test_networks_run_without_a_trainer() -> None:
    first_stage = build_network(STAGE_1)
    decoded, _ = first_stage(torch.zeros(1, 16, 8))
    assert decoded.shape == (1, 16, 8)
