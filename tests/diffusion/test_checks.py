"""What does not fit together is refused: networks when the model is built, inputs when it is used."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import ConfigError
from tests.diffusion.test_diffusion import tiny_batch, tiny_config, tiny_model

ENCODERS = {
    "MelspectrogramEncoder": {"n_freq": 8, "middle_channels": 8, "channel_mult": [1, 1]},
    "MelspectrogramEncoder1D": {"n_freq": 8, "middle_channels": 32, "channel_mult": [1, 1]},
    "STFTEncoder": {"n_fft": 16, "middle_channels": 32, "channel_mult": [1, 1], "freq_stride": 2, "num_groups": 2},
}


def one_audio_config(encoder: str = "MelspectrogramEncoder1D") -> dict[str, Any]:
    """A model of 2 latents that hears 5 channels of one encoder at its entrance."""
    config = tiny_config()
    config["unet_config"]["params"] |= {"audio_channels": None, "in_channels": 7}
    params = {**ENCODERS[encoder], "out_channels": 5, "num_res_blocks": 1}
    config["wave_stage_config"] = {"target": f"mug.cond.wave.{encoder}", "params": params}
    return config


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_of_one_audio_is_heard_and_learns(encoder: str) -> None:
    torch.manual_seed(0)
    model = LatentDiffusion(**one_audio_config(encoder))
    for parameter in model.model.unet_model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    shape = (3, 2, 9, 64) if encoder == "STFTEncoder" else (3, 8, 64)  # 2 audio frames a latent frame
    batch = {**tiny_batch(), "audio": torch.randn(shape)}
    context, audios = model.encode_prompt(batch["feature"]), model.encode_audio(batch["audio"])
    assert context.shape == (3, 4, 21)
    assert [audio.shape for audio in audios] == [(3, 5, 32)]
    x_0 = model.encode_latent(batch["note"])
    loss, _, _ = model.p_losses(batch, x_0, torch.tensor([1, 500, 998]), torch.randn_like(x_0))
    loss.backward()
    assert model.model.wave_model.conv_in.weight.grad.abs().max() > 0


def of_unet(**params: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config["unet_config"]["params"].update(params)


def of_wave(**params: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config["wave_stage_config"]["params"].update(params)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (of_unet(context_dim=5), "unet_config.params.context_dim is 5, but cond_stage_config.params.embed_dim is 4"),
        (of_unet(context_dim=None), "context_dim is None, but cond_stage_config.params.embed_dim is 4"),
        (of_unet(in_channels=3), "unet_config.params.in_channels is 3, but z_channels is 2"),
        (of_unet(out_channels=3), "unet_config.params.out_channels is 3, but z_channels is 2"),
        (
            lambda config: (config.update(z_channels=3), of_unet(in_channels=3, out_channels=3)(config)),
            "z_channels is 3, but z_channels of first_stage_config is 2",
        ),
        (
            of_unet(audio_channels=[32, 64]),
            "unet_config.params.audio_channels is [32, 64], but wave_stage_config.params.middle_channels * "
            "channel_mult, its last levels, is [32, 32]",
        ),
        (of_wave(channel_mult=[1, 1, 2, 4]), "audio_channels is [32, 32], but wave_stage_config.params.middle"),
        (of_wave(channel_mult=[1]), "channel_mult, its last levels, is [32]"),
        (
            of_unet(audio_channels=None, in_channels=35),
            "in_channels is 35, but z_channels + wave_stage_config.params.middle_channels * channel_mult is 34",
        ),
        (
            lambda config: config.update(z_length=31),
            "z_length is 31, but unet_config.params.channel_mult needs a multiple of 2",
        ),
        (lambda config: config.update(z_length=0), "z_length is 0, but"),
    ],
)
def test_networks_that_do_not_fit_are_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    config = tiny_config()
    change(config)
    with pytest.raises(ConfigError, match=re.escape(message)):
        LatentDiffusion(**config)


def test_networks_are_compared_before_any_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: Any) -> None:
        raise AssertionError("a full-size model takes a while to build")

    monkeypatch.setattr("mug.diffusion.latent_diffusion.MugDiffusionWrapper", build)
    config = tiny_config()
    config["unet_config"]["params"]["context_dim"] = 5
    with pytest.raises(ConfigError, match=r"context_dim is 5, but"):
        LatentDiffusion(**config)


@pytest.mark.parametrize("node", ["unet_config", "first_stage_config", "wave_stage_config", "cond_stage_config"])
@pytest.mark.parametrize("value", [None, 3, [1], {"target": "mug.diffusion.unet.UNetModel", "params": [1]}])
def test_what_is_no_network_is_named(node: str, value: Any) -> None:
    with pytest.raises(ConfigError):
        LatentDiffusion(**tiny_config(**{node: value}))


def test_networks_of_no_mappings_are_named() -> None:
    config = tiny_config()
    config["first_stage_config"]["params"]["ddconfig"] = [1]
    with pytest.raises(ConfigError, match="ddconfig"):
        LatentDiffusion(**config)


@pytest.mark.parametrize(("width", "mult"), [("32", 10**13), (10**13, "32")])
def test_text_is_not_multiplied(width: Any, mult: Any) -> None:
    config = tiny_config()
    of_wave(middle_channels=width, channel_mult=[mult])(config)
    with pytest.raises(ConfigError, match=r"str|memory"):  # of the layer that would have so many channels
        LatentDiffusion(**config)


def test_an_encoder_of_one_audio_that_does_not_fit_is_named() -> None:
    config = one_audio_config()
    config["wave_stage_config"]["params"]["out_channels"] = 6
    message = "in_channels is 7, but z_channels + wave_stage_config.params.out_channels is 8"
    with pytest.raises(ConfigError, match=re.escape(message)):
        LatentDiffusion(**config)
    config = one_audio_config()
    config["unet_config"]["params"] |= {"audio_channels": [32, 32], "in_channels": 2}
    message = "audio_channels is [32, 32], but wave_stage_config.params.out_channels, its last levels, is [5]"
    with pytest.raises(ConfigError, match=re.escape(message)):
        LatentDiffusion(**config)


@pytest.mark.parametrize(("mult", "multiple"), [([1, 1], 32), ([1] * 7, 64)])
def test_songs_are_padded_to_what_every_level_can_halve(mult: list[int], multiple: int) -> None:
    config = tiny_config(z_length=64)
    config["unet_config"]["params"] |= {"channel_mult": mult, "audio_channels": [32] * len(mult)}
    config["wave_stage_config"]["params"]["channel_mult"] = [1, 1, *mult]
    assert LatentDiffusion(**config).length_multiple == multiple


@pytest.fixture(scope="module")
def model() -> LatentDiffusion:
    return tiny_model()


def denoise(model: LatentDiffusion, **changes: Any) -> Tensor:
    batch = tiny_batch()
    context, audios = model.encode_prompt(batch["feature"]), model.encode_audio(batch["audio"])
    given = {"x_t": torch.zeros(3, 2, 32), "t": torch.tensor([0, 5, 999]), "context": context, "audios": audios}
    with torch.no_grad():
        return model.denoise(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_t": torch.zeros(3, 3, 32)}, "expects [B, 2, L] with L at least 1, got [3, 3, 32]"),
        ({"x_t": torch.zeros(2, 32)}, "expects [B, 2, L] with L at least 1, got [2, 32]"),
        ({"x_t": torch.zeros(3, 2, 31)}, "expects [B, 2, L] with L a multiple of 2, got [3, 2, 31]"),
        (
            {"x_t": torch.zeros(3, 2, 34)},
            "audios that end in [[3, 32, 34], [3, 32, 17]], got [[3, 32, 32], [3, 32, 16]]",
        ),
        ({"t": torch.tensor([1, 2])}, "expects timesteps [3] of int64, got [2] of torch.int64"),
        ({"t": torch.tensor(1)}, "expects timesteps [3] of int64, got [] of torch.int64"),
        ({"t": torch.tensor([0.0, 1.0, 2.0])}, "expects timesteps [3] of int64, got [3] of torch.float32"),
        ({"t": torch.tensor([1, 2, 1000])}, "expects timesteps from 0 to 999, got [1, 2, 1000]"),
        ({"t": torch.tensor([-1, 2, 3])}, "expects timesteps from 0 to 999, got [-1, 2, 3]"),
        ({"context": torch.zeros(3, 4, 20)}, "expects a context [B, C, 21], got [3, 4, 20]"),
        ({"context": torch.zeros(3, 4)}, "expects a context [B, C, 21], got [3, 4]"),
        ({"context": torch.zeros(3, 5, 21)}, "expects a context [3, 4, F], got [3, 5, 21]"),
        ({"context": torch.zeros(2, 4, 21)}, "expects a context [3, 4, F], got [2, 4, 21]"),
        ({"audios": []}, "audios that end in [[3, 32, 32], [3, 32, 16]], got []"),
        ({"audios": [torch.zeros(2, 32, 32), torch.zeros(2, 32, 16)]}, "got [[2, 32, 32], [2, 32, 16]]"),
    ],
)
def test_inputs_that_do_not_fit_are_named(model: LatentDiffusion, changes: dict[str, Any], message: str) -> None:
    assert denoise(model).shape == (3, 2, 32)
    with pytest.raises(ValueError, match=re.escape(message)):
        denoise(model, **changes)


def test_noising_refuses_what_would_be_broadcast(model: LatentDiffusion) -> None:
    x_0 = torch.zeros(3, 2, 32)
    with pytest.raises(ValueError, match=re.escape("expects timesteps [3] of int64, got [1]")):
        model.q_sample(x_0, torch.tensor([7]), x_0)
    with pytest.raises(ValueError, match=re.escape("expects noise [3, 2, 32], got [1, 2, 32]")):
        model.q_sample(x_0, torch.tensor([7, 7, 7]), x_0[:1])


def test_latents_that_do_not_fit_are_not_decoded(model: LatentDiffusion) -> None:
    with pytest.raises(
        ValueError, match=re.escape("the diffusion model expects [B, 2, L] with L at least 1, got [1, 3, 9]")
    ):
        model.decode_latent(torch.zeros(1, 3, 9))


def test_timesteps_are_not_looked_at_while_compiling(model: LatentDiffusion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert denoise(model, t=torch.tensor([-1, 2, 3])).shape == (3, 2, 32)
