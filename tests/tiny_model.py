"""A diffusion model of a few thousand random weights, saved like a finished run: for tests of what comes after it."""

import copy
from pathlib import Path
from typing import Any

import torch

from mug.model.network_node import build_network

FEATURES = "configs/mug/mania_beatmap_features.yaml"


def tiny_run_config(keys: int = 4, **ddpm: Any) -> dict[str, Any]:
    """The configuration of a run: a latent frame is 2 note frames or 16 audio frames, three latents, two levels."""
    params = {
        "z_channels": 3,
        "z_length": 32,
        "parameterization": "v",
        "beta_schedule": "cosine",
        "unet_config": {
            "target": "mug.diffusion.unet.UNetModel",
            "params": {
                "in_channels": 3, "out_channels": 3, "model_channels": 32, "num_res_blocks": 1, "num_heads": 2,
                "attention_resolutions": [2], "audio_channels": [32, 32], "channel_mult": [1, 1], "context_dim": 5,
                "s4_layer": True,
            },
        },
        "first_stage_config": {
            "target": "mug.firststage.autoencoder.AutoencoderKL",
            "params": {
                "ckpt_path": "logs/long_gone/stage1.ckpt",
                "ddconfig": {
                    "x_channels": 4 * keys, "middle_channels": 8, "z_channels": 3, "num_groups": 2,
                    "channel_mult": [1, 1], "num_res_blocks": 1,
                },
                "lossconfig": {"target": "mug.firststage.losses.ManiaReconstructLoss"},
            },
        },
        "wave_stage_config": {
            "target": "mug.cond.wave.MelspectrogramScaleEncoder1D",
            "params": {
                "n_freq": 16, "middle_channels": 32, "attention_resolutions": [], "num_heads": 2, "num_groups": 2,
                "channel_mult": [1, 1, 1, 1, 1, 1], "num_res_blocks": 1,
            },
        },
        "cond_stage_config": {
            "target": "mug.cond.feature.BeatmapFeatureEmbedder", "params": {"path_to_yaml": FEATURES, "embed_dim": 5}
        },
    }  # fmt: skip
    audio = {"sr": 22050, "n_fft": 512, "n_mels": 16, "max_audio_frame": 512, "audio_note_window_ratio": 8}
    return {
        "model": {"target": "mug.diffusion.diffusion.DDPM", "params": {**params, **ddpm}},
        "data": {
            "target": "mug.data.datamodule.DataModuleFromConfig",
            "params": {"batch_size": 1, "common": {"keys": keys, "features": FEATURES, "audio": audio}},
        },
    }


def tiny_placement_config(keys: int = 4) -> dict[str, Any]:
    """The configuration of a placement model for that: a latent frame answers for 2 note frames."""
    config = tiny_run_config(keys)
    of_stage_2 = config["model"]["params"]
    params = {name: of_stage_2[name] for name in ("unet_config", "wave_stage_config", "cond_stage_config")}
    params["unet_config"]["params"]["out_channels"] = 4
    config["model"] = {"target": "mug.placement.model.PlacementModel", "params": {**params, "note_frames": 2}}
    return config


def save_tiny_placement(path: Path, keys: int = 4) -> Path:
    """Write a checkpoint of a placement model with seeded weights."""
    config = tiny_placement_config(keys)
    with torch.random.fork_rng():
        torch.manual_seed(12)
        model = build_network(config["model"])
        for parameter in model.parameters():
            if parameter.ndim > 1 and not parameter.any():
                torch.nn.init.normal_(parameter, std=0.2)
    torch.save({"state_dict": model.state_dict(), "config": config, "global_step": 3}, path)
    return path


def save_tiny_checkpoint(
    path: Path, keys: int = 4, start_bias: float = -0.4, features: str = FEATURES, time: dict[str, Any] | None = None
) -> Path:
    """Write a checkpoint with seeded weights; the lower `start_bias`, the fewer notes. time: its time axis."""
    config = tiny_run_config(keys)
    config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"] = features
    config["data"]["params"]["common"] |= {"features": features, **({} if time is None else {"time": time})}
    node = copy.deepcopy(config["model"])
    node["params"]["first_stage_config"]["params"]["ckpt_path"] = None
    with torch.random.fork_rng():
        torch.manual_seed(11)
        model = build_network(node)
        for parameter in model.parameters():
            if parameter.ndim > 1 and not parameter.any():  # layers that start at zero hear and say nothing
                torch.nn.init.normal_(parameter, std=0.2)
        audios = [torch.zeros(1, 32, 32), torch.zeros(1, 32, 16)]
        model.model.unet_model(torch.zeros(1, 3, 32), torch.tensor([0]), torch.zeros(1, 5, 21), audios)  # S4 knows 32
    out = model.model.first_stage_model.decoder.conv_out
    with torch.no_grad():
        out.bias[:keys] = start_bias
    torch.save({"state_dict": model.state_dict(), "config": config}, path)
    return path
