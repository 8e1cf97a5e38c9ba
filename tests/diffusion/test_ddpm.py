"""DDPM's ancestral sampling: the posterior's mean and variance, the paper's last step, Gaussian data."""

from functools import partial

import numpy as np
import pytest
import torch
from gaussian_data import MEAN, STD, optimal_x0
from torch import Tensor

from mug.diffusion.ddpm import ddpm_sample
from mug.diffusion.schedule import make_beta_schedule, schedule_buffers
from mug.diffusion.steps import Step

BETAS = make_beta_schedule("linear", 50, linear_end=0.3)
BUFFERS = {name: values.double() for name, values in schedule_buffers(BETAS).items()}
ALPHA_BAR = torch.from_numpy(np.cumprod(1 - BETAS))


def test_every_step_draws_from_the_posterior() -> None:
    x_T = torch.tensor([[[0.3, -1.2, 2.0]]], dtype=torch.float64)
    passed: list[tuple[Step, Tensor, Tensor]] = []
    ddpm_sample(
        partial(optimal_x0, alpha_bar=ALPHA_BAR), x_T, ALPHA_BAR, 50, spacing="trailing",
        generators=[torch.Generator().manual_seed(5)], tqdm_class=lambda path, **_: path,
        callback=lambda step, x, pred_x0: passed.append((step, x, pred_x0)),
    )  # fmt: skip
    noises, before = torch.Generator().manual_seed(5), x_T
    for step, after, pred_x0 in passed[:-1]:
        mean = BUFFERS["posterior_mean_coef1"][step.t] * pred_x0 + BUFFERS["posterior_mean_coef2"][step.t] * before
        noise = torch.randn(1, 3, generator=noises, dtype=torch.float64)
        torch.testing.assert_close(after, mean + BUFFERS["posterior_variance"][step.t].sqrt() * noise)
        before = after
    _, last, pred_x0 = passed[-1]
    assert torch.equal(last, pred_x0)  # at the end, the posterior is x_0 without noise


def test_gaussian_data_keeps_its_mean_and_variance() -> None:
    alpha_bar = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))
    generator = torch.Generator().manual_seed(11)
    x_T = torch.randn(1, 1, 10_007, generator=generator, dtype=torch.float64)
    sample = ddpm_sample(
        partial(optimal_x0, alpha_bar=alpha_bar), x_T, alpha_bar, 1000, spacing="trailing",
        generators=[generator], tqdm_class=lambda path, **_: path,
    )  # fmt: skip
    assert sample.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert sample.std().item() == pytest.approx(STD, abs=0.02)
