"""eps, x0, v, recon and flow are five ways to say the same thing."""

import pytest
import torch

from mug.diffusion.parameterization import (
    PARAMETERIZATIONS,
    check_parameterization,
    input_of,
    target_of,
    x0_of,
    x0_per_prediction,
)
from mug.errors import ConfigError


@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS)
@pytest.mark.parametrize("alpha_bar", [0.999, 0.5, 0.003])
def test_a_perfect_prediction_gives_back_the_clean_latent(parameterization: str, alpha_bar: float) -> None:
    generator = torch.Generator().manual_seed(3)
    x_0 = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    eps = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    a = torch.tensor(alpha_bar, dtype=torch.float64).sqrt()
    s = torch.tensor(1 - alpha_bar, dtype=torch.float64).sqrt()
    x_t = a * x_0 + s * eps
    prediction = target_of(parameterization, x_0, eps, a, s)
    torch.testing.assert_close(x0_of(parameterization, prediction, x_t, a, s), x_0)
    moved = x0_of(parameterization, prediction + 1, x_t, a, s) - x_0
    torch.testing.assert_close(moved.abs(), x0_per_prediction(parameterization, a, s).expand_as(moved))


def test_velocity_by_hand() -> None:
    # a = 0.8, s = 0.6: v = 0.8 eps - 0.6 x_0
    v = target_of("v", torch.tensor(2.0), torch.tensor(5.0), torch.tensor(0.8), torch.tensor(0.6))
    assert v.item() == pytest.approx(0.8 * 5 - 0.6 * 2)


def test_flow_by_hand() -> None:
    # a = 0.8, s = 0.6: 4/7 of the way from the noise 5 to the data 2
    x_0, eps, a, s = (torch.tensor(value, dtype=torch.float64) for value in (2.0, 5.0, 0.8, 0.6))
    assert target_of("flow", x_0, eps, a, s).item() == 5 - 2
    assert input_of("flow", a * x_0 + s * eps, a, s).item() == pytest.approx(4 / 7 * 2 + 3 / 7 * 5)
    assert input_of("v", a * x_0 + s * eps, a, s).item() == pytest.approx(4.6)


def test_unknown_parameterization_is_named() -> None:
    with pytest.raises(ConfigError, match="parameterization: unknown 'noise'"):
        check_parameterization("noise")
