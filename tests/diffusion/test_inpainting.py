"""A known part is kept in its samples, whatever the sampler, and has one noise at every step."""

import numpy as np
import pytest
import torch
from gaussian_data import optimal_x0
from torch import Tensor

from mug.diffusion.inpainting import KnownPart
from mug.diffusion.samplers import SAMPLERS, Sampler
from mug.diffusion.schedule import make_beta_schedule

LINEAR = torch.from_numpy(np.cumprod(1 - make_beta_schedule("linear")))  # alpha_bar [1000]
MASK = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0])


def run(sampler: Sampler, x_T: Tensor, known: KnownPart) -> tuple[Tensor, list[Tensor]]:
    """The sample of Gaussian data, and what the denoiser saw."""
    seen: list[Tensor] = []

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        seen.append(x)
        return optimal_x0(x, t, LINEAR)

    return sampler(denoise, x_T, LINEAR, 10, keep=known, tqdm_class=lambda path, **_: path), seen


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_known_part_is_kept_and_the_rest_is_free(name: str) -> None:
    x_T = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    sample, seen = run(SAMPLERS[name].load(), x_T, KnownPart(MASK, torch.full((2, 3, 5), 9.0), x_T))
    assert (sample[..., :2] == 9.0).all()
    assert (sample[..., 2:].abs() < 5.0).all()
    assert torch.equal(seen[0][..., 2:], x_T[..., 2:])
    assert seen[-1][..., :2].mean().item() == pytest.approx(9.0, abs=0.1)  # hardly any noise is left at the end


def test_the_known_part_has_the_noise_of_its_step() -> None:
    noise = torch.tensor([[[-2.0, 1.0, 0.0]]])
    known = KnownPart(torch.tensor([1.0, 1.0, 0.0]), torch.full((1, 1, 3), 9.0), noise)
    x = torch.full((1, 1, 3), 0.5)
    assert known(x, a_t=0.25).tolist()[0][0] == pytest.approx([4.5 - 2 * 0.75**0.5, 4.5 + 0.75**0.5, 0.5])
    assert known(x, a_t=1.0).tolist() == [[[9.0, 9.0, 0.5]]]
