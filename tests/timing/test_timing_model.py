"""The network that hears beats: its lengths, its losses by hand, and a step of its training."""

import copy
import math

import pytest
import torch
from tiny_timing import tiny_timing_config

from mug.errors import ConfigError
from mug.model.network_node import build_network
from mug.timing.lit_timing import LitTiming, figures_of
from mug.timing.model import TimingAnswers, TimingModel, tempo_loss
from mug.timing.tempo_classes import BPMS
from mug.training.trainers import build_trainable


def model(**params) -> TimingModel:
    node = copy.deepcopy(tiny_timing_config()["model"])
    node["params"] |= params
    torch.manual_seed(0)
    return build_network(node)


def batch(frames: int = 64) -> dict[str, torch.Tensor]:
    """Beats at the middle of every eighth note frame, the first of which begins a measure, at 100 BPM."""
    beat, downbeat, place = torch.zeros(3, 2, frames)
    beat[:, ::8], downbeat[:, 0], place[:] = 1, 1, 0.5
    tempo = torch.full((2, frames // 8), 100.0)
    return {"audio": torch.rand(2, 16, 8 * frames), "beat": beat, "place": place, "downbeat": downbeat, "tempo": tempo}


def right(truth: dict[str, torch.Tensor]) -> TimingAnswers:
    class_of = int(abs(torch.from_numpy(BPMS) - 100).argmin())
    tempo = torch.zeros(2, len(BPMS), truth["tempo"].shape[1])
    tempo[:, class_of] = 30
    return TimingAnswers(60 * truth["beat"] - 30, truth["place"], 60 * truth["downbeat"] - 30, tempo)


def test_answers_are_as_long_as_the_song() -> None:
    answers = model()(torch.rand(3, 16, 640))
    assert [tuple(answer.shape) for answer in answers] == [(3, 80), (3, 80), (3, 80), (3, 100, 10)]


def test_the_losses_by_hand() -> None:
    truth = batch()
    unsure = TimingAnswers(*torch.zeros(3, 2, 64), torch.zeros(2, len(BPMS), 8))
    network = model(weight_place=3.0, weight_downbeat=2.0, weight_tempo=0.5)
    loss, parts = network.losses(unsure, truth)
    assert float(parts["place_loss"]) == pytest.approx(0.25, rel=1e-4)
    assert float(parts["tempo_loss"]) == pytest.approx(math.log(100), rel=1e-4)
    assert float(loss) == pytest.approx(3 * math.log(2) + 0.75 + 0.5 * math.log(100), rel=1e-4)
    _, parts = network.losses(right(truth), truth)
    assert [float(parts[f"{name}_loss"]) for name in ("beat", "place", "downbeat")] == pytest.approx(
        [0, 0, 0], abs=1e-6
    )


def test_a_tempo_outside_the_music_does_not_count() -> None:
    logits = torch.randn(1, len(BPMS), 2)
    known = torch.tensor([[100.0, 0.0]])
    first = float(tempo_loss(logits[..., :1], known[:, :1]))
    assert float(tempo_loss(logits, known)) == pytest.approx(first, rel=1e-4)
    assert float(tempo_loss(logits, torch.zeros(1, 2))) == 0


def test_figures_of_right_answers_and_of_twice_the_tempo() -> None:
    truth = batch()
    assert set(figures_of(right(truth), truth).values()) == {1.0}
    doubled = right(truth)
    doubled = doubled._replace(tempo=doubled.tempo.roll(39, dims=1))
    found = figures_of(doubled, truth)  # 39 classes are an octave
    assert (found["tempo_right"], found["tempo_octaves"]) == (0, 1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"audio_per_note": 4}, "4 audio frames a note frame are wanted"),
        ({"z_channels": 7}, "z_channels is 7, the encoder has 8"),
        ({"out_channels": 2}, "out_channels has to be 3"),
    ],
)
def test_networks_that_do_not_fit(params: dict[str, int], message: str) -> None:
    node = copy.deepcopy(tiny_timing_config()["model"])
    of_decoder = {name: value for name, value in params.items() if name != "audio_per_note"}
    node["params"]["decoder_config"]["params"] |= of_decoder
    node["params"] |= {name: value for name, value in params.items() if name not in of_decoder}
    with pytest.raises(ConfigError, match=message):
        build_network(node)


def test_a_step_of_training() -> None:
    torch.manual_seed(0)
    training = build_trainable(tiny_timing_config()["model"])
    assert isinstance(training, LitTiming)
    training.log = training.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    optimizer = torch.optim.Adam(training.parameters(), 0.01)
    truth, losses = batch(), []
    for _ in range(6):
        optimizer.zero_grad()
        loss = training.training_step(truth, 0)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
