"""Guidance: its scale, rescaling, the interval of noise levels, by hand."""

import pytest
import torch
from torch import Tensor

from mug.diffusion.guidance import guided, rescaled, timesteps_within

CONTEXT, UNCOND = torch.full((2, 3, 5), 2.0), torch.full((2, 3, 5), 1.0)
X, LATE, EARLY = torch.zeros(2, 3, 11), torch.full((2,), 1), torch.full((2,), 0)


def from_context(x: Tensor, t: Tensor, context: Tensor, audios: object) -> Tensor:
    """Latents as large as the prompt says, with one frame of the opposite sign."""
    sign = torch.ones(x.shape[-1])
    sign[0] = -1
    return x * 0 + context.mean(dim=(1, 2), keepdim=True) * sign


def test_guidance_is_applied_at_its_timesteps_only() -> None:
    asked: list[int] = []

    def denoise(x: Tensor, t: Tensor, context: Tensor, audios: object) -> Tensor:
        asked.append(len(x))
        return from_context(x, t, context, audios)

    steered = guided(denoise, CONTEXT, UNCOND, 4.0, guided_timesteps=torch.tensor([False, True]))
    assert steered(X, EARLY)[0, 0, 1] == 2.0
    assert steered(X, LATE)[0, 0, 1] == 1.0 + 4.0 * (2.0 - 1.0)
    assert asked == [2, 4]


def test_the_interval_is_of_noise_levels() -> None:
    alpha_bar = 1 / (1 + torch.tensor([0.1, 0.5, 1.0, 4.0, float("inf")]) ** 2)
    within = timesteps_within(alpha_bar, (0.5, 4.0))
    assert within is not None
    assert within.tolist() == [False, False, True, True, False]
    assert timesteps_within(alpha_bar, None) is None
    everything = timesteps_within(alpha_bar, (0.0, float("inf")))
    assert everything is not None
    assert everything.all()


@pytest.mark.parametrize(("share", "scale"), [(0.0, 3.0), (1.0, 1.0), (0.5, 2.0)])
def test_rescaling_by_hand(share: float, scale: float) -> None:
    cond = torch.tensor([[[-1.0, 1.0]], [[-2.0, 2.0]]])
    torch.testing.assert_close(rescaled(3 * cond, cond, share), scale * cond)


def test_what_lies_behind_a_song_does_not_count() -> None:
    cond, lengths = torch.tensor([[[-1.0, 1.0, 70.0, 9.0]]]), torch.tensor([2])
    guided_x0 = torch.tensor([[[-3.0, 3.0, 0.0, 5.0]]])
    together = rescaled(guided_x0, cond, 1.0, lengths)
    torch.testing.assert_close(together[..., :2], rescaled(guided_x0[..., :2], cond[..., :2], 1.0))


def test_a_guided_denoiser_rescales() -> None:
    plain = guided(from_context, CONTEXT, UNCOND, 4.0)(X, LATE)
    scaled = guided(from_context, CONTEXT, UNCOND, 4.0, rescale=1.0)(X, LATE)
    torch.testing.assert_close(plain, 5.0 / 2.0 * scaled)


def test_latents_without_deviation_stay_finite() -> None:
    flat = torch.ones(1, 2, 3)
    assert rescaled(flat, flat, 1.0).isfinite().all()
