"""eps, x0, v and recon are four ways to say the same thing."""

import pytest
import torch

from mug.diffusion.parameterization import PARAMETERIZATIONS, check_parameterization, eps_of, target_of, x0_of
from mug.errors import ConfigError


@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS)
@pytest.mark.parametrize("alpha_bar", [0.999, 0.5, 0.003])
def test_a_perfect_prediction_gives_back_both_parts(parameterization: str, alpha_bar: float) -> None:
    generator = torch.Generator().manual_seed(3)
    x_0 = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    eps = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    a = torch.tensor(alpha_bar, dtype=torch.float64).sqrt()
    s = torch.tensor(1 - alpha_bar, dtype=torch.float64).sqrt()
    x_t = a * x_0 + s * eps
    prediction = target_of(parameterization, x_0, eps, a, s)
    torch.testing.assert_close(x0_of(parameterization, prediction, x_t, a, s), x_0)
    torch.testing.assert_close(eps_of(parameterization, prediction, x_t, a, s), eps)


def test_velocity_by_hand() -> None:
    # a = 0.8, s = 0.6: v = 0.8 eps - 0.6 x_0
    v = target_of("v", torch.tensor(2.0), torch.tensor(5.0), torch.tensor(0.8), torch.tensor(0.6))
    assert v.item() == pytest.approx(0.8 * 5 - 0.6 * 2)


def test_unknown_parameterization_is_named() -> None:
    with pytest.raises(ConfigError, match="parameterization: unknown 'noise'"):
        check_parameterization("noise")
