"""Another first stage is a class, a line in a table and a configuration: it trains as stage 1 and serves stage 2."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import FEATURES, tiny_run_config

from mug.checkpoints.agreement import check_agreement
from mug.checkpoints.model_card import kind_of, model_card
from mug.checkpoints.trained_model import PLACES, load_trained_model
from mug.config import instantiate_from_config
from mug.errors import CheckpointError, ConfigError
from mug.features import FeatureSpec
from mug.firststage.lit_autoencoder import LitAutoencoder
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.training.synthetic_data import data_node

TARGET = "tests.firststage.toy_first_stage.ToyFirstStage"
TOY = {"target": TARGET, "params": {"keys": 4, "z_channels": 3}}


def stage_2(**params: Any) -> dict[str, Any]:
    return tiny_run_config(**{"first_stage_config": TOY, **params})


@pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
def test_it_trains_as_stage_1(tmp_path: Path) -> None:
    node = {"target": TARGET, "params": {**TOY["params"], "learning_rate": 0.01}}
    trainer = {"max_steps": 2, "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
               "limit_val_batches": 1, "num_sanity_val_steps": 0, "log_every_n_steps": 1}  # fmt: skip
    config = {"model": node, "data": data_node(tmp_path, size=4), "lightning": {"trainer": trainer}}
    model = build_trainable(node)
    assert isinstance(model, LitAutoencoder)
    check_agreement(model.network, {"params": {"common": {"keys": 4}}})
    before = model.network.down.weight.detach().clone()
    build_trainer(config, tmp_path).fit(model, datamodule=instantiate_from_config(config["data"]))
    assert not torch.equal(model.network.down.weight, before)
    state = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert sorted(state) == ["down.bias", "down.weight", "up.bias", "up.weight"]
    assert "stage 1 of a model" in model_card("toy", kind_of(config), {"down": 1}, [], training=None)


def test_stage_2_trains_and_samples_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = stage_2()
    network = build_trainable(config["model"]).network
    feature = torch.from_numpy(FeatureSpec.from_yaml(FEATURES).unconditional)[None]
    batch = {"note": torch.zeros(1, 16, 64), "audio": torch.zeros(1, 16, 512), "feature": feature}
    x_0 = network.latents_of(batch, None)
    loss, _, _ = network.p_losses(batch, x_0, torch.tensor([500]), torch.ones_like(x_0))
    loss.backward()
    assert network.model.unet_model.out[2].weight.grad.abs().max() > 0
    assert network.first_stage_fingerprint != build_trainable(config["model"]).network.first_stage_fingerprint

    path = tmp_path / "toy.ckpt"
    torch.save({"state_dict": network.state_dict(), "config": config}, path)
    with pytest.raises(CheckpointError, match=r"first_stage_config asks for 'tests\..*ToyFirstStage"):
        load_trained_model(path)  # nobody has put it into the table
    monkeypatch.setitem(PLACES, "first_stage_config", (*PLACES["first_stage_config"], TARGET))
    model = load_trained_model(path).model
    context, audios = model.encode_prompt(feature), model.encode_audio(batch["audio"])
    z = model.denoise(torch.ones(1, 3, 32), torch.tensor([999]), context, audios)
    assert model.decode_latent(z).shape == (1, 16, 64)


def test_stage_2_refuses_latents_of_other_channels() -> None:
    with pytest.raises(ConfigError, match="z_channels is 3, but z_channels of first_stage_config is 2"):
        build_trainable(stage_2(first_stage_config={"target": TARGET, "params": {"keys": 4, "z_channels": 2}})["model"])
