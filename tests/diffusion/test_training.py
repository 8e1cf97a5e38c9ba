"""What the diffusion model draws and measures while it trains."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mug.config import instantiate_from_config
from mug.data.datamodule import collate
from mug.model.masking import whole_lengths
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


def fit(
    folder: Path, audio_frames: int = 256, short_frames: int | None = None, **params: Any
) -> tuple[Any, Any, list[tuple[torch.Tensor, torch.Tensor]]]:
    """Train a tiny model for four batches; return it, its data, and the timesteps and noise of every loss."""
    model_params = short_config(**params)
    trainer = {
        "max_steps": 2, "accumulate_grad_batches": 2, "accelerator": "cpu", "enable_progress_bar": False,
        "enable_model_summary": False, "limit_val_batches": 0, "log_every_n_steps": 1,
    }  # fmt: skip
    config = {
        "model": {"target": "mug.diffusion.diffusion.DDPM", "params": model_params},
        "data": data_node(folder, size=8, audio_frames=audio_frames, short_frames=short_frames),
        "lightning": {"trainer": trainer},
    }
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"])
    drawn: list[tuple[torch.Tensor, torch.Tensor]] = []
    p_losses = model.network.p_losses

    def watched(batch: Any, x_0: torch.Tensor, t: torch.Tensor, noise: torch.Tensor, *rest: Any) -> Any:
        drawn.append((t, noise))
        return p_losses(batch, x_0, t, noise, *rest)

    model.network.p_losses = watched
    build_trainer(config, folder).fit(model, datamodule=data)
    return model.network, data, drawn


def test_every_batch_has_noise_of_its_own(tmp_path: Path) -> None:
    _, _, drawn = fit(tmp_path)
    assert len(drawn) == 4
    assert len({noise.sum().item() for _, noise in drawn}) == 4
    assert len({tuple(t.tolist()) for t, _ in drawn}) == 4


def test_a_step_waits_for_its_lengths_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(*args: Any) -> Any:
        asked.append(args)
        return whole_lengths(*args)

    monkeypatch.setattr(
        "mug.diffusion.latent_diffusion.whole_lengths", counted
    )  # asks the device whether all songs are full
    _, _, drawn = fit(tmp_path, audio_frames=1024, short_frames=60, z_length=64)
    assert len(asked) == len(drawn) == 4


def test_draws_are_functions_of_the_seed(tmp_path: Path) -> None:
    noises = [fit(tmp_path / str(i), seed=seed)[2][0][1] for i, seed in enumerate((5, 5, 6))]
    assert torch.equal(noises[0], noises[1])
    assert not torch.equal(noises[0], noises[2])


def test_measured_latents_have_mean_0_and_deviation_1(tmp_path: Path) -> None:
    model, data, _ = fit(tmp_path, normalize_latents=True)
    dataset = data.datasets["train"]
    notes = collate([dataset[index, 0] for index in range(8)])["note"]
    latents = model.encode_latent(notes).transpose(0, 1).flatten(1)  # [Z, all frames]
    torch.testing.assert_close(latents.mean(dim=1), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std(dim=1), torch.ones(2), atol=1e-4, rtol=0)


def test_latents_are_measured_where_songs_are(tmp_path: Path) -> None:
    model, data, _ = fit(tmp_path, audio_frames=1024, short_frames=60, z_length=64, normalize_latents=True)
    dataset = data.datasets["train"]
    latents = []
    for index in range(8):
        item = dataset[index, 0]
        whole = item["note"][None, :, : 64 if index % 2 else 128]  # the short song ends with its 32nd latent frame
        latents.append(model.encode_latent(torch.from_numpy(whole))[0])
    inside = torch.cat(latents, dim=1)  # [Z, all frames]
    torch.testing.assert_close(inside.mean(dim=1), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(inside.std(dim=1), torch.ones(2), atol=1e-4, rtol=0)


def test_latents_are_left_alone_by_default(tmp_path: Path) -> None:
    model, _, _ = fit(tmp_path)
    assert model.latent_std.tolist() == [[1.0], [1.0]]
    assert not model.latents_measured
