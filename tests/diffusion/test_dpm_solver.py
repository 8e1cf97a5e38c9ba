"""DPM-Solver++(2M): the paper's steps by hand; its order of convergence; few steps against many of DDIM."""

import math
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from gaussian_data import exact_sample, optimal_x0
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.dpm_solver import dpm_solver_sample
from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.spacings import SPACINGS
from mug.diffusion.steps import sampling_steps

LINEAR = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))  # alpha_bar [1000]
COSINE = torch.from_numpy(np.cumprod(1 - make_beta_schedule("cosine")))
X_T = torch.tensor([[[-2.0, -0.5, 0.0, 0.7, 3.0]]], dtype=torch.float64)


def silent(iterable: Any, **_: Any) -> Any:
    return iterable


def error(sample: Any, alpha_bar: Tensor, steps: int, spacing: str = "trailing") -> float:
    """How far samples of Gaussian data are from the exact ones."""
    start = sampling_steps(alpha_bar, steps, spacing)[0].t
    denoise = partial(optimal_x0, alpha_bar=alpha_bar)
    out = sample(denoise, X_T, alpha_bar, steps, spacing=spacing, tqdm_class=silent)
    return (out - exact_sample(X_T, alpha_bar, start)).abs().max().item()


def by_hand(alpha_bar: list[float], predicted: list[float]) -> list[float]:
    """Algorithm 2 of the paper from x = 0, in its own terms: alpha, sigma, lambda, h, r; noisiest first."""
    x, path = 0.0, []
    alpha, sigma = [math.sqrt(a) for a in alpha_bar], [math.sqrt(1 - a) for a in alpha_bar]
    lam = [math.log(a / s) for a, s in zip(alpha, sigma, strict=True)]
    for i in range(1, len(alpha_bar)):
        h = lam[i] - lam[i - 1]
        target = predicted[i - 1]
        if i > 1:
            r = max(1.0, (lam[i - 1] - lam[i - 2]) / h)  # 1.0: our limit
            target = (1 + 1 / (2 * r)) * predicted[i - 1] - 1 / (2 * r) * predicted[i - 2]
        x = sigma[i] / sigma[i - 1] * x - alpha[i] * (math.exp(-h) - 1) * target
        path.append(x)
    return path


@pytest.mark.parametrize("steps", [5, 20])
def test_the_papers_steps_by_hand(steps: int) -> None:
    alpha_bar = torch.linspace(0.9, 0.1, 41, dtype=torch.float64)
    predicted = torch.sin(torch.arange(41, dtype=torch.float64))  # at each timestep, whatever x is
    seen: list[float] = []
    dpm_solver_sample(
        lambda x, t: predicted[t][:, None, None].expand_as(x), torch.zeros(1, 1, 1, dtype=torch.float64), alpha_bar,
        steps, spacing="trailing", tqdm_class=silent, callback=lambda step, x, pred_x0: seen.append(x.item()),
    )  # fmt: skip
    visited = [step.t for step in sampling_steps(alpha_bar, steps, "trailing")]
    levels = alpha_bar[[*visited, 0]].tolist()
    assert seen == pytest.approx(by_hand(levels, predicted[visited].tolist()))


def test_error_falls_with_the_square_of_the_step() -> None:
    alpha_bar = torch.linspace(0.9, 0.1, 8001, dtype=torch.float64)
    errors = [error(dpm_solver_sample, alpha_bar, steps) for steps in (40, 80, 160, 320)]
    slopes = [math.log2(a / b) for a, b in pairwise(errors)]
    assert slopes == pytest.approx([2.0, 2.0, 2.0], abs=0.15)


@pytest.mark.parametrize("alpha_bar", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("steps", [5, 10, 20])
def test_nearer_to_the_truth_than_ddim_in_twice_the_steps(alpha_bar: Tensor, spacing: str, steps: int) -> None:
    assert error(dpm_solver_sample, alpha_bar, steps, spacing) < error(ddim_sample, alpha_bar, 2 * steps, spacing)


def test_one_step_is_ddims() -> None:
    denoise = partial(optimal_x0, alpha_bar=COSINE)
    one = [sample(denoise, X_T, COSINE, 1, tqdm_class=silent) for sample in (ddim_sample, dpm_solver_sample)]
    assert torch.equal(*one)
