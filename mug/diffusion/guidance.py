"""Classifier-free guidance (Ho & Salimans, "Classifier-Free Diffusion Guidance", 2022), and two refinements of it.

Axes: B batch, Z latent channels, L latent frames, C context channels, F features.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mug.diffusion.steps import Denoise
from mug.model.masking import frame_mask


def guided(
    denoise: Callable[[Tensor, Tensor, Tensor, Sequence[Tensor]], Tensor],
    context: Tensor,
    uncond: Tensor,
    scale: float,
    audios: Sequence[Tensor] = (),
    rescale: float = 0.0,
    guided_timesteps: Tensor | None = None,
    lengths: Tensor | None = None,
) -> Denoise:
    """Return a denoiser guided from the unconditional prompt `uncond` towards `context`, both [B, C, F].

    It predicts uncond + scale (cond - uncond), in one forward pass of 2B. Guiding the clean latent is the same as
    guiding the noise. At scale 1 only the conditional half is computed. With a negative prompt as `uncond`, guidance
    leads away from it. `denoise` takes (x_t, t, context, audios).
    rescale: see `rescaled`. guided_timesteps: bool [timesteps], where guidance is applied; None is everywhere, see
    `timesteps_within`. lengths: latent frames of each song [B]; None if all fill their row.
    """
    if scale == 1.0:
        return lambda x, t: denoise(x, t, context, audios)
    contexts = torch.cat([uncond, context])  # [2B, C, F]
    doubled = [torch.cat([audio, audio]) for audio in audios]

    def steered(x: Tensor, t: Tensor) -> Tensor:
        if guided_timesteps is not None and not guided_timesteps[t[0]]:  # samplers have all items at one timestep
            return denoise(x, t, context, audios)
        x0_uncond, x0_cond = denoise(torch.cat([x, x]), torch.cat([t, t]), contexts, doubled).chunk(2)
        return rescaled(x0_uncond + scale * (x0_cond - x0_uncond), x0_cond, rescale, lengths)

    return steered


def rescaled(guided_x0: Tensor, x0_cond: Tensor, share: float, lengths: Tensor | None = None) -> Tensor:
    """Return guided latents [B, Z, L], moved by `share` (0 to 1) to the standard deviation they have without guidance.

    Strong guidance makes latents larger than any in training. Lin et al., "Common Diffusion Noise Schedules and Sample
    Steps are Flawed", 2023 (arXiv:2305.08891), equations 15 and 16, where `share` is phi; of the clean latent here, so
    that it means the same for models that predict the noise, x_0 or v. lengths: frames [B] that count.
    """
    if share == 0:
        return guided_x0
    ratio = _deviation(x0_cond, lengths) / _deviation(guided_x0, lengths).clamp(min=1e-8)  # [B, 1, 1]
    return guided_x0 * (1 + share * (ratio - 1))


def timesteps_within(alphas_cumprod: Tensor, interval: tuple[float, float] | None) -> Tensor | None:
    """Return where the noise level is above the first value and at most the second: bool [timesteps]; None for None.

    The level is sqrt(1 / alpha_bar - 1), noise / signal. Kynkäänniemi et al., "Applying Guidance in a Limited Interval
    Improves Sample and Distribution Quality in Diffusion Models", 2024 (arXiv:2404.07724), equation 6.
    """
    if interval is None:
        return None
    level = (1 / alphas_cumprod - 1).sqrt()
    return (level > interval[0]) & (level <= interval[1])


def _deviation(x: Tensor, lengths: Tensor | None) -> Tensor:
    """The standard deviation of each item's own frames: [B, Z, L] -> [B, 1, 1]."""
    mask = frame_mask(lengths, x.shape[-1])  # [B, 1, L]
    if mask is None:
        return x.std(dim=(1, 2), keepdim=True, correction=0)
    count = mask.sum(dim=(1, 2), keepdim=True) * x.shape[1]
    mean = (x * mask).sum(dim=(1, 2), keepdim=True) / count
    return (((x - mean) * mask).square().sum(dim=(1, 2), keepdim=True) / count).sqrt()
