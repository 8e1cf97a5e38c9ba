"""Samplers that begin at an intermediate noise level."""

from functools import partial

import numpy as np
import pytest
import torch
from gaussian_data import exact_sample, optimal_x0

from mug.diffusion.samplers import SAMPLERS
from mug.diffusion.schedule import make_beta_schedule
from mug.diffusion.steps import begun_at, sampling_steps
from mug.errors import PromptError

COSINE = torch.from_numpy(np.cumprod(1 - make_beta_schedule("cosine")))  # alpha_bar [1000]


@pytest.mark.parametrize("name", ["ddim", "plms", "dpm++"])
def test_samplers_begin_at_an_intermediate_level(name: str) -> None:
    alphas, steps = begun_at(COSINE, 200, 0.6)
    assert (len(alphas), steps) == (600, 120)
    x = torch.tensor([[[-1.0, 0.0, 0.7, 2.0]]], dtype=torch.float64)
    sample = SAMPLERS[name].load()(
        partial(optimal_x0, alpha_bar=COSINE), x, alphas, steps, spacing="trailing", tqdm_class=lambda path, **_: path
    )
    torch.testing.assert_close(sample, exact_sample(x, COSINE, start=599), rtol=0, atol=1e-2)


@pytest.mark.parametrize(
    ("steps", "strength", "visited"),
    [(4, 1.0, [999, 749, 499, 249]), (10, 0.25, [249, 166, 82]), (10, 0.01, [9]), (10, 1e-9, [0])],
)
def test_strength_is_the_share_of_timesteps_and_steps(steps: int, strength: float, visited: list[int]) -> None:
    assert [step.t for step in sampling_steps(*begun_at(COSINE, steps, strength), "trailing")] == visited


@pytest.mark.parametrize("strength", [0.0, 1.01, float("nan")])
def test_impossible_strengths_are_refused(strength: float) -> None:
    with pytest.raises(PromptError, match="strength"):
        begun_at(COSINE, 10, strength)
