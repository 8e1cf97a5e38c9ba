"""MusicVAE: the seed's sizes, what each decoder may see, its loss, and that it learns."""

import math

import pytest
import torch

from mug.errors import ConfigError
from mug.music_vae.decoders import drawn
from mug.music_vae.music_vae import MusicVAE, drum_inputs

SMALL = {"z_size": 8, "encoder_size": 8, "decoder_size": 8}


def small(**params: object) -> MusicVAE:
    torch.manual_seed(3)
    return MusicVAE(**{**SMALL, "level_lengths": (2, 4), **params})


def clips(count: int, n_steps: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, 512, (count, n_steps), generator=torch.Generator().manual_seed(seed))


def test_a_step_is_seen_as_nine_drums_and_none() -> None:
    seen = drum_inputs()
    assert seen.shape == (512, 10)
    assert seen[0].tolist() == [0] * 9 + [1]
    assert seen[0b101].tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0]


def test_the_sizes_are_those_of_the_published_configuration() -> None:
    model = MusicVAE(autoregressive=False)
    assert (model.n_steps, model.encoder.lstm.input_size, model.encoder.lstm.hidden_size) == (64, 10, 512)
    assert model.encode(clips(2, 64)).mean.shape == (2, 256)
    assert model.decoder.conductor is not None
    assert model.decoder.conductor.parts == 4
    assert model.decoder.steps.lstm.num_layers == 2
    assert model.free_nats == pytest.approx(48 * math.log(2))
    assert model.decoder(torch.zeros(2, 256), clips(2, 64)).shape == (2, 64, 512)


@pytest.mark.parametrize(("levels", "reach"), [((8,), 8), ((2, 4), 4)])
def test_a_step_sees_the_steps_before_it_in_its_part(levels: tuple[int, ...], reach: int) -> None:
    model, steps, z = small(level_lengths=levels), clips(1, 8), torch.zeros(1, 8)
    changed = steps.clone()
    changed[0, 1] += 1
    moved = (model.decoder(z, steps) != model.decoder(z, changed)).any(dim=2)[0].tolist()
    assert moved == [2 <= step < reach for step in range(8)]


def test_without_autoregression_no_step_is_seen() -> None:
    model, z = small(autoregressive=False), torch.ones(1, 8)
    assert torch.equal(model.decoder(z, clips(1, 8)), model.decoder(z, clips(1, 8, seed=2)))


def test_writing_is_teacher_forcing_on_what_was_written() -> None:
    model, z = small(), torch.randn(3, 8, generator=torch.Generator().manual_seed(5))
    written = model.decoder.write(z)
    assert torch.equal(model.decoder(z, written).argmax(dim=2), written)


def test_fully_forced_scheduled_sampling_is_teacher_forcing() -> None:
    model, z, steps = small(scheduled_sampling=10), torch.ones(3, 8), clips(3, 8)
    forced = model.decoder.scheduled(z, steps, torch.ones_like(steps, dtype=torch.bool), None)
    torch.testing.assert_close(forced, model.decoder(z, steps))


def test_scheduled_sampling_goes_from_the_truth_to_its_own() -> None:
    model = small(scheduled_sampling=10)
    assert model.share_forced(0) == pytest.approx(10 / 11)
    assert model.share_forced(23) == pytest.approx(10 / (10 + math.exp(2.3)))
    assert model.share_forced(10**6) < 1e-9


def test_only_bits_beyond_the_free_ones_cost() -> None:
    steps = clips(4, 8)
    free, log = small(free_bits=1e6).losses(steps, None, None)
    assert free.item() == pytest.approx(log["reconstruction"].item())
    costly, log = small(free_bits=0.0, max_beta=0.2).losses(steps, None, None)
    kl = log["kl_bits"].item() * math.log(2)
    assert costly.item() == pytest.approx(log["reconstruction"].item() + 0.2 * kl, rel=1e-5)


def test_the_weight_of_the_divergence_warms_up() -> None:
    model = small(beta_warm_up_steps=100)
    assert [model.beta(step) for step in (0, 50, 100, 999, None)] == [0.0, 0.1, 0.2, 0.2, 0.2]


def test_an_untrained_model_knows_nothing_of_512_categories() -> None:
    _, log = small().losses(clips(64, 8), None, None)
    assert log["reconstruction"].item() == pytest.approx(8 * math.log(512), rel=0.05)


def test_an_untrained_encoder_tells_clips_apart_by_any_step() -> None:
    torch.manual_seed(3)
    model, steps = MusicVAE(encoder_size=64), clips(16, 64)
    posterior = model.encode(steps)
    assert posterior.mean.std(dim=0).mean() > 3 * posterior.stddev.mean()
    for place in (0, 20, 32, 44, 63):
        changed = steps.clone()
        changed[:, place] = 0
        moved = (model.encode(changed).mean - posterior.mean).square().mean().sqrt()
        assert moved > posterior.stddev.mean() / 3, place


def test_temperature_draws_by_probability() -> None:
    logits = torch.log(torch.tensor([[0.7, 0.3]])).expand(4000, 2)
    share = drawn(logits, 1.0, torch.Generator().manual_seed(0)).float().mean().item()
    assert share == pytest.approx(0.3, abs=0.02)
    assert drawn(logits, 0.0, None).sum() == 0


@pytest.mark.parametrize(("levels", "autoregressive"), [((8,), True), ((2, 4), True), ((2, 4), False)])
def test_it_learns_to_write_clips_from_their_latents(levels: tuple[int, ...], autoregressive: bool) -> None:
    model, steps = (
        small(level_lengths=levels, autoregressive=autoregressive, decoder_size=64, encoder_size=64),
        clips(4, 8),
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(120):
        optimiser.zero_grad()
        model.losses(steps, step, torch.Generator().manual_seed(step))[0].backward()
        optimiser.step()
    assert torch.equal(model.decoder.write(model.encode(steps).mean), steps)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"level_lengths": [2, 2, 2]}, r"\[steps\], or \[parts, steps of a part\]"),
        ({"autoregressive": False, "scheduled_sampling": 10}, "only with autoregressive"),
    ],
)
def test_impossible_parameters_are_named(params: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MusicVAE(**{**SMALL, **params})  # type: ignore[arg-type]
