"""Training on encoded latents is training on the notes that they encode."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mug.config import instantiate_from_config
from mug.diffusion.encoding import encode_latents
from mug.errors import ConfigError
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.data.small_library import FEATURES, write_library
from tests.diffusion.test_diffusion import short_config

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
AUGMENTATION = {
    "rate": [0.9, 1.1], "rate_p": 0.5, "random_crop": True, "mirror_p": 0.5, "offset_p": 0.5, "pitch_p": 0.5,
    "feature_dropout_p": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four songs that last longer than an item, and three that do not: their ends are padding."""
    folder = tmp_path_factory.mktemp("library")
    long, short = write_library(folder / "long", n_sets=4, seconds=9.0), write_library(folder / "short", 3, seconds=2.5)
    (folder / "lists").write_text(f"{long}\n{short}")
    return folder / "lists"


def config_of(library: Path, latents: Path | None = None, **params: Any) -> dict[str, Any]:
    """A run of a tiny model on items of 6 s, 128 note frames, 64 latent frames."""
    model = short_config(**{"z_length": 64, "learning_rate": 1e-2, **params})
    train: dict[str, Any] = {"augmentation": AUGMENTATION}
    if latents is not None:
        train["latents"] = str(latents)
    return {
        "model": {"target": "mug.diffusion.diffusion.DDPM", "params": model},
        "data": {
            "target": "mug.data.datamodule.DataModuleFromConfig",
            "params": {
                "batch_size": 2,
                "common": {
                    "beatmap_txt": library.read_text().split("\n"), "features": FEATURES, "valid_fraction": 0.0,
                    "audio": {"n_mels": 8, "max_audio_frame": 1024}, "cache_dir": str(library.parent / "cache"),
                    "test_fraction": 0.0,
                },
                "train": {"target": "mug.data.dataset.OsuTrainDataset", "params": train},
                "validation": {"target": "mug.data.dataset.OsuTrainDataset"},
            },
        },
        "lightning": {
            "trainer": {
                "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
                "limit_val_batches": 0, "num_sanity_val_steps": 0, "log_every_n_steps": 1,
            },
        },
    }  # fmt: skip


def training_of(config: dict[str, Any], seed: int = 1) -> Any:
    torch.manual_seed(seed)
    return build_trainable(config["model"])


def model_of(config: dict[str, Any], seed: int = 1) -> Any:
    return training_of(config, seed).network


def encode(library: Path, folder: Path, n_variants: int = 2, batch_size: int = 3, num_workers: int = 0) -> Any:
    """Encode the library's items by the tiny model; return its configuration with the latents."""
    plain = config_of(library)
    data = instantiate_from_config(plain["data"])
    data.setup("fit")
    n_bytes = encode_latents(model_of(plain), data.datasets["train"], folder, n_variants, batch_size, num_workers)
    assert n_bytes == n_variants * 7 * 2 * 64 * 4
    return config_of(library, folder)


def train(config: dict[str, Any], folder: Path, max_steps: int, resume: bool = False, seed: int = 1) -> Any:
    """Train; return the items of every batch with their loss, and the model."""
    config["lightning"]["trainer"]["max_steps"] = max_steps
    trainer, model = build_trainer(config, folder), training_of(config, seed)
    seen: list[tuple[list[str], float]] = []
    training_step = model.training_step

    def watched(batch: Any, batch_idx: int) -> torch.Tensor:
        loss = training_step(batch, batch_idx)
        seen.append(([str(convertor) for convertor in batch["convertor"]], loss.item()))
        return loss

    model.training_step = watched
    data = instantiate_from_config(config["data"])
    checkpoint = folder / "checkpoints" / "last.ckpt" if resume else None
    trainer.fit(model, datamodule=data, ckpt_path=checkpoint)
    return seen, model.network


@pytest.mark.parametrize("normalize_latents", [False, True])
def test_a_step_has_the_loss_that_it_has_on_notes(library: Path, tmp_path: Path, normalize_latents: bool) -> None:
    # Adam would blow up the last digits; v, for an untrained denoiser's loss of eps says nothing of its latents
    params = {"normalize_latents": normalize_latents, "learning_rate": 1e-6, "parameterization": "v"}
    encoded = encode(library, tmp_path / "latents")
    encoded["model"]["params"] |= params
    on_latents, model = train(encoded, tmp_path / "encoded", 6)
    on_notes, plain = train(config_of(library, **params), tmp_path / "plain", 6)
    assert [items for items, _ in on_latents] == [items for items, _ in on_notes]
    losses = [[loss for _, loss in seen] for seen in (on_latents, on_notes)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=2e-5)  # float32: batches of other sizes add up otherwise
    assert len(set(losses[0])) == 6
    torch.testing.assert_close(model.latent_std, plain.latent_std)
    assert bool(model.latents_measured) is normalize_latents


def test_latents_do_not_depend_on_batches_or_processes(library: Path, tmp_path: Path) -> None:
    for name, sizes in {"a": (3, 0), "b": (7, 1)}.items():
        encode(library, tmp_path / name, 2, *sizes)
    arrays = [np.load(tmp_path / name / "latents.npy") for name in "ab"]
    assert arrays[0].shape == (2, 7, 2, 64)
    np.testing.assert_allclose(arrays[0], arrays[1], atol=1e-5)
    assert np.abs(arrays[0][0] - arrays[0][1]).max() > 1e-3  # each variant has draws of its own


def test_a_resumed_run_goes_on_exactly(library: Path, tmp_path: Path) -> None:
    config = encode(library, tmp_path / "latents")
    whole, model = train(config, tmp_path / "whole", 8)  # of 3 batches an epoch: variants 0, 1, 0
    first, _ = train(config, tmp_path / "parts", 4)
    second, resumed = train(config, tmp_path / "parts", 8, resume=True)
    assert first + second == whole
    for name, value in model.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_measuring_latents_reads_no_audio(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    monkeypatch.setattr(
        "mug.data.dataset.OsuDataset._audio", lambda self, *_: heard.append(1) or np.zeros((8, 1024), "f4")
    )
    for config in (config_of(library), encode(library, tmp_path / "latents")):
        config["model"]["params"]["normalize_latents"] = True
        _, model = train(config, tmp_path / "run", 1)
        assert bool(model.latents_measured)
        assert len(heard) == 2  # the one batch that was trained on
        heard.clear()


def test_training_runs_without_the_first_stage(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = encode(library, tmp_path / "latents")
    monkeypatch.setattr("mug.firststage.autoencoder.AutoencoderKL.encode", None)
    monkeypatch.setattr("mug.data.convertor.ManiaConvertor.encode_arrays", None)
    assert len(train(config, tmp_path / "run", 2)[0]) == 2


def test_latents_of_another_first_stage_are_refused(library: Path, tmp_path: Path) -> None:
    config = encode(library, tmp_path / "latents")
    with pytest.raises(ConfigError, match="another first stage's than that of the model: run `mug latents`"):
        train(config, tmp_path / "run", 1, seed=2)


def test_recon_needs_notes(library: Path, tmp_path: Path) -> None:
    config = encode(library, tmp_path / "latents")
    config["model"]["params"]["parameterization"] = "recon"
    with pytest.raises(ConfigError, match="recon learns from notes"):
        train(config, tmp_path / "run", 1)


def test_latents_of_another_shape_are_refused(library: Path, tmp_path: Path) -> None:
    config = encode(library, tmp_path / "latents")
    array = np.load(tmp_path / "latents" / "latents.npy")
    np.save(tmp_path / "latents" / "latents.npy", array[..., :32])
    with pytest.raises(ConfigError, match=r"z_length 64 disagree with the latents of the data.* 32 frames"):
        train(config, tmp_path / "run", 1)


def test_a_fingerprint_knows_what_latents_depend_on(library: Path) -> None:
    first_stage = model_of(config_of(library)).model.first_stage_model
    own = first_stage.fingerprint(32)
    assert len(own) == 32
    assert first_stage.fingerprint(64) != own
    with torch.no_grad():
        first_stage.decoder.conv_out.bias.add_(1)  # latents do not depend on it
        assert first_stage.fingerprint(32) == own
        assert first_stage.to(torch.bfloat16).fingerprint(32) == own
        first_stage.encoder.conv_out.bias[0] += 0.1
    assert first_stage.fingerprint(32) != own
    other = model_of(config_of(library)).model.first_stage_model
    other.scale = 0.5
    assert other.fingerprint(32) != own
    other.scale, other.encoder.norm_out.num_groups = first_stage.scale, 1
    assert other.fingerprint(32) != own
