"""The denoiser reproduces the recorded ones, starts silent, and refuses what does not fit."""

import re

import pytest
import torch
from records import REWRITTEN_C, Record, recordings

from mug.diffusion.unet import TimestepResBlock, UNetModel, timestep_embedding
from mug.errors import ConfigError

SMALL = {
    "in_channels": 3,
    "model_channels": 32,
    "out_channels": 5,
    "num_res_blocks": 1,
    "attention_resolutions": [2],
    "audio_channels": [32, 64],
    "channel_mult": [1, 2],
    "num_heads": 4,
    "context_dim": 7,
}


def inputs(audio_levels: int = 2) -> dict:
    """What SMALL reads, two songs of 22 latent frames."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 64, 11), (2, 32, 22), (2, 99, 44)][:audio_levels]
    return {
        "x": torch.randn(2, 3, 22, generator=generator),
        "timesteps": torch.tensor([3, 997]),
        "context": torch.randn(2, 7, 13, generator=generator),
        "audios": [torch.randn(shape, generator=generator) for shape in reversed(shapes)],
    }


def awake(model: UNetModel) -> UNetModel:
    """Fill the zero-initialised layers, so that every branch counts."""
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.mark.parametrize("name", recordings("unet"))
def test_reproduces_the_recorded_network(parity, name):
    record = Record(parity / f"{name}.npz")
    model = record.build(UNetModel)
    given = record.inputs
    with torch.no_grad():
        eps = model(given["x"], given["timesteps"], given.get("context"), record.numbered("audio_"))
    record.assert_reproduced("eps", eps)
    for name in record.group("state_after/"):
        record.assert_reproduced(f"state_after/{name}", model.state_dict()[name], unknown=REWRITTEN_C)
    record.assert_all_reproduced()


def one_audio(channels: int = 4) -> dict:
    """What SMALL reads where it hears one audio at its entrance: `channels` of audio beside its 3 of latent."""
    return {**inputs(), "audios": [torch.randn(2, channels, 22, generator=torch.Generator().manual_seed(1))]}


def test_one_audio_is_heard_on_the_input_channels():
    torch.manual_seed(0)
    heard = awake(UNetModel(**{**SMALL, "in_channels": 7, "audio_channels": None})).eval()
    levels = UNetModel(**{**SMALL, "in_channels": 7, "audio_channels": [0, 0]}).eval()
    assert heard.n_audios == 1
    numbered = [name for name in heard.state_dict() if name.startswith("input_blocks.1.")]
    assert numbered[0] == "input_blocks.1.0.in_layers.0.weight"  # no concatenation takes an index
    levels.load_state_dict(dict(zip(levels.state_dict(), heard.state_dict().values(), strict=True)))
    given = one_audio()
    beside = torch.cat([given["x"], *given["audios"]], dim=1)  # x first
    silent = [torch.zeros(2, 0, 22), torch.zeros(2, 0, 11)]
    out = heard(**given)
    assert out.shape == (2, 5, 22)
    torch.testing.assert_close(out, levels(**{**given, "x": beside, "audios": silent}))


def test_the_one_audio_is_needed_whole():
    model = UNetModel(**{**SMALL, "in_channels": 7, "audio_channels": None})
    good = one_audio()
    for audios, given in [
        ([], "[]"),
        (one_audio(5)["audios"], "[[2, 5, 22]]"),
        ([torch.zeros(2, 4, 11)], "[[2, 4, 11]]"),
        ([torch.zeros(1, 4, 22)], "[[1, 4, 22]]"),
        (2 * good["audios"], "[[2, 4, 22], [2, 4, 22]]"),
    ]:
        message = f"expects x [B, C, L] and one audio [B, 7 - C, L], got [2, 3, 22] and {given}"
        with pytest.raises(ValueError, match=re.escape(message)):
            model(**{**good, "audios": audios})
    with pytest.raises(ValueError, match=re.escape("expects [B, 7, L] with L a multiple of 2, got [2, 7, 21]")):
        model(**{**good, "x": torch.zeros(2, 3, 21), "audios": [torch.zeros(2, 4, 21)]})


def test_timestep_embedding_by_hand():
    embedding = timestep_embedding(torch.tensor([0, 2]), 4)
    assert embedding[0].tolist() == [1.0, 1.0, 0.0, 0.0]
    expected = torch.tensor([2.0, 0.02]).cos().tolist() + torch.tensor([2.0, 0.02]).sin().tolist()
    assert embedding[1].tolist() == pytest.approx(expected)


def test_starts_by_guessing_no_noise():
    assert UNetModel(**SMALL)(**inputs()).abs().max() == 0


def test_hears_only_the_last_scales():
    torch.manual_seed(0)
    model = awake(UNetModel(**SMALL)).eval()
    two, three = inputs(2), inputs(2)
    three["audios"] = [torch.full((2, 99, 44), float("nan")), *three["audios"]]
    assert torch.equal(model(**two), model(**three))


@pytest.mark.parametrize("name", ["x", "timesteps", "context", "audios"])
def test_every_input_matters(name):
    torch.manual_seed(0)
    model = awake(UNetModel(**SMALL)).eval()
    changed = inputs()
    if name == "audios":
        changed["audios"][0] = changed["audios"][0] + 1
    else:
        changed[name] = changed[name] + 1
    assert not torch.allclose(model(**inputs()), model(**changed), atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"use_scale_shift_norm": True},
        {"s4_layer": True},
        {"num_head_channels": 16},
        {"transformer_depth": 2},
        {"lstm_layer": True},
        {"pooled_context": True},
    ],
)
def test_variants_run_and_learn(change):
    torch.manual_seed(0)
    model = awake(UNetModel(**SMALL, **change))
    out = model(**inputs())
    assert out.shape == (2, 5, 22)
    out.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in model.parameters())


def test_a_pooled_prompt_reaches_levels_without_attention():
    """Without transformers but the middle one, and that one silent, the prompt still matters, in any order."""
    torch.manual_seed(0)
    model = awake(UNetModel(**{**SMALL, "attention_resolutions": []}, pooled_context=True)).eval()
    torch.nn.init.zeros_(model.middle_block[1].proj_out.weight)
    torch.nn.init.zeros_(model.middle_block[1].proj_out.bias)
    given = inputs()
    shuffled = {**given, "context": given["context"].flip(2)}
    other = {**given, "context": given["context"] + 0.1}
    torch.testing.assert_close(model(**given), model(**shuffled))
    assert not torch.allclose(model(**given), model(**other), atol=1e-3)


def test_scale_and_shift_by_hand():
    torch.manual_seed(0)
    block = TimestepResBlock(32, 32, 7, dropout=0.0, use_scale_shift_norm=True, use_checkpoint=False)
    last = block.out_layers[3]
    torch.nn.init.dirac_(last.weight)  # the last convolution hands through what it gets
    torch.nn.init.zeros_(block.emb_layers[1].weight)
    block.emb_layers[1].bias.data = torch.cat([torch.full((32,), 2.0), torch.full((32,), 5.0)])
    x = torch.randn(2, 32, 11)
    normed = torch.nn.functional.group_norm(block.in_layers(x), 32, eps=1e-6)
    expected = x + torch.nn.functional.silu(normed * (1 + 2) + 5)
    torch.testing.assert_close(block(x, torch.randn(2, 7)), expected)


def test_head_width_decides_the_number_of_heads():
    state = UNetModel(**SMALL, num_head_channels=16).state_dict()
    assert state["middle_block.1.transformer_blocks.0.attn1.C_embedding"].shape == (129, 4)
    assert state["input_blocks.5.1.transformer_blocks.0.attn1.C_embedding"].shape == (129, 4)


def test_checkpointing_changes_no_number_even_with_dropout():
    grads = []
    for use_checkpoint in (False, True):
        torch.manual_seed(0)
        model = awake(UNetModel(**SMALL, dropout=0.3, use_checkpoint=use_checkpoint))
        torch.manual_seed(1)
        model(**inputs()).square().mean().backward()
        grads.append([parameter.grad for parameter in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(2, 4, 22)}, "expects [B, 3, L] with L a multiple of 2, got [2, 4, 22]"),
        ({"x": torch.zeros(2, 3, 23)}, "expects [B, 3, L] with L a multiple of 2, got [2, 3, 23]"),
        ({"audios": [torch.zeros(2, 64, 11)]}, "audios that end in [[2, 32, 22], [2, 64, 11]], got [[2, 64, 11]]"),
        ({"audios": [torch.zeros(2, 32, 22), torch.zeros(2, 64, 12)]}, "got [[2, 32, 22], [2, 64, 12]]"),
        ({"context": torch.zeros(2, 8, 13)}, "expects a context [2, 7, F], got [2, 8, 13]"),
        ({"context": None}, "expects a context [2, 7, F], got None"),
        ({"context": torch.zeros(1, 7, 13)}, "expects a context [2, 7, F], got [1, 7, 13]"),
        ({"timesteps": torch.tensor([3])}, "expects timesteps [2], got [1]"),
        ({"timesteps": torch.tensor([[3], [997]])}, "expects timesteps [2], got [2, 1]"),
        ({"audios": [torch.zeros(1, 32, 22), torch.zeros(1, 64, 11)]}, "got [[1, 32, 22], [1, 64, 11]]"),
    ],
)
def test_refuses_inputs_of_a_wrong_shape(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        UNetModel(**SMALL)(**{**inputs(), **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"audio_channels": [32]}, "lengths differ"),
        ({"audio_channels": [], "channel_mult": []}, "or are 0"),
        ({"pooled_context": True, "context_dim": None}, "pooled_context needs a context_dim"),
        ({"num_heads": 3}, "3 heads do not divide a layer of 64"),
        ({"model_channels": 40}, "num_groups 32 does not divide"),
    ],
)
def test_refuses_an_impossible_configuration(change, message):
    with pytest.raises(ConfigError, match=message):
        UNetModel(**{**SMALL, **change})
