"""Training the audio encoder to hear onsets: its loss by hand, its weights in stage 2's encoder."""

import math

import pytest
import torch

from mug.cond.lit_onsets import LitOnsets
from mug.cond.onset_detector import OnsetDetector
from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.errors import CheckpointError, ConfigError

ENCODER = {
    "n_freq": 6,
    "middle_channels": 8,
    "attention_resolutions": [],
    "num_heads": 2,
    "num_groups": 4,
    "channel_mult": [1, 1, 2],
    "num_res_blocks": 1,
}
NODE = {"target": "mug.cond.wave.MelspectrogramScaleEncoder1D", "params": ENCODER}


def detector(**params) -> OnsetDetector:
    """A window of 16 audio frames is 8 note frames: two in each frame of scale 2."""
    return OnsetDetector(NODE, **{"scale": 2, "note_frames": 2, **params})


def batch() -> dict[str, torch.Tensor]:
    """Two keys, 8 note frames: a chord in frame 1, a long note over frames 3 to 5, and one after the chart's end."""
    is_start, place, holding = torch.zeros(3, 1, 2, 8)
    is_start[0, 0, 1] = is_start[0, 1, 1] = 1
    place[0, 0, 1], place[0, 1, 1] = 0.75, 0.25
    is_start[0, 1, 3], place[0, 1, 3] = 1, 0.5
    holding[0, 1, 4:6] = 1
    is_start[0, 0, 7] = 1
    valid = torch.tensor([[1.0, 1, 1, 1, 1, 1, 0, 0]])
    note = torch.cat([is_start, place, holding, torch.zeros(1, 2, 8)], dim=1)
    return {"audio": torch.zeros(1, 6, 16), "note": note, "valid_flag": valid}


def logged(model: OnsetDetector, answers: torch.Tensor, monkeypatch) -> tuple[float, dict[str, float]]:
    """The loss of given answers [1, 3, 8], and what is logged of it."""
    seen: dict[str, float] = {}
    monkeypatch.setattr(model, "forward", lambda audio: answers)
    training = LitOnsets(model)
    monkeypatch.setattr(training, "log", lambda name, value, **_: seen.update({name: float(value)}))
    monkeypatch.setattr(training, "log_dict", lambda values, **_: seen.update({n: float(v) for n, v in values.items()}))
    return float(training.validation_step(batch(), 0)), seen


def test_the_loss_by_hand(monkeypatch):
    model = detector(weight_offset=2.0, weight_holding=0.2)
    loss, seen = logged(model, torch.zeros(1, 3, 8), monkeypatch)
    assert seen["val/start_loss"] == pytest.approx(math.log(2), rel=1e-4)  # of six frames that count
    assert seen["val/holding_loss"] == pytest.approx(math.log(2), rel=1e-4)
    # of a chord the first note counts: 0.25; and the long note's 0.5
    assert seen["val/offset_loss"] == pytest.approx((0.25**2 + 0.5**2) / 2, rel=1e-3)
    expected = math.log(2) + 2 * (0.25**2 + 0.5**2) / 2 + 0.2 * math.log(2)
    assert loss == pytest.approx(expected, rel=1e-3)
    assert seen["val/loss"] == pytest.approx(loss)


def test_right_answers_cost_nothing(monkeypatch):
    start = torch.tensor([-30.0, 30, -30, 30, -30, -30, 30, -30])  # frame 6 is after the end, where nothing counts
    place = torch.tensor([9.0, 0.25, 9, 0.5, 9, 9, 9, 9])
    held = torch.tensor([-30.0, -30, -30, -30, 30, 30, 30, 30])
    loss, seen = logged(detector(), torch.stack([start, place, held])[None], monkeypatch)
    assert loss == pytest.approx(0, abs=1e-6)
    assert (seen["val/precision"], seen["val/recall"]) == (1, 1)


def test_an_encoder_frame_predicts_its_note_frames_in_order():
    model = detector()
    with torch.no_grad():
        model.look.weight.zero_()
        model.look.bias.copy_(torch.arange(6.0))  # answers 0, 1, 2 for the first and second note frame
    assert model(torch.zeros(1, 6, 16))[0].tolist() == [[0.0, 1.0] * 4, [2.0, 3.0] * 4, [4.0, 5.0] * 4]


def test_it_learns_where_a_click_is():
    torch.manual_seed(0)
    model = detector()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(60):
        clicks = (torch.rand(16, 1, 8, generator=generator) < 0.3).float()
        audio = torch.repeat_interleave(clicks, 2, dim=2).expand(16, 6, 16) * 3.0
        note = torch.cat([clicks, torch.zeros(16, 3, 8)], dim=1)
        start = model(audio)[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(start, note[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_the_encoder_of_stage_2_starts_with_its_weights(tmp_path):
    trained = detector()
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": trained.state_dict()}, path)
    encoder = MelspectrogramScaleEncoder1D(**ENCODER, ckpt_path=str(path))
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, trained.wave_model.state_dict()[name]), name
    with pytest.raises(CheckpointError, match="does not fit"):
        MelspectrogramScaleEncoder1D(**{**ENCODER, "middle_channels": 16}, ckpt_path=str(path))


@pytest.mark.parametrize("scale", [-1, 3])
def test_a_scale_that_the_encoder_lacks_is_refused(scale):
    with pytest.raises(ConfigError, match=f"scale is {scale}; the encoder's outputs are 0 to 2"):
        detector(scale=scale)


def test_note_frames_that_do_not_fill_the_window_are_refused():
    with pytest.raises(ConfigError, match="has 4 note frames per window, which has 8"):
        LitOnsets(detector(note_frames=1)).training_step(batch(), 0)
