"""A known part is kept in its samples, whatever the sampler, and each item has noise of its own on it."""

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


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


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
    sample, seen = run(SAMPLERS[name], x_T, KnownPart(MASK, torch.full((2, 3, 5), 9.0), generators(2, 3)))
    assert (sample[..., :2] == 9.0).all()
    assert (sample[..., 2:].abs() < 5.0).all()
    assert torch.equal(seen[0][..., 2:], x_T[..., 2:])
    assert seen[-1][..., :2].mean().item() == pytest.approx(9.0, abs=0.1)  # hardly any noise is left at the end


@pytest.mark.parametrize("name", SAMPLERS)
def test_an_item_does_not_depend_on_those_beside_it(name: str) -> None:
    x_T = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    x0 = torch.stack([torch.full((3, 5), 9.0), torch.full((3, 5), -4.0)])
    both, seen = run(SAMPLERS[name], x_T, KnownPart(MASK, x0, generators(2, 3)))
    alone, seen_alone = run(SAMPLERS[name], x_T[1:], KnownPart(MASK, x0[1:], generators(3)))
    assert torch.equal(both[1:], alone)
    assert torch.equal(seen[5][1:], seen_alone[5])
    _, other = run(SAMPLERS[name], x_T[1:], KnownPart(MASK, x0[1:], generators(4)))
    assert not torch.allclose(other[5][..., :2], seen_alone[5][..., :2], atol=0.1)


def test_the_known_part_has_the_noise_of_its_step() -> None:
    known = KnownPart(torch.ones(1), torch.full((1, 1, 10_007), 9.0), generators(2))
    noised = known(torch.zeros(1, 1, 10_007), a_t=0.25)
    assert noised.mean().item() == pytest.approx(4.5, abs=0.05)
    assert noised.std().item() == pytest.approx(0.75**0.5, abs=0.02)
    assert (known(torch.zeros(1, 1, 10_007), a_t=1.0) == 9.0).all()


def test_as_many_generators_as_items() -> None:
    known = KnownPart(MASK, torch.zeros(2, 3, 5), generators(2))
    with pytest.raises(ValueError, match="1 generators for the noise of 2 items"):
        known(torch.zeros(2, 3, 5), a_t=0.5)
