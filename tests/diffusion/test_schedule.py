"""Noise schedules and the timesteps of samplers, by hand; test_recorded_diffusion has the recorded ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from mug.diffusion.schedule import ddim_timesteps, make_beta_schedule
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


def test_impossible_schedules_are_named() -> None:
    with pytest.raises(ConfigError, match="beta_schedule: unknown 'lineal'"):
        make_beta_schedule("lineal")
    with pytest.raises(ConfigError, match="timesteps"):
        make_beta_schedule("linear", 0)


@pytest.mark.parametrize("spacing", ["uniform", "trailing", "quad"])
def test_every_step_count_works(spacing: str) -> None:
    for steps in range(1, 1001):
        visited = ddim_timesteps(steps, 1000, spacing)
        assert visited.dtype == np.int64
        assert visited[0] >= 0
        assert visited[-1] <= 999
        assert (np.diff(visited) > 0).all()


def test_step_counts_beyond_the_stride_are_exact(parity: Path) -> None:
    for steps, _ in json.loads((parity / "ddim_bad_steps.json").read_text()):
        assert len(ddim_timesteps(steps)) == steps


def test_trailing_spacing_by_hand() -> None:
    assert ddim_timesteps(4, 1000, "trailing").tolist() == [249, 499, 749, 999]
    assert ddim_timesteps(1, 1000, "trailing").tolist() == [999]
    assert ddim_timesteps(7, 7, "trailing").tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_quad_spacing_by_hand() -> None:
    # roots 0, 1/3, 2/3, 1 of sqrt(800): squares 0, 88.9, 355.6, 800, one later each
    assert ddim_timesteps(4, 1000, "quad").tolist() == [1, 89, 356, 801]


@pytest.mark.parametrize("steps", [0, -1, 1001])
def test_impossible_step_counts_are_named(steps: int) -> None:
    with pytest.raises(ConfigError, match=f"steps: {steps} is not between 1 and 1000"):
        ddim_timesteps(steps)


def test_unknown_spacing_is_named() -> None:
    with pytest.raises(ConfigError, match="spacing: unknown 'even'"):
        ddim_timesteps(10, 1000, "even")
