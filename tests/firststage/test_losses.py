"""ManiaReconstructLoss reproduces the recorded one, obeys its mask, and is least on its own target."""

import math

import pytest
import torch
from records import Record, arguments, recordings

from mug.errors import ConfigError
from mug.firststage.losses import ManiaReconstructLoss, frame_scores, mean_where


@pytest.mark.parametrize("name", recordings("loss"))
def test_reproduces_the_recorded_loss(parity, name):
    record = Record(parity / f"{name}.npz")
    options = arguments(ManiaReconstructLoss, record.config["params"])
    guess = record.inputs["reconstructions"].requires_grad_()
    note = record.inputs["note"]
    everywhere = torch.ones_like(record.inputs["valid_flag"])  # the record was made with the mask ignored
    loss, log = ManiaReconstructLoss(**options)(guess, note, everywhere)
    loss.backward()
    record.assert_reproduced("loss", loss)
    record.assert_reproduced("grad_reconstructions", guess.grad)
    for metric in record.group("log/"):
        record.assert_reproduced(f"log/{metric}", log[metric])
    record.assert_all_reproduced()


def chart(keys: int = 3, frames: int = 13) -> torch.Tensor:
    """Notes [1, 4 keys, frames]: plain ones at (column 0, frame 2) and (1, 5), a long one at column 2 from 3 to 7."""
    note = torch.zeros(1, 4, keys, frames)
    for column, frame, offset in ((0, 2, 0.25), (1, 5, 0.5), (2, 3, 0.75)):
        note[0, 0, column, frame] = 1
        note[0, 1, column, frame] = offset
    note[0, 2, 2, 4:8] = 1
    note[0, 3, 2, 7] = 0.125
    return note.flatten(1, 2)


def perfect(note: torch.Tensor) -> torch.Tensor:
    """What a faultless decoder answers: confident logits, and the offsets."""
    planes = note.unflatten(1, (4, -1)).clone()
    planes[:, [0, 2]] = planes[:, [0, 2]] * 60 - 30
    return planes.flatten(1, 2)


def test_is_least_on_its_own_target():
    note, valid = chart(), torch.ones(1, 13)
    loss, log = ManiaReconstructLoss()(perfect(note), note, valid)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert {value.item() for name, value in log.items() if not name.endswith("_loss")} == {1.0}
    noise = torch.randn(note.shape, generator=torch.Generator().manual_seed(0))
    worse, _ = ManiaReconstructLoss()(perfect(note) + noise, note, valid)
    assert worse > loss


def test_offsets_count_only_where_a_note_starts_or_a_hold_ends():
    note, valid = chart(), torch.ones(1, 13)
    guess = perfect(note).unflatten(1, (4, -1))
    elsewhere = guess.clone()
    elsewhere[:, 1] += 5 * (1 - note.unflatten(1, (4, -1))[:, 0])  # every frame but the three starts
    elsewhere[0, 3, :, :7] += 5  # every frame before the tail's
    loss, _ = ManiaReconstructLoss()(elsewhere.flatten(1, 2), note, valid)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    off = guess.clone()
    off[0, 1, 0, 2] += 3  # one of three starts: mean squared error 9 / 3
    off[0, 3, 2, 7] += 2  # the only tail: 4
    _, log = ManiaReconstructLoss()(off.flatten(1, 2), note, valid)
    assert log["offset_start_loss"].item() == pytest.approx(3.0, rel=1e-4)
    assert log["offset_end_loss"].item() == pytest.approx(4.0, rel=1e-3)


def test_a_hold_may_end_in_the_last_frame():
    note = chart(frames=8)
    guess = perfect(note).unflatten(1, (4, -1)).clone()
    guess[0, 3, 2, 7] += 2
    _, log = ManiaReconstructLoss()(guess.flatten(1, 2), note, torch.ones(1, 8))
    assert log["offset_end_loss"].item() == pytest.approx(4.0, rel=1e-3)


def test_invalid_frames_count_for_nothing():
    note = chart()
    valid = torch.zeros(1, 13)
    valid[:, :6] = 1  # all starts, but not the long note's tail
    guess = perfect(note).requires_grad_()
    noisy = guess + torch.cat([torch.zeros(1, 12, 6), torch.full((1, 12, 7), 40.0)], dim=2)
    loss, log = ManiaReconstructLoss()(noisy, note, valid)
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert log["precision_rice"].item() == 1.0
    assert log["acc_rice"].item() == 1.0
    assert guess.grad[..., 6:].abs().max() == 0


def test_an_empty_chart_gives_finite_numbers():
    note = torch.zeros(2, 12, 13)
    loss, log = ManiaReconstructLoss()(torch.zeros_like(note), note, torch.zeros(2, 13))
    assert loss.item() == 0.0
    assert all(value.isfinite() for value in log.values())


def test_weights_by_hand():
    note, valid = chart(), torch.ones(1, 13)
    guess = torch.zeros_like(note)
    _, log = ManiaReconstructLoss()(guess, note, valid)
    weights = {"weight_start_offset": 2.0, "weight_holding": 3.0, "weight_end_offset": 5.0}
    loss, _ = ManiaReconstructLoss(**weights)(guess, note, valid)
    parts = [log[f"{name}_loss"].item() for name in ("start", "offset_start", "holding", "offset_end")]
    assert parts[0] == pytest.approx(0.693147, abs=1e-5)  # log 2: a guess of one half
    assert parts[1] == pytest.approx((0.25**2 + 0.5**2 + 0.75**2) / 3, rel=1e-4)
    assert loss.item() == pytest.approx(parts[0] + 2 * parts[1] + 3 * parts[2] + 5 * parts[3], rel=1e-6)


def test_focal_loss_passes_over_what_is_right_already():
    # cross-entropies log(2) and log(1 + e^-2), times the squared probability of the wrong answer
    guess, valid = torch.zeros(1, 12, 13), torch.ones(1, 13)
    guess[:, :3] = -2.0
    note = torch.zeros_like(guess)
    _, log = ManiaReconstructLoss(focal_gamma=2.0)(guess, note, valid)
    wrong = 1 / (1 + math.e**2)
    assert log["start_loss"].item() == pytest.approx(wrong**2 * math.log(1 + math.e**-2), rel=1e-5)
    assert log["holding_loss"].item() == pytest.approx(0.25 * math.log(2), rel=1e-5)
    note[:, :3] = 1.0
    _, log = ManiaReconstructLoss(focal_gamma=2.0)(guess, note, valid)
    assert log["start_loss"].item() == pytest.approx((1 - wrong) ** 2 * math.log(1 + math.e**2), rel=1e-5)


@pytest.mark.parametrize("options", [{"label_smoothing": 0.6}, {"label_smoothing": -0.1}, {"focal_gamma": -1.0}])
def test_impossible_options_are_named(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        ManiaReconstructLoss(**options)


def test_scores_by_hand():
    logits = torch.tensor([[[1.0, 1.0, -1.0, -1.0, 1.0]]])
    target = torch.tensor([[[1.0, 0.0, 1.0, 0.0, 0.0]]])
    valid = torch.tensor([[[1.0, 1.0, 1.0, 1.0, 0.0]]])
    assert [score.item() for score in frame_scores(logits, target, valid)] == [0.5, 0.5, 0.5]
    assert mean_where(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0])).item() == pytest.approx(3.0, rel=1e-5)


def test_refuses_shapes_that_do_not_belong_together():
    note = chart()
    with pytest.raises(ValueError, match=r"got \[1, 12, 13\], \[1, 12, 13\] and \[1, 12\]"):
        ManiaReconstructLoss()(note, note, torch.ones(1, 12))
    with pytest.raises(ValueError, match=r"got \[1, 12, 11\]"):
        ManiaReconstructLoss()(note[..., :11], note, torch.ones(1, 13))
