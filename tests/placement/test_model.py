"""Training of step placement: its loss by hand, where it starts, and that it learns to hear and to read."""

import copy
import math

import pytest
import torch
from tiny_model import tiny_placement_config, tiny_run_config

from mug.cond.lit_onsets import LitOnsets
from mug.errors import CheckpointError, ConfigError
from mug.model.network_node import TrainingParams, build_network
from mug.placement.model import PlacementModel


def placement(**params) -> PlacementModel:
    """A window of 512 audio frames is 64 note frames: two in each frame of the denoiser."""
    node = copy.deepcopy(tiny_placement_config()["model"])
    node["params"] |= params
    torch.manual_seed(0)
    model = build_network(node)
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():  # layers that start at zero hear and say nothing
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def prompt(model: PlacementModel, **rows: int) -> torch.Tensor:
    """Ids [1, F] of a prompt that says nothing but for some features' rows."""
    names, first = model.cond_stage_model.names, model.cond_stage_model.first
    return (first + torch.tensor([rows.get(name, 0) for name in names]))[None]


def batch(model: PlacementModel) -> dict[str, torch.Tensor]:
    """Two keys, 64 note frames: a chord in frame 1, a note in frame 3, and one after the chart's end."""
    is_start, place = torch.zeros(2, 1, 2, 64)
    is_start[0, :, 1] = 1
    place[0, 0, 1], place[0, 1, 1] = 0.75, 0.25
    is_start[0, 1, 3], place[0, 1, 3] = 1, 0.5
    is_start[0, 0, 7] = 1
    valid = (torch.arange(64) < 6).float()[None]
    note = torch.cat([is_start, place, torch.zeros(1, 4, 64)], dim=1)
    return {"audio": torch.zeros(1, 16, 512), "feature": prompt(model), "note": note, "valid_flag": valid}


def logged(model: PlacementModel, answers: torch.Tensor, monkeypatch) -> tuple[float, dict[str, float]]:
    """The loss of given answers [1, 2, 64], and what is logged of it."""
    seen: dict[str, float] = {}
    monkeypatch.setattr(model, "forward", lambda audio, feature: answers)
    training = LitOnsets(model)
    monkeypatch.setattr(training, "log", lambda name, value, **_: seen.update({name: float(value)}))
    monkeypatch.setattr(training, "log_dict", lambda values, **_: seen.update({n: float(v) for n, v in values.items()}))
    return float(training.validation_step(batch(model), 0)), seen


def test_the_loss_by_hand(monkeypatch):
    loss, seen = logged(placement(weight_offset=3.0), torch.zeros(1, 2, 64), monkeypatch)
    assert seen["val/start_loss"] == pytest.approx(math.log(2), rel=1e-4)  # of six frames that count
    # of a chord the first note counts: 0.25; and the other's 0.5
    assert seen["val/offset_loss"] == pytest.approx((0.25**2 + 0.5**2) / 2, rel=1e-3)
    assert loss == pytest.approx(math.log(2) + 3 * (0.25**2 + 0.5**2) / 2, rel=1e-3)
    assert seen["val/loss"] == pytest.approx(loss)


def test_right_answers_cost_nothing(monkeypatch):
    start = torch.full((64,), 30.0)  # after the end, too, where nothing counts
    start[[0, 2, 4, 5]] = -30
    place = torch.full((64,), 9.0)
    place[1], place[3] = 0.25, 0.5
    loss, seen = logged(placement(), torch.stack([start, place])[None], monkeypatch)
    assert loss == pytest.approx(0, abs=1e-6)
    assert (seen["val/precision"], seen["val/recall"]) == (1, 1)


def test_a_denoiser_frame_predicts_its_note_frames_in_order(monkeypatch):
    model = placement()
    answers = torch.arange(4.0)[None, :, None] + 10 * torch.arange(32)  # [1, 4, L]
    monkeypatch.setattr(model.unet_model, "forward", lambda *_: answers)
    start, offset = model(torch.zeros(1, 16, 512), prompt(model))[0]
    assert start[:6].tolist() == [0, 1, 10, 11, 20, 21]
    assert offset[:6].tolist() == [2, 3, 12, 13, 22, 23]


def test_output_depends_on_audio_and_prompt_at_any_length():
    model = placement().eval()
    audio = torch.rand(1, 16, 3 * model.audio_multiple)
    answers = model(audio, prompt(model))
    assert answers.shape == (1, 2, 12)
    assert not torch.allclose(answers, model(torch.rand_like(audio), prompt(model)), atol=1e-3)
    assert not torch.allclose(answers, model(audio, prompt(model, sr=3)), atol=1e-3)


def test_it_learns_where_a_click_is():
    model = placement()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(20):
        clicks = (torch.rand(8, 1, 16, generator=generator) < 0.3).float()
        audio = torch.repeat_interleave(clicks, 8, dim=2).expand(8, 16, 128) * 3.0
        start = model(audio, prompt(model).expand(8, -1))[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(start, clicks[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_it_is_initialised_from_stage_2_except_the_last_layer(tiny_checkpoint):
    stage_2 = torch.load(tiny_checkpoint, weights_only=True)["state_dict"]
    model = LitOnsets(placement(), TrainingParams(ckpt_path=str(tiny_checkpoint))).network
    for network in ("unet_model", "wave_model", "cond_stage_model"):
        for name, value in getattr(model, network).state_dict().items():
            if not name.startswith("out.2."):
                assert torch.equal(value, stage_2[f"model.{network}.{name}"]), name


def test_a_stage_2_of_other_networks_is_refused(tiny_checkpoint):
    unet = copy.deepcopy(tiny_placement_config()["model"]["params"]["unet_config"])
    unet["params"]["model_channels"] = 64
    with pytest.raises(CheckpointError, match="does not fit UNetModel"):
        LitOnsets(placement(unet_config=unet), TrainingParams(ckpt_path=str(tiny_checkpoint)))


def test_networks_that_do_not_belong_together_are_refused():
    with pytest.raises(ConfigError, match="out_channels is 4, but 3 note frames a latent frame need 6"):
        placement(note_frames=3)
    unet = copy.deepcopy(tiny_run_config()["model"]["params"]["unet_config"])
    unet["params"]["out_channels"] = 2
    model = placement(note_frames=1, unet_config=unet)
    with pytest.raises(ConfigError, match="has 32 note frames per window, which has 64"):
        LitOnsets(model).training_step(batch(model), 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"audio_channels": None}, "give audio_channels; a placement model uses every scale"),
        ({"audio_channels": [32, 64]}, r"audio_channels is \[32, 64\], but .* is \[32, 32\]"),
        ({"context_dim": 6}, "context_dim is 6, but cond_stage_config.params.embed_dim is 5"),
    ],
)
def test_conditions_that_the_denoiser_does_not_take_are_refused(change, reason):
    unet = copy.deepcopy(tiny_placement_config()["model"]["params"]["unet_config"])
    unet["params"] |= change
    with pytest.raises(ConfigError, match=reason):
        placement(unet_config=unet)
