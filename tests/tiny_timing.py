"""A network of a few thousand random weights that hears beats, saved like a finished run."""

from pathlib import Path
from typing import Any

import torch

from mug.model.network_node import build_network


def tiny_timing_config() -> dict[str, Any]:
    """The configuration of a run: windows of 512 audio frames, 64 note frames, in latents of 2 note frames."""
    params = {
        "wave_stage_config": {
            "target": "mug.cond.wave.MelspectrogramScaleEncoder1D",
            "params": {
                "n_freq": 16, "middle_channels": 8, "attention_resolutions": [], "num_heads": 2, "num_groups": 2,
                "channel_mult": [1, 1, 1, 1, 1], "num_res_blocks": 1,
            },
        },
        "decoder_config": {
            "target": "mug.cond.timing.TimingDecoder",
            "params": {
                "z_channels": 8, "middle_channels": 8, "num_groups": 2, "channel_mult": [1, 1], "num_res_blocks": 1,
                "out_channels": 3,
            },
        },
    }  # fmt: skip
    audio = {"sr": 22050, "n_fft": 512, "n_mels": 16, "max_audio_frame": 512, "audio_note_window_ratio": 8}
    return {
        "model": {"target": "mug.timing.model.TimingModel", "params": params},
        "data": {
            "target": "mug.data.datamodule.DataModuleFromConfig",
            "params": {"batch_size": 1, "common": {"keys": 4, "audio": audio}},
        },
    }


def save_tiny_timing(path: Path) -> Path:
    """Write a checkpoint with seeded weights."""
    config = tiny_timing_config()
    with torch.random.fork_rng():
        torch.manual_seed(13)
        model = build_network(config["model"])
        model(torch.zeros(1, 16, 512))  # S4 knows the length of a window
    torch.save({"state_dict": model.state_dict(), "config": config, "global_step": 3}, path)
    return path
