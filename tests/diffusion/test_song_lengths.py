"""Songs of different lengths in one batch are sampled and trained as if each were alone."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from tiny_model import tiny_run_config
from torch import Tensor, nn

from mug.config import without_ckpt_paths
from mug.diffusion.ddim import ddim_sample
from mug.diffusion.diffusion import DDPM
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.features import FeatureSpec
from mug.firststage.lit_autoencoder import LitAutoencoder
from mug.generation.settings import SamplingSettings
from mug.model.masking import whole_lengths
from mug.model.network_node import build_network
from mug.seeding import generator_of
from mug.training.beatmap_logger import decode_charts

LENGTHS = [32, 96, 64]  # latent frames: of 2 note frames or 16 audio frames


@pytest.fixture(scope="module")
def model() -> LatentDiffusion:
    torch.manual_seed(11)
    model = build_network(without_ckpt_paths(tiny_run_config(z_length=96)["model"]))
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.fixture(scope="module")
def batch() -> dict[str, Any]:
    """Three songs with what a dataset pads them with, and worse."""
    generator = torch.Generator().manual_seed(7)
    unconditional = torch.from_numpy(FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml").unconditional)
    padded = {
        "note": torch.rand(3, 16, 192, generator=generator).round(),
        "audio": torch.randn(3, 16, 1536, generator=generator),
        "valid_flag": torch.ones(3, 192),
        "feature": unconditional + torch.randint(0, 3, (3, 21), generator=generator),
        "n_frames": torch.tensor([2 * length - 5 for length in LENGTHS]),
        "x_T": torch.randn(3, 3, 96, generator=generator),
        "noise": torch.randn(3, 3, 96, generator=generator),
    }
    for index, length in enumerate(LENGTHS):
        padded["valid_flag"][index, 2 * length :] = 0
        padded["note"][index, :, 2 * length : 2 * length + 1] = 0  # no long note goes on beyond the song
    return padded


def alone(batch: dict[str, Any], index: int) -> dict[str, Any]:
    """One song in a batch that is as long as the song."""
    frames = {"note": 2, "audio": 16, "valid_flag": 2, "x_T": 1, "noise": 1}
    song = {name: value[index : index + 1] for name, value in batch.items()}
    return song | {name: song[name][..., : unit * LENGTHS[index]] for name, unit in frames.items()}


def worse(batch: dict[str, Any]) -> dict[str, Any]:
    """The same songs, padded with other notes and louder noise."""
    changed = {name: value.clone() for name, value in batch.items()}
    for index, length in enumerate(LENGTHS):
        changed["audio"][index, :, 16 * length :] = 30
        changed["note"][index, :, 2 * length + 1 :] = 1 - batch["note"][index, :, 2 * length + 1 :]
    return changed


def watch(model: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """What a model without a trainer logs."""
    logged: dict[str, Tensor] = {}
    monkeypatch.setattr(model, "log", lambda name, value, **_: logged.update({name: value}))
    monkeypatch.setattr(model, "log_dict", lambda values, **_: logged.update(values))
    return logged


@torch.no_grad()
def sample(model: DDPM, batch: dict[str, Any], lengths: Tensor | None) -> Tensor:
    """Note logits [B, 16, T] of four steps."""
    context, audios = model.encode_prompt(batch["feature"]), model.encode_audio(batch["audio"], lengths)

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        return model.denoise(x, t, context, audios, lengths)

    z = ddim_sample(denoise, batch["x_T"], model.alphas_cumprod, 4, tqdm_class=lambda steps, **_: steps)
    return model.decode_latent(z, lengths)


def test_a_song_in_a_batch_gets_the_same_chart_as_alone(model, batch):
    together = sample(model, batch, torch.tensor(LENGTHS))
    for index, length in enumerate(LENGTHS):
        on_its_own = sample(model, alone(batch, index), None)
        inside = together[index : index + 1, :, : 2 * length]
        torch.testing.assert_close(inside, on_its_own, atol=1e-3, rtol=1e-3)
        assert torch.equal(inside[:, :4] > 0, on_its_own[:, :4] > 0)  # the notes themselves
    without = sample(model, batch, None)
    assert (without[0, :, :64] - together[0, :, :64]).abs().max() > 0.1  # or lengths would be for nothing


@pytest.mark.parametrize("parameterization", ["eps", "recon"])
def test_the_loss_of_a_padded_song_is_that_of_the_song_alone(model, batch, parameterization, monkeypatch):
    monkeypatch.setattr(model, "parameterization", parameterization)
    t = torch.tensor([3, 500, 998])
    lengths = model.lengths_of(batch)
    x_0 = model.latents_of(batch, lengths)
    _, log, items = model.p_losses(batch, x_0, t, batch["noise"], lengths)
    errors = []
    for index, length in enumerate(LENGTHS):
        song = alone(batch, index)
        monkeypatch.setattr(model, "z_length", length)
        alone_x_0 = model.latents_of(song, None)
        torch.testing.assert_close(x_0[index : index + 1, :, :length], alone_x_0, atol=1e-5, rtol=1e-4)
        _, alone_log, alone_items = model.p_losses(song, alone_x_0, t[index : index + 1], song["noise"])
        torch.testing.assert_close(items[index : index + 1], alone_items, atol=1e-4, rtol=1e-3)
        errors.append(alone_log["loss_mae"])
    torch.testing.assert_close(log["loss_mae"], torch.stack(errors).mean(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("parameterization", ["eps", "recon"])
def test_steps_do_not_see_what_songs_are_padded_with(model, batch, parameterization, monkeypatch):
    monkeypatch.setattr(model, "parameterization", parameterization)
    training = DDPM(model)
    logged = watch(training, monkeypatch)

    def losses_of(batch: dict[str, Any]) -> list[float]:
        training.validation_step(batch, 0)
        return [training.training_step(batch, 0).item(), logged["val/loss"].item()]

    with torch.no_grad():
        assert losses_of(worse(batch)) == pytest.approx(losses_of(batch), rel=1e-5)
        monkeypatch.setattr(model, "lengths_of", lambda batch: None)
        assert losses_of(worse(batch)) != pytest.approx(losses_of(batch), rel=1e-3)  # they would


@torch.no_grad()
def test_charts_of_validation_are_those_of_each_song_alone(model, batch):
    together = decode_charts(model, batch, SamplingSettings(steps=4))
    x_T = torch.stack([torch.randn((3, 96), generator=generator_of(23, index)) for index in range(3)])
    rebuilt = decode_charts(model.model.first_stage_model, batch, SamplingSettings())
    for index, length in enumerate(LENGTHS):
        song = alone({**batch, "x_T": x_T}, index)
        inside = slice(index, index + 1), slice(None), slice(2 * length)
        torch.testing.assert_close(together[inside], sample(model, song, None), atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(
            rebuilt[inside], model.model.first_stage_model(song["note"])[0], atol=1e-4, rtol=1e-4
        )


def test_guidance_knows_how_long_songs_are(model, batch):
    unasked = {**batch, "feature": FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml").unconditional}
    unasked["feature"] = torch.from_numpy(unasked["feature"]).expand(3, -1)
    plain = SamplingSettings(steps=2)
    without = decode_charts(model, unasked, plain)
    away = decode_charts(model, batch, replace(plain, guidance=0.0))  # all of the way from the prompt to none
    torch.testing.assert_close(away, without, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(decode_charts(model, batch, plain), without, atol=1e-2)


def test_stage_1_trains_on_a_padded_song_as_on_the_song_alone(model, batch):
    stage_1 = model.model.first_stage_model
    lengths = stage_1.lengths_of(batch)
    assert lengths.tolist() == [2 * length for length in LENGTHS]
    decoded, posterior = stage_1(batch["note"], lengths=lengths)
    for index, length in enumerate(LENGTHS):
        alone_decoded, alone_posterior = stage_1(alone(batch, index)["note"])
        inside = decoded[index : index + 1, :, : 2 * length]
        torch.testing.assert_close(inside, alone_decoded, atol=1e-4, rtol=1e-4)
        mean = posterior.mean[index : index + 1, :, :length]
        torch.testing.assert_close(mean, alone_posterior.mean, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_only_what_is_inside_counts_for_the_divergence(model, batch, monkeypatch):
    stage_1 = model.model.first_stage_model
    training = LitAutoencoder(stage_1.requires_grad_(True))
    logged = watch(training, monkeypatch)
    training.training_step(batch, 0)
    each = [stage_1.encode(alone(batch, index)["note"]).kl() for index in range(3)]
    torch.testing.assert_close(logged["train/kl"], torch.cat(each).mean(), atol=1e-6, rtol=1e-5)


def test_lengths_are_rounded_up_to_whole_ones():
    assert whole_lengths(torch.tensor([1, 32, 33, 90]), 32, 64).tolist() == [32, 32, 64, 64]
    assert whole_lengths(torch.tensor([60, 90]), 32, 64) is None  # all full
    assert whole_lengths(None, 32, 64) is None
