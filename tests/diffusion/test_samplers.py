"""What holds for every sampler of the table."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from gaussian_data import exact_sample, optimal_x0

from mug.diffusion.samplers import SAMPLERS
from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.spacings import SPACINGS
from mug.diffusion.steps import Step, sampling_steps
from mug.errors import ConfigError

LINEAR = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))  # alpha_bar [1000]
PURE_NOISE = torch.from_numpy(np.cumprod(1 - make_beta_schedule("cosine", zero_terminal_snr=True)))
X_T = torch.tensor([[[-2.0, -0.5, 0.0, 0.7, 3.0]]], dtype=torch.float64)
DETERMINISTIC = [name for name, info in SAMPLERS.items() if not info.is_random or info.takes_eta]


def silent(iterable: Any, **_: Any) -> Any:
    return iterable


def sampled(name: str, x_T: torch.Tensor, steps: int = 20, seeds: tuple[int, ...] = (7,), **settings: Any) -> Any:
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    denoise = partial(optimal_x0, alpha_bar=LINEAR)
    return SAMPLERS[name].load()(denoise, x_T, LINEAR, steps, generators=generators, tqdm_class=silent, **settings)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sample_is_that_of_its_noise_and_seed(name: str) -> None:
    eta = 0.5 if SAMPLERS[name].takes_eta else 0.0
    both = sampled(name, torch.cat([X_T, -X_T]), seeds=(7, 8), eta=eta)
    assert torch.equal(both[:1], sampled(name, X_T, eta=eta))
    assert torch.equal(both[1:], sampled(name, -X_T, seeds=(8,), eta=eta))
    assert torch.equal(both[:1], sampled(name, X_T, seeds=(9,), eta=eta)) != SAMPLERS[name].is_random


@pytest.mark.parametrize("name", SAMPLERS)
def test_an_eta_is_refused_by_those_that_take_none(name: str) -> None:
    if SAMPLERS[name].takes_eta:
        sampled(name, X_T, eta=0.5)
    else:
        with pytest.raises(ConfigError, match=r"eta: 0\.5, but .*; leave it at 0"):
            sampled(name, X_T, eta=0.5)


@pytest.mark.parametrize("name", DETERMINISTIC)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_pure_noise_is_a_beginning_like_any_other(name: str, spacing: str) -> None:
    denoise = partial(optimal_x0, alpha_bar=PURE_NOISE, parameterization="v")
    sample = SAMPLERS[name].load()(denoise, X_T, PURE_NOISE, 200, spacing=spacing, tqdm_class=silent)
    torch.testing.assert_close(sample, exact_sample(X_T, PURE_NOISE, 999), rtol=0, atol=0.05)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 27, 200])
def test_a_single_point_is_hit_from_any_step_count(name: str, spacing: str, steps: int) -> None:
    seen: list[tuple[Step, float]] = []
    point = partial(optimal_x0, alpha_bar=LINEAR, mean=0.7, std=0.0)
    SAMPLERS[name].load()(
        point, X_T, LINEAR, steps, spacing=spacing, tqdm_class=silent,
        callback=lambda step, x, pred_x0: seen.append((step, (pred_x0 - 0.7).abs().max().item())),
    )  # fmt: skip
    assert [step for step, _ in seen] == sampling_steps(LINEAR, steps, spacing)
    assert seen[-1][1] < 1e-6
