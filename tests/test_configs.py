"""Every shipped configuration is whole: it builds, its sizes are the published ones, and its lengths fit together."""

from pathlib import Path

import pytest
import torch

from mug.config import check_params, get_obj_from_str, load_config
from mug.data.audio import AudioSettings
from mug.data.augment import Augmentation
from mug.errors import ConfigError
from mug.features import FeatureSpec
from mug.model.network_node import build_network
from mug.training.setup import build_trainer, check_config, with_seed
from mug.training.trainers import build_trainable
from tests.shipped_configs import BASES, CONFIGS, NAMES, files_of, shipped

PARAMETERS = {
    "autoencoder": 5_086_192,
    "autoencoder_beats": 5_086_192,
    "autoencoder_large": 5_618_448,
    "mug_diffusion": 156_536_384,
    "mug_diffusion_beats": 156_536_384 + 25 * 128,  # the tempo's embedding
    "mug_diffusion_stft": 124_554_480,
    "timing": 3_902_100,
}
FIRST_STAGE = {
    "mini_diffusion": "mini_autoencoder",
    "mini_diffusion_7k": "mini_autoencoder_7k",
    "mug_diffusion": "autoencoder",
    "mug_diffusion_beats": "autoencoder_beats",
    "mug_diffusion_stft": "autoencoder_large",
}
MINI_BYTES = 16 * 10**6  # of models/mug-mini, in float16


def test_the_full_size_and_the_small_one_are_shipped() -> None:
    assert PARAMETERS.keys() | FIRST_STAGE.keys() | set(FIRST_STAGE.values()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_model_builds_with_its_published_size(name: str) -> None:
    with torch.device("meta"):  # no memory, no time
        training = build_trainable(shipped(name)["model"])
    size = sum(parameter.numel() for parameter in training.network.parameters())
    assert size == PARAMETERS[name] if name in PARAMETERS else 2 * size < MINI_BYTES
    training.configure_optimizers()


@pytest.mark.parametrize("name", NAMES)
def test_trainer_and_callbacks_build(name: str, tmp_path: Path) -> None:
    config = shipped(name)
    check_config(config)
    trainer = build_trainer(with_seed(config, 5), tmp_path)
    assert trainer.max_steps > 0
    writes_charts = any(type(callback).__name__ == "BeatmapLogger" for callback in trainer.callbacks)
    assert writes_charts != name.endswith(("onsets", "placement", "timing"))
    assert not list(tmp_path.iterdir())  # nothing is written before training


@pytest.mark.parametrize("name", NAMES)
def test_data_node_has_known_keys(name: str) -> None:
    node = shipped(name)["data"]
    params = node["params"]
    check_params(get_obj_from_str(node["target"]), params, "data.params")
    for split in ("train", "validation", "test"):
        dataset = {**params["common"], **(params[split].get("params") or {})}
        check_params(get_obj_from_str(params[split]["target"]), dataset, f"data.params.{split}")
        AudioSettings.from_params(dataset["audio"])
        Augmentation.from_params(dataset.get("augmentation") or {})
        if split != "train":
            assert "augmentation" not in dataset


@pytest.mark.parametrize("name", FIRST_STAGE)
def test_lengths_fit_together(name: str) -> None:
    config = shipped(name)
    settings = AudioSettings.from_params(config["data"]["params"]["common"]["audio"])
    params = config["model"]["params"]
    with torch.device("meta"):
        model = build_network(config["model"], "model")
    assert params["z_length"] * model.latent_factor == settings.max_note_frame
    unet, wave = params["unet_config"]["params"], params["wave_stage_config"]["params"]
    lengths = [settings.max_audio_frame >> level for level in range(len(wave["channel_mult"]))]
    if settings.kind == "stft":  # one audio, beside the latent
        assert lengths[-1] == params["z_length"]
        assert wave["n_fft"] == settings.n_fft
    else:
        n_levels = len(unet["channel_mult"])
        assert lengths[-n_levels:] == [params["z_length"] >> level for level in range(n_levels)]
        assert wave["n_freq"] == settings.n_mels
    audio_frames = model.length_multiple * model.latent_factor * settings.audio_note_window_ratio
    assert model.length_multiple % model.model.unet_model.factor == 0  # songs of any length are padded to it
    assert audio_frames % model.model.wave_model.factor == 0


@pytest.mark.parametrize("name", FIRST_STAGE)
def test_stage_2_takes_the_autoencoder_of_stage_1(name: str) -> None:
    diffusion, autoencoder = shipped(name), shipped(FIRST_STAGE[name])
    frozen = diffusion["model"]["params"]["first_stage_config"]["params"]
    trained = autoencoder["model"]["params"]
    assert frozen["ddconfig"] == trained["ddconfig"]
    assert frozen.get("scale", 1.0) == trained.get("scale", 1.0)
    audio, notes = (AudioSettings(**run["data"]["params"]["common"]["audio"]) for run in (diffusion, autoencoder))
    assert audio.note_frame_ms == notes.note_frame_ms
    assert audio.max_note_frame == notes.max_note_frame or "mini" in name  # whose stage 1 sees shorter crops


def test_stage_2_hears_with_the_encoder_of_stage_0() -> None:
    diffusion, onsets = shipped("mini_diffusion")["model"]["params"], shipped("mini_onsets")["model"]["params"]
    heard, trained = (dict(node["wave_stage_config"]["params"]) for node in (diffusion, onsets))
    heard.pop("ckpt_path")
    assert heard == trained
    n_levels = len(diffusion["unet_config"]["params"]["channel_mult"])
    assert onsets["scale"] == len(trained["channel_mult"]) - n_levels  # the finest that the denoiser hears
    with torch.device("meta"):
        model = build_network(shipped("mini_diffusion")["model"], "model")
    assert onsets["note_frames"] == model.latent_factor


def test_stage_3_starts_as_stage_2_and_hears_the_same() -> None:
    diffusion, placement = shipped("mini_diffusion"), shipped("mini_placement")
    params, of_stage_2 = placement["model"]["params"], diffusion["model"]["params"]
    with torch.device("meta"):
        assert params["note_frames"] == build_network(diffusion["model"], "model").latent_factor
    params["unet_config"]["params"]["out_channels"] = of_stage_2["unet_config"]["params"]["out_channels"]
    of_stage_2["wave_stage_config"]["params"].pop("ckpt_path")
    for node in ("unet_config", "wave_stage_config", "cond_stage_config"):
        assert params[node] == of_stage_2[node]
    assert placement["data"]["params"]["common"] == diffusion["data"]["params"]["common"]


@pytest.mark.parametrize(("name", "base"), BASES.items())
def test_an_overlay_alone_names_its_base(name: str, base: str) -> None:
    with pytest.raises(ConfigError, match=rf"--base configs/mug/{base}\.yaml \S*configs/mug/{name}\.yaml"):
        load_config(files_of(name)[1:])


def test_an_overlay_replaces_and_removes() -> None:
    stft = shipped("mug_diffusion_stft")
    assert stft["model"]["params"]["wave_stage_config"] == {
        "target": "mug.cond.wave.STFTEncoder",
        "params": {
            "n_fft": 2048, "middle_channels": 128, "out_channels": 512, "channel_mult": [1, 2, 2, 2, 4, 4, 4],
            "num_res_blocks": 2,
        },
    }  # fmt: skip
    assert stft["data"]["params"]["common"]["audio"] == {
        "kind": "stft", "sr": 22050, "n_fft": 2048, "max_audio_frame": 16384, "audio_note_window_ratio": 2,
    }  # fmt: skip
    placement = shipped("mini_placement")["model"]
    assert placement["target"] == "mug.placement.model.PlacementModel"
    assert placement["params"].keys() == {
        "learning_rate", "monitor", "note_frames", "ckpt_path", "scheduler_config", "unet_config", "wave_stage_config",
        "cond_stage_config",
    }  # fmt: skip


def test_the_small_model_runs() -> None:
    model = build_network(shipped("mini_diffusion")["model"], "model")
    spec = FeatureSpec.from_yaml(CONFIGS / "mini_features.yaml")
    batch = {"audio": torch.randn(1, 128, 4096), "feature": torch.from_numpy(spec.unconditional)[None]}
    x_0 = model.encode_latent(torch.zeros(1, 16, 512))
    assert x_0.shape == (1, 16, 128)
    loss, _, _ = model.p_losses(batch, x_0, torch.tensor([500]), torch.randn_like(x_0))
    assert loss.isfinite()
    assert model.decode_latent(x_0).shape == (1, 16, 512)
