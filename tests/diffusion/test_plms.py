"""PLMS: the paper's weights, by hand; nearer to the truth than DDIM; else the same."""

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from gaussian_data import exact_sample, from_noise, optimal_x0
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.plms import plms_sample
from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.steps import sampling_steps
from mug.errors import ConfigError

LINEAR = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))  # alpha_bar [1000]
COSINE = torch.from_numpy(np.cumprod(1 - make_beta_schedule("cosine")))
LINEAR_TO_ZERO = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear", zero_terminal_snr=True)))
RECTIFIED_FLOW = torch.from_numpy(np.cumprod(1 - make_beta_schedule("rectified_flow")))
X_T = torch.tensor([[[-2.0, -0.5, 0.0, 0.7, 3.0]]], dtype=torch.float64)


def silent(iterable: Any, **_: Any) -> Any:
    return iterable


def error(sample: Any, alpha_bar: Tensor, steps: int, spacing: str) -> float:
    """How far samples of Gaussian data are from the exact ones."""
    denoise = partial(optimal_x0, alpha_bar=alpha_bar)
    start = sampling_steps(alpha_bar, steps, spacing)[0].t
    out = sample(denoise, X_T, alpha_bar, steps, spacing=spacing, tqdm_class=silent)
    return (out - exact_sample(X_T, alpha_bar, start)).abs().max().item()


def test_five_steps_by_hand() -> None:
    # With sigma = sqrt(1 / alpha_bar - 1) a step moves x / sqrt(alpha_bar) by eps times the change of sigma, here -1.
    sigma = torch.arange(1.0, 6.0, dtype=torch.float64)
    alpha_bar = 1 / (1 + sigma**2)
    eps = torch.tensor([0.0, 12.0, -24.0, 48.0, 24.0], dtype=torch.float64)  # guessed at t = 0..4, whatever x is
    path = [torch.zeros(1, 1, 1, dtype=torch.float64)]
    plms_sample(
        from_noise(lambda x, t: eps[t][:, None, None].expand_as(x), alpha_bar), path[0], alpha_bar, 5,
        spacing="trailing", tqdm_class=silent, callback=lambda step, x, pred_x0: path.append(x),
    )  # fmt: skip
    moved = torch.cat(path).flatten() / alpha_bar[[4, 3, 2, 1, 0, 0]].sqrt()
    used = [
        24.0,
        (3 * 48 - 24) / 2,
        (23 * -24 - 16 * 48 + 5 * 24) / 12,
        (55 * 12 - 59 * -24 + 37 * 48 - 9 * 24) / 24,
    ]
    assert used == [24.0, 60.0, -100.0, 151.5]
    assert moved.tolist() == pytest.approx([0.0, -24.0, -84.0, 16.0, -135.5, -135.5])  # the last step goes from 0 to 0


def test_error_falls_with_the_square_of_the_step() -> None:
    alpha_bar = torch.linspace(0.9, 0.1, 8001, dtype=torch.float64)
    ddim = [error(ddim_sample, alpha_bar, steps, "trailing") for steps in (20, 40, 80)]
    plms = [error(plms_sample, alpha_bar, steps, "trailing") for steps in (20, 40, 80)]
    assert [a / b for a, b in pairwise(ddim)] == pytest.approx([2.0, 2.0], abs=0.1)
    assert all(a / b > 4.0 for a, b in pairwise(plms))
    assert plms[0] < ddim[0] / 20


@pytest.mark.parametrize("alpha_bar", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("spacing", ["uniform", "trailing", "quad"])
@pytest.mark.parametrize("steps", [10, 20, 50])
def test_nearer_to_the_truth_than_ddim(alpha_bar: Tensor, spacing: str, steps: int) -> None:
    assert error(plms_sample, alpha_bar, steps, spacing) < error(ddim_sample, alpha_bar, steps, spacing) / 10


@pytest.mark.parametrize("alpha_bar", [LINEAR_TO_ZERO, RECTIFIED_FLOW], ids=["linear to zero", "rectified flow"])
@pytest.mark.parametrize("parameterization", ["x0", "v", "recon", "flow"])
def test_pure_noise_is_a_beginning_like_any_other(alpha_bar: Tensor, parameterization: str) -> None:
    denoise = partial(optimal_x0, alpha_bar=alpha_bar, parameterization=parameterization)
    sample = plms_sample(denoise, X_T, alpha_bar, 1000, spacing="trailing", tqdm_class=silent)
    torch.testing.assert_close(sample, exact_sample(X_T, alpha_bar, 999), rtol=0, atol=2e-3)


def test_a_constant_guess_leads_where_ddim_goes() -> None:
    noise = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    x_T = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(2))
    for steps in (1, 2, 3, 4, 20):
        samples = [
            sample(from_noise(lambda x, t: noise, LINEAR), x_T, LINEAR, steps, tqdm_class=silent)
            for sample in (ddim_sample, plms_sample)
        ]
        torch.testing.assert_close(*samples)


def test_the_denoiser_is_asked_once_a_step() -> None:
    asked: list[list[int]] = []
    plms_sample(lambda x, t: asked.append(t.tolist()) or x, torch.zeros(2, 1, 1), LINEAR, 4, tqdm_class=silent)
    assert asked == [[751, 751], [501, 501], [251, 251], [1, 1]]


def test_progress_is_shown_by_the_class_given() -> None:
    shown: list[tuple[int, str]] = []

    def bar(iterable: Any, total: int, desc: str) -> Any:
        shown.append((total, desc))
        return iterable

    plms_sample(lambda x, t: x, torch.zeros(1, 1, 2), LINEAR, 20, tqdm_class=bar)
    assert shown == [(20, "PLMS")]


def test_impossible_steps_are_named() -> None:
    with pytest.raises(ConfigError, match="steps: 1001 is not between 1 and 1000"):
        plms_sample(lambda x, t: x, X_T, LINEAR, 1001, tqdm_class=silent)


def test_an_eta_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"eta: 0\.5, but PLMS is deterministic"):
        plms_sample(lambda x, t: x, X_T, LINEAR, 4, eta=0.5, tqdm_class=silent)
