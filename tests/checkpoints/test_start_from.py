"""A training begins with the weights of a trained model, as far as they fit."""

from pathlib import Path

import pytest
import torch
import yaml
from tiny_model import save_tiny_checkpoint, tiny_run_config

from mug.checkpoints.start_from import start_from
from mug.config import without_ckpt_paths
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import CheckpointError
from mug.features import FeatureSpec
from mug.model.network_node import build_network
from mug.model.weights import read_state

EMBEDDING = "model.cond_stage_model.embedding.weight"
FEATURES = [
    {"name": "rank_status", "type": "category", "values": ["graveyard", "mine", "ranked"]},
    {"name": "sr", "type": "numeric", "min": 0.0, "max": 4.0, "interval": 0.5},
    {"name": "mood", "type": "bool", "values": [False, True]},
]


def network_of(keys: int = 4, features: Path | None = None, **ddpm: object) -> LatentDiffusion:
    node = tiny_run_config(keys, **ddpm)["model"]
    node["params"]["first_stage_config"]["params"]["ckpt_path"] = None
    if features is not None:
        node["params"]["cond_stage_config"]["params"]["path_to_yaml"] = str(features)
    return build_network(node, "model", LatentDiffusion)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    return save_tiny_checkpoint(tmp_path_factory.mktemp("trained") / "last.ckpt")


def test_the_same_model_is_taken_whole(trained):
    network, state = network_of(), read_state(trained)
    taken = start_from(network, trained)
    assert (taken.new, taken.rows[0]) == ((), taken.rows[1])
    assert network.has_trained_first_stage
    own = network.state_dict()
    assert all(torch.equal(own[name], state[name]) for name in state)


def test_another_key_count_keeps_its_own_first_stage(trained):
    network, state = network_of(7), read_state(trained)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    taken = start_from(network, trained)
    assert taken.new == ()
    assert not network.has_trained_first_stage
    for name, value in network.state_dict().items():
        ours = name.startswith("model.first_stage_model.")
        assert torch.equal(value, before[name] if ours else state[name]), name


def test_a_trained_first_stage_stays(trained):
    network = network_of()
    network.has_trained_first_stage = True  # as with a ckpt_path of its own
    weight = network.model.first_stage_model.decoder.conv_in.weight
    before = weight.clone()
    assert start_from(network, trained).new == ()
    assert torch.equal(weight, before)


def test_the_schedule_is_that_of_the_configuration(trained):
    network = network_of(beta_schedule="linear")
    before = network.alphas_cumprod.clone()
    start_from(network, trained)
    assert torch.equal(network.alphas_cumprod, before)


def test_rows_of_the_prompt_are_taken_by_value(trained, tmp_path):
    features = tmp_path / "features.yaml"
    features.write_text(yaml.safe_dump(FEATURES))
    network, state = network_of(features=features), read_state(trained)
    before = network.state_dict()[EMBEDDING].clone()
    taken = start_from(network, trained)
    theirs = FeatureSpec.from_yaml(tiny_run_config()["data"]["params"]["common"]["features"])
    sr, status = (theirs.features[theirs.names.index(name)] for name in ("sr", "rank_status"))
    first_sr, first_status = theirs.blocks["sr"][0], theirs.blocks["rank_status"][0]
    now = network.state_dict()[EMBEDDING]
    assert taken.rows == (3 + 9, 4 + 9 + 3)
    assert torch.equal(now[0], state[EMBEDDING][first_status])
    assert torch.equal(now[1], state[EMBEDDING][first_status + status.row("graveyard")])
    assert torch.equal(now[2], before[2])  # "mine" is new
    assert torch.equal(now[3], state[EMBEDDING][first_status + status.row("ranked")])
    assert torch.equal(now[4 + 1 + 7], state[EMBEDDING][first_sr + sr.row(3.75)])
    assert torch.equal(now[13:], before[13:])
    assert str(taken).endswith(" and 12 of 16 values of the prompt")


def test_what_does_not_fit(trained, tmp_path):
    with pytest.raises(CheckpointError, match=r"no such checkpoint"):
        start_from(network_of(), tmp_path / "none.ckpt")
    stage = build_network(without_ckpt_paths(tiny_run_config()["model"]["params"]["first_stage_config"]))
    with pytest.raises(CheckpointError, match=r"last\.ckpt: nothing in it fits the model of this configuration"):
        start_from(stage, trained)
