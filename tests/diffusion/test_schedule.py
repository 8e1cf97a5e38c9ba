"""Noise schedules and the timesteps of samplers, by hand; test_recorded_diffusion has the recorded ones."""

import numpy as np
import pytest

from mug.diffusion.schedule import make_beta_schedule, min_snr_weights, schedule_buffers, vlb_weights
from mug.errors import ConfigError


def test_linear_schedule_by_hand() -> None:
    # the roots go 1, 2, 3 tenths
    np.testing.assert_allclose(make_beta_schedule("linear", 3, 0.01, 0.09), [0.01, 0.04, 0.09])
    np.testing.assert_allclose(make_beta_schedule("sqrt_linear", 3, 0.01, 0.09), [0.01, 0.05, 0.09])
    np.testing.assert_allclose(make_beta_schedule("sqrt", 3, 0.01, 0.09), [0.1, 0.05**0.5, 0.3])


def test_cosine_schedule_follows_the_squared_cosine() -> None:
    betas = make_beta_schedule("cosine", 997)
    alpha_bar = np.cumprod(1 - betas)
    phase = (np.arange(1, 998) / 997 + 0.008) / 1.008 * np.pi / 2
    expected = np.cos(phase) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(alpha_bar[:-1], expected[:-1], rtol=1e-9)
    assert betas[-1] == 0.999  # clipped, so alpha_bar never reaches zero
    assert alpha_bar[-1] > 0


@pytest.mark.parametrize("name", ["linear", "sqrt_linear", "sqrt", "cosine"])
def test_noise_only_grows(name: str) -> None:
    alpha_bar = np.cumprod(1 - make_beta_schedule(name, 101, 1e-4, 2e-2))
    assert (np.diff(alpha_bar) < 0).all()
    assert 0 < alpha_bar[-1] < alpha_bar[0] < 1


def test_rectified_flow_goes_in_even_steps_to_pure_noise() -> None:
    alpha_bar = np.cumprod(1 - make_beta_schedule("rectified_flow", 4))
    # tau = 1/4, 1/2, 3/4, 1: signal to noise 3, 1, 1/3, 0
    np.testing.assert_allclose(alpha_bar, [9 / 10, 1 / 2, 1 / 10, 0], atol=1e-15)


@pytest.mark.parametrize("name", ["linear", "sqrt_linear", "sqrt", "cosine"])
def test_zero_terminal_snr_keeps_step_0_and_ends_in_pure_noise(name: str) -> None:
    plain = np.cumprod(1 - make_beta_schedule(name, 101))
    rescaled = np.cumprod(1 - make_beta_schedule(name, 101, zero_terminal_snr=True))
    assert rescaled[0] == pytest.approx(plain[0])
    assert rescaled[-1] == 0
    # Lin et al.: the signal is shifted and stretched
    np.testing.assert_allclose(
        np.sqrt(rescaled[:-1]), (np.sqrt(plain) - np.sqrt(plain[-1]))[:-1] * np.sqrt(plain[0]) / np.ptp(np.sqrt(plain))
    )
    assert all(
        not buffer.isnan().any() for buffer in schedule_buffers(1 - rescaled / np.append(1, rescaled[:-1])).values()
    )


def test_weights_of_the_bound_by_hand() -> None:
    betas = np.array([0.2, 0.375])  # alpha_bar 0.8, 0.5: signal to noise 4, 1
    # of the noise, beta^2 / (2 posterior_variance alpha (1 - alpha_bar)), equation 12 of Ho et al.
    expected = 0.375**2 / (2 * (0.375 * 0.2 / 0.5) * 0.625 * 0.5)
    assert expected == pytest.approx((4 - 1) / 2)
    for parameterization, weight in {"eps": 1.5, "x0": 1.5, "recon": 1.5, "v": 0.75, "flow": 0.375}.items():
        assert vlb_weights(betas, parameterization).tolist() == pytest.approx([weight, weight])


def test_min_snr_weights_by_hand() -> None:
    betas = np.array([0.1, 1 / 3])  # alpha_bar 0.9, 0.6: signal to noise 9, 1.5
    for parameterization, weights in {
        "eps": [5 / 9, 1.0],  # min(snr, 5) / snr
        "x0": [5.0, 1.5],  # min(snr, 5)
        "v": [5 / 10, 1.5 / 2.5],  # min(snr, 5) / (snr + 1)
        "flow": [5 / 16, 1.5 / (1 + 1.5**0.5) ** 2],  # 1 / tau is 1 + sqrt(snr)
    }.items():
        assert min_snr_weights(betas, 5.0, parameterization).tolist() == pytest.approx(weights)
    assert min_snr_weights(betas, None, "v").tolist() == [1.0, 1.0]
    assert min_snr_weights(np.array([0.1, 1.0]), 5.0, "v").tolist() == pytest.approx([0.5, 1.0])  # pure noise counts
    with pytest.raises(ConfigError, match="min_snr_gamma: 0"):
        min_snr_weights(betas, 0, "v")


def test_impossible_schedules_are_named() -> None:
    with pytest.raises(ConfigError, match="beta_schedule: unknown 'lineal'"):
        make_beta_schedule("lineal")
    with pytest.raises(ConfigError, match="timesteps"):
        make_beta_schedule("linear", 0)
    with pytest.raises(ConfigError, match="timesteps: 1 is impossible"):
        make_beta_schedule("linear", 1, zero_terminal_snr=True)
