"""Classifier-free guidance (Ho & Salimans, "Classifier-Free Diffusion Guidance", 2022).

Axes: B batch, Z latent channels, L latent frames, C context channels, F features.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mug.diffusion.steps import Denoise


def guided(
    denoise: Callable[[Tensor, Tensor, Tensor, Sequence[Tensor]], Tensor],
    context: Tensor,
    uncond: Tensor,
    scale: float,
    audios: Sequence[Tensor] = (),
) -> Denoise:
    """Return a denoiser guided from the unconditional prompt `uncond` towards `context`, both [B, C, F].

    It predicts uncond + scale (cond - uncond), in one forward pass of 2B. Guiding the clean latent is the same as
    guiding the noise. At scale 1 only the conditional half is computed. `denoise` takes (x_t, t, context, audios).
    """
    if scale == 1.0:
        return lambda x, t: denoise(x, t, context, audios)
    contexts = torch.cat([uncond, context])  # [2B, C, F]
    doubled = [torch.cat([audio, audio]) for audio in audios]

    def steered(x: Tensor, t: Tensor) -> Tensor:
        x0_uncond, x0_cond = denoise(torch.cat([x, x]), torch.cat([t, t]), contexts, doubled).chunk(2)
        return x0_uncond + scale * (x0_cond - x0_uncond)

    return steered
