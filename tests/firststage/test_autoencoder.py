"""AutoencoderKL reproduces the recorded one, refuses what does not fit, and learns."""

import copy
import math
import re

import pytest
import pytorch_lightning as pl
import torch
from records import Record, recordings
from torch.utils.data import DataLoader

from mug.errors import CheckpointError, ConfigError
from mug.firststage.autoencoder import AutoencoderKL
from mug.firststage.divergence import Divergence
from mug.firststage.first_stage import DiagonalGaussian
from mug.firststage.lit_autoencoder import LitAutoencoder
from mug.model.network_node import TrainingParams

LOSS = {"target": "mug.firststage.losses.ManiaReconstructLoss", "params": {"label_smoothing": 0.001}}
SMALL = {
    "x_channels": 28,  # seven keys
    "middle_channels": 10,
    "z_channels": 3,
    "num_groups": 5,
    "channel_mult": [1, 2, 3],
    "num_res_blocks": 1,
}


@pytest.fixture
def model() -> AutoencoderKL:
    torch.manual_seed(0)
    return AutoencoderKL(SMALL, LOSS, kl_weight=1e-4)


@pytest.mark.parametrize("name", recordings("autoencoder"))
def test_reproduces_the_recorded_network(parity, name):
    record = Record(parity / f"{name}.npz")
    model = record.build(AutoencoderKL, lossconfig=LOSS)
    with torch.no_grad():
        posterior = model.encode(record.inputs["note"])
        record.assert_reproduced("mean", posterior.mean)
        record.assert_reproduced("logvar", posterior.logvar)
        record.assert_reproduced("std", posterior.std)
        record.assert_reproduced("mode", posterior.mode())
        record.assert_reproduced("decode_mode", model.decode(posterior.mode()))
        record.assert_reproduced("kl", posterior.kl().mean())
    record.assert_all_reproduced()


@pytest.mark.parametrize("length", [4, 44])
def test_shapes(model, length):
    posterior = model.encode(torch.zeros(2, 28, length))
    assert model.factor == 4
    assert posterior.mode().shape == (2, 3, length // 4)
    assert model.decode(posterior.mode()).shape == (2, 28, length)


@pytest.mark.parametrize("shape", [(2, 16, 44), (2, 28, 42), (28, 44), (2, 28, 0)])
def test_refuses_notes_of_a_wrong_shape(model, shape):
    with pytest.raises(ValueError, match=re.escape(f"expects [B, 28, L] with L a multiple of 4, got {list(shape)}")):
        model.encode(torch.zeros(shape))


def test_refuses_latents_of_a_wrong_shape(model):
    with pytest.raises(ValueError, match=r"decoder expects \[B, 3, L\] with L at least 1, got \[2, 4, 11\]"):
        model.decode(torch.zeros(2, 4, 11))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_groups": 4}, "num_groups 4 does not divide a layer of 10 channels"),
        ({"channel_mult": []}, "channel_mult"),
        ({"x_channels": 18}, "x_channels = 4"),
        ({"attention": True}, "unknown key 'attention'"),
    ],
)
def test_refuses_an_impossible_configuration(change, message):
    with pytest.raises(ConfigError, match=message):
        AutoencoderKL({**SMALL, **change}, LOSS)


def test_scale_multiplies_the_latent_and_nothing_else(model):
    note = torch.rand(2, 28, 44, generator=torch.Generator().manual_seed(1))
    scaled = AutoencoderKL(SMALL, LOSS, scale=2.0)
    scaled.load_state_dict(model.state_dict())
    plain, double = model.encode(note), scaled.encode(note)
    torch.testing.assert_close(double.mode(), 2 * plain.mode())
    torch.testing.assert_close(double.kl(), plain.kl())
    torch.testing.assert_close(scaled.decode(double.mode()), model.decode(plain.mode()))


def test_gaussian_by_hand():
    gaussian = DiagonalGaussian(torch.tensor([[[1.0], [100.0]]]))  # mean 1, log variance cut to 20
    assert gaussian.logvar.item() == 20.0
    assert DiagonalGaussian(torch.zeros(1, 2, 1)).kl().item() == 0.0
    assert DiagonalGaussian(torch.tensor([[[2.0], [0.0]]])).kl().item() == 2.0  # mean^2 / 2
    generator = torch.Generator().manual_seed(5)
    sample = DiagonalGaussian(torch.cat([torch.full((1, 1, 9973), 3.0), torch.zeros(1, 1, 9973)], 1)).sample(generator)
    assert sample.mean().item() == pytest.approx(3.0, abs=0.05)
    assert sample.std().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (25, 0.5), (100, 2.0), (300, 2.0)])
def test_the_divergence_costs_more_and_more_above_what_is_free(model, monkeypatch, step, weight):
    monkeypatch.setattr(LitAutoencoder, "global_step", step)
    monkeypatch.setattr(LitAutoencoder, "log", lambda *_, **__: None)
    monkeypatch.setattr(LitAutoencoder, "log_dict", lambda *_, **__: None)
    batch = collate(charts(3))
    batch["note"][1:] = 0.0
    free, taxed = (copy.deepcopy(model) for _ in range(2))
    kl = model.encode(batch["note"]).kl()  # [3], of which the first is another than the rest
    free_nats = kl.mean().item()
    assert kl.min() < free_nats < kl.max()
    free.divergence, taxed.divergence = Divergence(), Divergence(2.0, 100, free_nats / math.log(2))
    with torch.no_grad():
        cost = LitAutoencoder(taxed).training_step(batch, 0) - LitAutoencoder(free).training_step(batch, 0)
    expected = weight * (kl - free_nats).clamp(min=0).mean()
    torch.testing.assert_close(cost, expected, atol=1e-6, rtol=1e-4)


def test_same_generator_same_sample(model):
    posterior = model.encode(torch.zeros(2, 28, 44))
    draws = [posterior.sample(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def charts(n: int) -> list[dict]:
    """Charts of seven keys: a note every fourth frame, going up the columns."""
    note = torch.zeros(28, 44)
    for index, frame in enumerate(range(0, 44, 4)):
        note[index % 7, frame] = 1.0
    return [{"note": note, "valid_flag": torch.ones(44), "convertor": {"frame_ms": 46.0}}] * n


def collate(items: list[dict]) -> dict:
    """A batch as the data module makes it: tensors stacked, dicts in a list."""
    tensors = {name: torch.stack([item[name] for item in items]) for name in ("note", "valid_flag")}
    return {**tensors, "convertor": [item["convertor"] for item in items]}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*does not have many workers", "ignore:.*logging interval")
def test_learns_under_the_trainer(model, tmp_path):
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=200,
        check_val_every_n_epoch=200,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    loader = DataLoader(charts(4), batch_size=4, collate_fn=collate)
    trainer.fit(LitAutoencoder(model, TrainingParams(learning_rate=1e-2)), loader, loader)
    metrics = trainer.callback_metrics
    for stage in ("train", "val"):
        assert {f"{stage}/{name}" for name in ("loss", "rec_loss", "kl", "start_loss", "recall_ln")} <= set(metrics)
    assert metrics["val/onset_f1"] > 0.9


def start(config, path, **params):
    """An autoencoder that starts from a checkpoint, as its training builds it."""
    return LitAutoencoder(AutoencoderKL(config, LOSS), TrainingParams(ckpt_path=str(path), **params)).network


def test_starts_from_a_checkpoint(model, tmp_path):
    path = tmp_path / "first.ckpt"
    state = {f"model.first_stage_model.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": {**state, "betas": torch.zeros(3)}}, path)
    copy = start(SMALL, path, remove_prefix="model.first_stage_model.")
    assert all(torch.equal(value, copy.state_dict()[name]) for name, value in model.state_dict().items())
    with pytest.raises(CheckpointError, match=r"decoder.conv_in.bias is missing"):
        start(SMALL, path)
    with pytest.raises(CheckpointError, match="betas is unknown"):
        start(SMALL, path, ignore_keys=["encoder", "decoder", "model"])
    wider = {**SMALL, "z_channels": 5}
    with pytest.raises(CheckpointError, match=r"decoder.conv_in.weight is \[30, 3, 3\], the model's is \[30, 5, 3\]"):
        start(wider, path, remove_prefix="model.first_stage_model.")
    start(
        wider,
        path,
        remove_prefix="model.first_stage_model.",
        ignore_keys=["decoder.conv_in", "encoder.conv_out"],
    )
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        start(SMALL, tmp_path / "absent.ckpt")
    (tmp_path / "broken.ckpt").write_bytes(b"no checkpoint")
    with pytest.raises(CheckpointError, match="not a readable checkpoint"):
        start(SMALL, tmp_path / "broken.ckpt")


def test_training_keys_leave_the_rest_alone(model):
    training = LitAutoencoder(model, TrainingParams(training_keys=["decoder.mid", "norm_out"]))
    groups = training.configure_optimizers()["optimizer"].param_groups
    expected = [name for name, _ in model.named_parameters() if "decoder.mid" in name or "norm_out" in name]
    assert sum(len(group["params"]) for group in groups) == len(expected) == 20
    with pytest.raises(ConfigError, match="leave no parameter"):
        LitAutoencoder(model, TrainingParams(training_keys=["nothing"]))
