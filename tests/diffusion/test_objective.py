"""Which timesteps are trained on, and what is refused."""

import pytest
import torch

from mug.diffusion.objective import TIMESTEP_SAMPLINGS, check_loss_type, check_timestep_sampling, draw_timesteps
from mug.errors import ConfigError


def draw(sampling: str, timesteps: int = 1000, n: int = 40_009) -> torch.Tensor:
    return draw_timesteps(sampling, timesteps, [torch.Generator().manual_seed(3)] * n)


@pytest.mark.parametrize("sampling", TIMESTEP_SAMPLINGS)
def test_a_seed_fixes_timesteps_of_the_schedule(sampling: str) -> None:
    assert torch.equal(draw(sampling), draw(sampling))
    drawn = draw(sampling, timesteps=7)
    assert drawn.dtype == torch.int64
    assert drawn.unique().tolist() == list(range(7))


def test_logit_normal_draws_middle_timesteps_more_often() -> None:
    shares = {s: (draw(s) // 250).bincount() / 40_009 for s in TIMESTEP_SAMPLINGS}
    assert shares["uniform"].tolist() == pytest.approx([0.25] * 4, abs=0.01)
    # a normal draw is below logit(1/4) = -1.0986 with probability 0.136
    assert shares["logit_normal"].tolist() == pytest.approx([0.136, 0.364, 0.364, 0.136], abs=0.01)


def test_unknown_names_are_told() -> None:
    with pytest.raises(ConfigError, match="loss_type: unknown 'mse'"):
        check_loss_type("mse")
    with pytest.raises(ConfigError, match="timestep_sampling: unknown 'normal'"):
        check_timestep_sampling("normal")
