"""Identities of the Gaussian forward process, checked against direct computation (Ho et al. 2020)."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from mug.diffusion.parameterization import target_of, x0_of
from mug.diffusion.schedule import make_beta_schedule, schedule_buffers

T = 23
BETAS = make_beta_schedule("linear", T, 1e-3, 0.2)
SCHEDULE = {name: values.double() for name, values in schedule_buffers(BETAS).items()}


def test_the_closed_form_is_the_chain_of_steps() -> None:
    mean, variance = 1.0, 0.0  # of x_t given x_0 = 1
    for t, beta in enumerate(BETAS):
        mean, variance = (1 - beta) ** 0.5 * mean, (1 - beta) * variance + beta
        assert SCHEDULE["sqrt_alphas_cumprod"][t].item() == pytest.approx(mean, rel=1e-6)
        assert SCHEDULE["sqrt_one_minus_alphas_cumprod"][t].item() ** 2 == pytest.approx(variance, rel=1e-5)


def test_steps_with_noise_end_where_the_closed_form_does() -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.full((40_000,), 1.5, dtype=torch.float64)
    for beta in BETAS:
        x = (1 - beta) ** 0.5 * x + beta**0.5 * torch.randn(x.shape, generator=generator, dtype=torch.float64)
    alpha_bar = SCHEDULE["alphas_cumprod"][-1].item()
    assert x.mean().item() == pytest.approx(1.5 * alpha_bar**0.5, abs=0.02)
    assert x.var().item() == pytest.approx(1 - alpha_bar, abs=0.02)


@pytest.mark.parametrize("t", [1, 11, T - 1])
def test_the_posterior_mean_is_that_of_the_noise(t: int) -> None:
    x_0, eps = torch.randn(2, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    a, s = SCHEDULE["sqrt_alphas_cumprod"][t], SCHEDULE["sqrt_one_minus_alphas_cumprod"][t]
    x_t = a * x_0 + s * eps
    from_x0 = SCHEDULE["posterior_mean_coef1"][t] * x_0 + SCHEDULE["posterior_mean_coef2"][t] * x_t
    beta = BETAS[t]
    from_eps = (x_t - beta / s * eps) / (1 - beta) ** 0.5  # equation 11
    torch.testing.assert_close(from_x0, from_eps, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(x0_of("eps", target_of("eps", x_0, eps, a, s), x_t, a, s), x_0)


def test_the_posterior_is_bayes_on_two_gaussians() -> None:
    t = 11
    before, beta = SCHEDULE["alphas_cumprod"][t - 1].item(), BETAS[t]
    precision = 1 / (1 - before) + (1 - beta) / beta  # of x_{t-1}: from x_0, and from x_t
    assert SCHEDULE["posterior_variance"][t].item() == pytest.approx(1 / precision, rel=1e-5)


@pytest.mark.parametrize("t", [1, 11, T - 1])
def test_the_bound_of_a_step_is_a_weighted_error_of_the_noise(t: int) -> None:
    error = 0.3  # of the predicted noise
    beta, variance = BETAS[t], SCHEDULE["posterior_variance"][t].item()
    s = SCHEDULE["sqrt_one_minus_alphas_cumprod"][t].item()
    shift = beta / s * error / (1 - beta) ** 0.5  # of the posterior's mean
    true, guess = (Normal(torch.tensor(mean), torch.tensor(variance**0.5)) for mean in (0.0, shift))
    weight = beta**2 / (2 * variance * (1 - beta) * s**2)  # equation 12
    assert kl_divergence(true, guess).item() == pytest.approx(weight * error**2, rel=1e-4)
