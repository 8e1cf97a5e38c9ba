"""Every shipped configuration is whole: it builds, its sizes are the published ones, and its lengths fit together."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mug.config import check_params, get_obj_from_str, instantiate_from_config, load_config
from mug.data.audio import AudioSettings
from mug.data.augment import Augmentation
from mug.training.setup import build_trainer, check_config, with_seed

CONFIGS = Path(__file__).resolve().parent.parent / "configs" / "mug"
NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml") if "model:" in path.read_text(encoding="utf-8"))
PARAMETERS = {"autoencoder": 5_086_192, "mug_diffusion": 156_536_384}
DEMO_LIMIT = 20_000_000


def load(name: str) -> dict[str, Any]:
    return load_config([CONFIGS / f"{name}.yaml"])


def test_the_full_size_and_the_demo_are_shipped() -> None:
    assert {"autoencoder", "mug_diffusion", "demo_autoencoder", "demo_diffusion"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_model_builds_with_its_published_size(name: str) -> None:
    with torch.device("meta"):  # no memory, no time
        model = instantiate_from_config(load(name)["model"], "model")
    size = sum(parameter.numel() for parameter in model.parameters())
    assert size == PARAMETERS[name] if name in PARAMETERS else size < DEMO_LIMIT
    model.configure_optimizers()


@pytest.mark.parametrize("name", NAMES)
def test_trainer_and_callbacks_build(name: str, tmp_path: Path) -> None:
    config = load(name)
    check_config(config)
    trainer = build_trainer(with_seed(config, 5), tmp_path)
    assert trainer.max_steps > 0
    assert any(type(callback).__name__ == "BeatmapLogger" for callback in trainer.callbacks)
    assert not list(tmp_path.iterdir())  # nothing is written before training


@pytest.mark.parametrize("name", NAMES)
def test_data_node_has_known_keys(name: str) -> None:
    node = load(name)["data"]
    params = node["params"]
    check_params(get_obj_from_str(node["target"]), params, "data.params")
    for split in ("train", "validation", "test"):
        dataset = {**params["common"], **(params[split].get("params") or {})}
        check_params(get_obj_from_str(params[split]["target"]), dataset, f"data.params.{split}")
        AudioSettings.from_params(dataset["audio"])
        Augmentation.from_params(dataset.get("augmentation") or {})
        if split != "train":
            assert "augmentation" not in dataset


@pytest.mark.parametrize("name", [name for name in NAMES if "diffusion" in name])
def test_lengths_fit_together(name: str) -> None:
    config = load(name)
    settings = AudioSettings.from_params(config["data"]["params"]["common"]["audio"])
    params = config["model"]["params"]
    with torch.device("meta"):
        model = instantiate_from_config(config["model"], "model")
    assert params["z_length"] * model.latent_factor == settings.max_note_frame
    unet, wave = params["unet_config"]["params"], params["wave_stage_config"]["params"]
    n_levels = len(unet["channel_mult"])
    lengths = [settings.max_audio_frame >> level for level in range(len(wave["channel_mult"]))]
    assert lengths[-n_levels:] == [params["z_length"] >> level for level in range(n_levels)]
    channels = [wave["middle_channels"] * mult for mult in wave["channel_mult"]]
    assert channels[-n_levels:] == unet["audio_channels"]
    assert wave["n_freq"] == settings.n_mels
    assert unet["context_dim"] == params["cond_stage_config"]["params"]["embed_dim"]


@pytest.mark.parametrize("size", ["demo_", ""])
def test_stage_2_takes_the_autoencoder_of_stage_1(size: str, tmp_path: Path) -> None:
    diffusion = load("demo_diffusion" if size else "mug_diffusion")["model"]["params"]["first_stage_config"]
    autoencoder = load(f"{size}autoencoder")["model"]
    assert diffusion["params"]["ddconfig"] == autoencoder["params"]["ddconfig"]


def test_the_demo_model_runs() -> None:
    model = instantiate_from_config(load("demo_diffusion")["model"], "model")
    batch = {"audio": torch.randn(1, 128, 4096), "feature": torch.zeros(1, 21, dtype=torch.long)}
    x_0 = model.encode_latent(torch.zeros(1, 16, 512))
    assert x_0.shape == (1, 16, 128)
    loss, _, _ = model.p_losses(batch, x_0, torch.tensor([500]), torch.randn_like(x_0))
    assert loss.isfinite()
    assert model.decode_latent(x_0).shape == (1, 16, 512)
