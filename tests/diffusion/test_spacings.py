"""The timesteps that samplers visit."""

import json
from pathlib import Path

import numpy as np
import pytest

from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.spacings import SPACINGS, visited_timesteps
from mug.errors import ConfigError

LINEAR = np.cumprod(1 - make_beta_schedule("linear"))  # alpha_bar [1000]
COSINE = np.cumprod(1 - make_beta_schedule("cosine"))
PURE_NOISE = np.cumprod(1 - make_beta_schedule("cosine", zero_terminal_snr=True))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_every_step_count_works(spacing: str) -> None:
    for steps in range(1, 1001, 1 if spacing != "karras" else 9):
        visited = visited_timesteps(steps, COSINE, spacing)
        assert visited.dtype == np.int64
        assert visited[0] >= 0
        assert visited[-1] <= 999
        assert (np.diff(visited) > 0).all()
        if spacing in ("karras", "trailing"):
            assert len(visited) == steps


def test_step_counts_beyond_the_stride_are_exact(parity: Path) -> None:
    for steps, _ in json.loads((parity / "ddim_bad_steps.json").read_text()):
        assert len(visited_timesteps(steps, LINEAR)) == steps


def test_trailing_spacing_by_hand() -> None:
    assert visited_timesteps(4, LINEAR, "trailing").tolist() == [249, 499, 749, 999]
    assert visited_timesteps(1, LINEAR, "trailing").tolist() == [999]
    assert visited_timesteps(7, LINEAR[:7], "trailing").tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_quad_spacing_by_hand() -> None:
    # roots 0, 1/3, 2/3, 1 of sqrt(800): squares 0, 88.9, 355.6, 800, one later each
    assert visited_timesteps(4, LINEAR, "quad").tolist() == [1, 89, 356, 801]


def test_karras_spacing_by_hand() -> None:
    # Noise levels 1, 2, 4, ... 2048. The seventh roots of 1 and 80 are 1 and 1.87; in thirds 1, 1.29, 1.58, 1.87, which
    # are the roots of 1, 5.9, 24.6 and 80. Sampling ends at 1; in their logarithms the others are nearest to 8, 32, 64.
    alpha_bar = 1 / (1 + 4.0 ** np.arange(12))
    assert visited_timesteps(3, alpha_bar, "karras").tolist() == [3, 5, 6]
    assert visited_timesteps(1, alpha_bar, "karras").tolist() == [6]
    assert visited_timesteps(12, alpha_bar, "karras").tolist() == list(range(12))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("steps", [1, 2, 5, 300, 1000])
def test_a_last_timestep_of_pure_noise_comes_first(spacing: str, steps: int) -> None:
    visited = visited_timesteps(steps, PURE_NOISE, spacing)
    assert visited[-1] == 999
    assert (np.diff(visited) > 0).all()


@pytest.mark.parametrize("steps", [0, -1, 1001])
def test_impossible_step_counts_are_named(steps: int) -> None:
    with pytest.raises(ConfigError, match=f"steps: {steps} is not between 1 and 1000"):
        visited_timesteps(steps, LINEAR)


def test_unknown_spacing_is_named() -> None:
    with pytest.raises(ConfigError, match="spacing: unknown 'even'; known are uniform, quad, karras, trailing"):
        visited_timesteps(10, LINEAR, "even")
