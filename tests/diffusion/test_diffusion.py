"""The diffusion model: what has to hold for any parameterization, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.objective import elementwise_loss
from mug.errors import CheckpointError, ConfigError
from mug.features import FeatureSpec
from mug.model.network_node import build_network
from mug.seeding import generator_of, stratified_timesteps
from mug.training.trainers import build_trainable

FEATURES = "configs/mug/mania_beatmap_features.yaml"


def tiny_config(**changes: Any) -> dict[str, Any]:
    """A diffusion model of a few thousand parameters: 2 latents, 2 levels, 8 mel bins."""
    config: dict[str, Any] = {
        "unet_config": {
            "target": "mug.diffusion.unet.UNetModel",
            "params": {
                "in_channels": 2, "model_channels": 32, "out_channels": 2, "num_res_blocks": 1, "num_heads": 2,
                "attention_resolutions": [2], "audio_channels": [32, 32], "channel_mult": [1, 1], "context_dim": 4,
            },
        },
        "first_stage_config": {
            "target": "mug.firststage.autoencoder.AutoencoderKL",
            "params": {
                "ddconfig": {
                    "x_channels": 16, "middle_channels": 4, "z_channels": 2, "num_groups": 2, "channel_mult": [1, 1],
                    "num_res_blocks": 1,
                },
                "lossconfig": {"target": "mug.firststage.losses.ManiaReconstructLoss"},
            },
        },
        "wave_stage_config": {
            "target": "mug.cond.wave.MelspectrogramScaleEncoder1D",
            "params": {
                "n_freq": 8, "middle_channels": 32, "attention_resolutions": [], "num_heads": 2, "num_groups": 2,
                "channel_mult": [1, 1, 1, 1], "num_res_blocks": 1,
            },
        },
        "cond_stage_config": {
            "target": "mug.cond.feature.BeatmapFeatureEmbedder", "params": {"path_to_yaml": FEATURES, "embed_dim": 4}
        },
        "z_channels": 2,
        "z_length": 32,
    }  # fmt: skip
    return {**config, **changes}


def short_config(levels: int = 1, **changes: Any) -> dict[str, Any]:
    """That model for items of 16 latents, 32 note frames, 256 audio frames; with one level it trains twice as fast."""
    config = tiny_config(**{"z_length": 16, **changes})
    config["unet_config"]["params"] |= {"channel_mult": [1] * levels, "audio_channels": [32] * levels}
    config["wave_stage_config"]["params"]["channel_mult"] = [1] * (4 + levels)  # 16 audio frames are a latent frame
    return config


def tiny_batch(batch_size: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        "note": torch.rand(batch_size, 16, 64, generator=generator).round(),
        "valid_flag": torch.ones(batch_size, 64),
        "audio": torch.randn(batch_size, 8, 128, generator=generator),
        "feature": torch.from_numpy(FeatureSpec.from_yaml(FEATURES).unconditional)
        + torch.randint(0, 3, (batch_size, 21), generator=generator),
    }


def tiny_node(**changes: Any) -> dict[str, Any]:
    return {"target": "mug.diffusion.diffusion.DDPM", "params": tiny_config(**changes)}


def tiny_model(**changes: Any) -> LatentDiffusion:
    torch.manual_seed(0)
    return build_network(tiny_node(**changes))


def optimisation_of(**changes: Any) -> tuple[LatentDiffusion, dict[str, Any]]:
    """A tiny model and what its training optimises."""
    training = build_trainable(tiny_node(**changes))
    return training.network, training.configure_optimizers()


@pytest.mark.parametrize("parameterization", ["eps", "x0", "v", "flow"])
@pytest.mark.parametrize("loss_type", ["l1", "l2", "smooth_l1"])
def test_a_perfect_denoiser_has_no_loss(parameterization: str, loss_type: str) -> None:
    model = tiny_model(parameterization=parameterization, loss_type=loss_type)
    batch = tiny_batch()
    x_0 = model.encode_latent(batch["note"])
    noise = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(5))
    t = torch.tensor([3, 500, 998])
    a, s = model.sqrt_alphas_cumprod[t][:, None, None], model.sqrt_one_minus_alphas_cumprod[t][:, None, None]
    perfect = {"eps": noise, "x0": x_0, "v": a * noise - s * x_0, "flow": noise - x_0}[parameterization]
    shown = []
    model.model.unet_model.forward = lambda x, *_: shown.append(x) or perfect
    loss, log, loss_items = model.p_losses(batch, x_0, t, noise)
    assert loss.item() == 0.0
    assert loss_items.tolist() == [0.0, 0.0, 0.0]
    assert log["loss_mae"] == 0.0
    context = model.encode_prompt(batch["feature"])
    # of the last item's noise, eps leaves 0.0064 of x_0 to tell apart in float32
    torch.testing.assert_close(model.denoise(model.q_sample(x_0, t, noise), t, context, []), x_0, atol=1e-4, rtol=0)
    assert torch.equal(*shown)
    x_t = a * x_0 + s * noise
    torch.testing.assert_close(shown[0], x_t / (a + s) if parameterization == "flow" else x_t)


def test_min_snr_weighs_each_timestep() -> None:
    model = tiny_model(parameterization="v", loss_type="l2", min_snr_gamma=5.0)
    batch = tiny_batch()
    x_0, t = model.encode_latent(batch["note"]), torch.tensor([3, 500, 998])
    loss, log, loss_items = model.p_losses(batch, x_0, t, torch.ones_like(x_0))
    snr = model.alphas_cumprod[t] / (1 - model.alphas_cumprod[t])
    torch.testing.assert_close(loss, (snr.clamp(max=5.0) / (snr + 1) * loss_items).mean())
    torch.testing.assert_close(log["loss_simple"], loss_items.mean())


def test_eps_and_pure_noise_do_not_go_together() -> None:
    for changes in ({"zero_terminal_snr": True}, {"beta_schedule": "rectified_flow"}):
        with pytest.raises(ConfigError, match="eps cannot recover the latent"):
            tiny_model(parameterization="eps", **changes)
        assert tiny_model(parameterization="flow", **changes).spacing == "trailing"
    assert tiny_model().spacing == "uniform"


def test_losses_by_hand() -> None:
    guess, target = torch.tensor([0.0, 1.0, 2.005]), torch.tensor([1.0, 1.0, 2.0])
    for loss_type, expected in {
        "l1": [1.0, 0.0, 0.005],
        "l2": [1.0, 0.0, 0.000025],
        "smooth_l1": [0.99, 0.0, 0.000625],  # |d| - beta/2 outside beta = 0.02, d^2 / (2 beta) inside
    }.items():
        torch.testing.assert_close(
            elementwise_loss(loss_type, guess, target),
            torch.tensor(expected),
            atol=1e-6,
            rtol=1e-4,
        )


def test_recon_is_the_loss_of_the_decoded_notes() -> None:
    model = tiny_model(parameterization="recon")
    batch = tiny_batch(batch_size=2)
    x_0 = model.encode_latent(batch["note"])
    model.model.unet_model.forward = lambda *_: x_0
    loss, _, loss_items = model.p_losses(batch, x_0, torch.tensor([10, 900]), torch.zeros_like(x_0))
    decoded = model.decode_latent(x_0)
    per_item = [
        model.model.first_stage_model.loss(
            decoded[i : i + 1], batch["note"][i : i + 1], batch["valid_flag"][i : i + 1]
        )[0]
        for i in range(2)
    ]
    torch.testing.assert_close(loss_items, torch.stack(per_item).detach())
    torch.testing.assert_close(loss, torch.stack(per_item).mean())


def test_recon_trains_the_denoiser_through_the_frozen_decoder() -> None:
    model = tiny_model(parameterization="recon")
    batch = tiny_batch()
    x_0 = model.encode_latent(batch["note"])
    loss, _, _ = model.p_losses(batch, x_0, torch.tensor([1, 2, 3]), torch.zeros_like(x_0))
    loss.backward()
    assert model.model.unet_model.out[2].weight.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in model.model.first_stage_model.parameters())


def test_first_stage_stays_frozen_and_in_eval_mode() -> None:
    model, optimisation = optimisation_of()
    model.train()
    assert model.model.unet_model.training
    assert not model.model.first_stage_model.training
    trained = [parameter for group in optimisation["optimizer"].param_groups for parameter in group["params"]]
    frozen = {id(parameter) for parameter in model.model.first_stage_model.parameters()}
    assert len(trained) == len({id(parameter) for parameter in trained})  # each once
    assert not frozen & {id(parameter) for parameter in trained}
    assert sum(p.numel() for p in trained) == sum(p.numel() for p in model.parameters()) - sum(
        p.numel() for p in model.model.first_stage_model.parameters()
    )


def test_training_keys_choose_what_is_trained() -> None:
    model, optimisation = optimisation_of(training_keys=["cond_stage_model"])
    (group,) = optimisation["optimizer"].param_groups
    assert [parameter.shape for parameter in group["params"]] == [model.model.cond_stage_model.embedding.weight.shape]


def test_normalised_latents_decode_to_the_same_notes() -> None:
    plain, normalised = tiny_model(), tiny_model(normalize_latents=True)
    normalised.latent_mean.copy_(torch.tensor([[0.5], [-1.0]]))
    normalised.latent_std.copy_(torch.tensor([[2.0], [0.1]]))
    note = tiny_batch()["note"]
    z, z_normalised = plain.encode_latent(note), normalised.encode_latent(note)
    torch.testing.assert_close(z_normalised[:, 0], (z[:, 0] - 0.5) / 2.0)
    torch.testing.assert_close(z_normalised[:, 1], (z[:, 1] + 1.0) / 0.1)
    torch.testing.assert_close(normalised.decode_latent(z_normalised), plain.decode_latent(z))


def test_latent_statistics_are_saved_only_where_they_are_used() -> None:
    assert not [name for name in tiny_model().state_dict() if name.startswith("latent")]
    state = tiny_model(normalize_latents=True).state_dict()
    assert [name for name in state if name.startswith("latent")] == ["latent_mean", "latent_std", "latents_measured"]


def test_lengths() -> None:
    model = tiny_model()
    assert model.latent_factor == 2
    assert model.length_multiple == 32


def test_scheduler_sets_the_learning_rate() -> None:
    node = {
        "target": "mug.lr_scheduler.LambdaLinearScheduler",
        "params": {"warm_up_steps": [10], "f_start": [0.5], "f_max": [1.0], "f_min": [0.0], "cycle_lengths": [100]},
    }
    _, optimisation = optimisation_of(scheduler_config=node, learning_rate=0.1)
    assert optimisation["optimizer"].param_groups[0]["lr"] == pytest.approx(0.05)
    assert optimisation["lr_scheduler"]["interval"] == "step"
    # the checkpoint carries no schedule, so that a resumed run obeys its configuration
    assert optimisation["lr_scheduler"]["scheduler"].state_dict()["lr_lambdas"] == [None, None]  # of either group


def test_misspelt_keys_are_named_with_their_place() -> None:
    config = tiny_config()
    config["unet_config"]["params"]["xyz"] = 1
    with pytest.raises(ConfigError, match=r"model\.params\.unet_config\.params: unknown key 'xyz'"):
        LatentDiffusion(**config)
    with pytest.raises(ConfigError, match="loss_type: unknown 'huber'"):
        tiny_model(loss_type="huber")
    with pytest.raises(ConfigError, match="parameterization: unknown 'epsilon'"):
        tiny_model(parameterization="epsilon")


def test_latents_of_another_length_are_named() -> None:
    with pytest.raises(ConfigError, match=r"z_channels 2 and z_length 16 disagree .* 2 channels and 32 frames"):
        tiny_model(z_length=16).latents_of(tiny_batch(), None)


def test_starting_from_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "trained.ckpt"
    trained = tiny_model()
    torch.save({"state_dict": {name: value + 1 for name, value in trained.state_dict().items()}}, path)
    started = tiny_model(ckpt_path=str(path))
    torch.testing.assert_close(
        started.model.unet_model.time_embed[0].weight, trained.model.unet_model.time_embed[0].weight + 1
    )
    config = tiny_config(ckpt_path=str(path))
    config["unet_config"]["params"]["model_channels"] = 64
    with pytest.raises(CheckpointError, match=r"input_blocks\.0\.0\.bias is \[32\], the model's is \[64\]"):
        build_network({"target": "mug.diffusion.diffusion.DDPM", "params": config})


def test_draws_depend_on_the_whole_key() -> None:
    draws = {
        key: torch.randn(3, generator=generator_of(*key)).tolist() for key in [(23, 0), (23, 1), (24, 0), (23, 0, 0)]
    }
    assert len({tuple(draw) for draw in draws.values()}) == 4
    assert torch.randn(3, generator=generator_of(23, 1)).tolist() == draws[23, 1]


def test_stratified_timesteps_cover_every_band() -> None:
    t = stratified_timesteps(10, batch_idx=3, timesteps=1000)
    assert (t // 100).tolist() == list(range(10))
    assert t.tolist() == stratified_timesteps(10, batch_idx=3, timesteps=1000).tolist()
    single = torch.cat([stratified_timesteps(1, batch_idx, 1000) for batch_idx in range(100)])
    assert torch.histc(single.float(), bins=10, min=0, max=1000).min() >= 9
