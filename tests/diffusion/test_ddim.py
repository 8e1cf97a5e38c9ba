"""DDIM against a denoiser whose samples are known exactly."""

from functools import partial

import numpy as np
import pytest
import torch
from gaussian_data import exact_sample, from_noise, optimal_x0
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.guidance import guided
from mug.diffusion.parameterization import PARAMETERIZATIONS
from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.steps import Step, sampling_steps
from mug.errors import ConfigError

LINEAR = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))  # alpha_bar [1000]
SCHEDULES = {name: torch.from_numpy(np.cumprod(1 - make_beta_schedule(name))) for name in ("linear", "cosine")}
PURE_NOISE = {
    "linear to zero": torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear", zero_terminal_snr=True))),
    "rectified flow": torch.from_numpy(np.cumprod(1 - make_beta_schedule("rectified_flow"))),
}
SCHEDULES |= PURE_NOISE


def silent(iterable, **_):  # type: ignore[no-untyped-def]
    return iterable


@pytest.mark.parametrize(
    ("parameterization", "schedule"),
    [(p, s) for p in PARAMETERIZATIONS for s in SCHEDULES if p != "eps" or s not in PURE_NOISE],
)
def test_gaussian_data_is_sampled_exactly(parameterization: str, schedule: str) -> None:
    x_T = torch.tensor([[[-2.0, -0.5, 0.0, 0.7, 3.0]]], dtype=torch.float64)
    alpha_bar = SCHEDULES[schedule]
    denoise = partial(optimal_x0, alpha_bar=alpha_bar, parameterization=parameterization)
    sample = ddim_sample(denoise, x_T, alpha_bar, 1000, spacing="trailing", tqdm_class=silent)
    torch.testing.assert_close(sample, exact_sample(x_T, alpha_bar, start=999), rtol=0, atol=1e-2)


def test_stochastic_sampling_keeps_the_variance() -> None:
    generator = torch.Generator().manual_seed(11)
    x_T = torch.randn(1, 1, 10_007, generator=generator, dtype=torch.float64)
    sample = ddim_sample(
        partial(optimal_x0, alpha_bar=LINEAR, mean=0.0, std=1.0), x_T, LINEAR, 1000, eta=1.0, generators=[generator],
        tqdm_class=silent,
    )  # fmt: skip
    assert sample.std().item() == pytest.approx(1.0, abs=0.02)
    assert abs((sample * x_T).mean().item()) < 0.05  # and it has forgotten where it came from


def test_a_step_adds_its_sigma_of_noise() -> None:
    # With a denoiser that says "no noise", a step of eta 0.7 differs from the noiseless one by sigma times the noise.
    x_T = torch.zeros(2, 1, 3, dtype=torch.float64)
    passed: list[tuple[Step, Tensor]] = []
    ddim_sample(
        from_noise(lambda x, t: torch.zeros_like(x), LINEAR), x_T, LINEAR, 20, eta=0.7,
        generators=[torch.Generator().manual_seed(seed) for seed in (5, 6)], tqdm_class=silent,
        callback=lambda step, x, _: passed.append((step, x)),
    )  # fmt: skip
    assert [step for step, _ in passed] == sampling_steps(LINEAR, 20)
    noises = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    before = x_T
    for step, after in passed:
        noise = torch.stack([torch.randn(1, 3, generator=own, dtype=torch.float64) for own in noises])
        torch.testing.assert_close(after, (step.a_prev / step.a_t) ** 0.5 * before + step.sigma(0.7) * noise)
        before = after


def test_sigma_by_hand() -> None:
    assert Step(t=2, t_prev=1, a_t=0.25, a_prev=0.5).sigma(0.7) == pytest.approx(0.7 * (0.5 / 0.75 * 0.5) ** 0.5)


@pytest.mark.parametrize("eta", [-0.1, 1.1, float("nan")])
def test_an_impossible_eta_is_named(eta: float) -> None:
    with pytest.raises(ConfigError, match=f"eta: {eta}"):
        ddim_sample(lambda x, t: x, torch.zeros(1, 1, 1), LINEAR, 10, eta=eta, tqdm_class=silent)


def test_guidance_is_one_forward_of_both_prompts() -> None:
    calls: list[tuple[torch.Size, torch.Size, torch.Size]] = []

    def denoise(x: Tensor, t: Tensor, context: Tensor, audios: list[Tensor]) -> Tensor:
        calls.append((x.shape, context.shape, audios[0].shape))
        return x * 0 + context.mean(dim=(1, 2), keepdim=True)

    context, uncond = torch.full((2, 3, 5), 2.0), torch.full((2, 3, 5), 1.0)
    steered = guided(denoise, context, uncond, 4.0, [torch.zeros(2, 7, 11)])
    out = steered(torch.zeros(2, 3, 11), torch.zeros(2, dtype=torch.long))
    assert (out == 1.0 + 4.0 * (2.0 - 1.0)).all()
    assert calls == [((4, 3, 11), (4, 3, 5), (4, 7, 11))]


def test_no_guidance_asks_only_for_the_prompt() -> None:
    calls: list[int] = []

    def denoise(x: Tensor, t: Tensor, context: Tensor, audios: object) -> Tensor:
        calls.append(len(x))
        return x

    guided(denoise, torch.ones(2, 3, 5), torch.zeros(2, 3, 5), 1.0)(torch.zeros(2, 3, 5), torch.zeros(2))
    assert calls == [2]


def test_progress_is_shown_by_the_class_given() -> None:
    totals: list[int] = []

    def bar(iterable, total: int, desc: str):  # type: ignore[no-untyped-def]
        totals.append(total)
        return iterable

    ddim_sample(lambda x, t: x, torch.zeros(1, 1, 2), LINEAR, 20, tqdm_class=bar)
    assert totals == [20]
