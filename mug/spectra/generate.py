"""Spectra in a style, drawn from noise.

Axes: B batch, M mel bins, L frames.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.guidance import guided
from mug.diffusion.samplers import SAMPLERS
from mug.errors import PromptError
from mug.seeding import generator_of
from mug.spectra.dataset import NO_STYLE
from mug.spectra.network import SpectrogramDiffusion

MAX_SECONDS = 60.0


@dataclass(frozen=True)
class SpectrumSampling:
    """How spectra are drawn: sampler and steps of mug.diffusion.samplers, guidance scale, seed of the noise."""

    steps: int = 50
    guidance: float = 2.0
    seed: int = 0
    sampler: str = "ddim"


def style_id(network: SpectrogramDiffusion, style: str | None) -> int:
    """The id of a style; None is no style. Raises PromptError for one that the model does not know."""
    if style is None:
        return NO_STYLE
    if style not in network.styles:
        raise PromptError(f"style '{style}': the model knows {', '.join(network.styles)}")
    return network.styles.index(style) + NO_STYLE + 1


def frames_of(network: SpectrogramDiffusion, seconds: float) -> int:
    """Frames of so many seconds, rounded up to what the model can make. Raises PromptError for impossible ones."""
    if not 0 < seconds <= MAX_SECONDS:
        raise PromptError(f"seconds {seconds:g}: give more than 0 and up to {MAX_SECONDS:g}")
    multiple = network.length_multiple
    frames = seconds * network.audio.sr / network.audio.hop_length
    return multiple * max(1, -int(-frames // multiple))


@torch.no_grad()
def sample_spectra(
    network: SpectrogramDiffusion,
    styles: Sequence[int],
    frames: int,
    how: SpectrumSampling,
    first: int = 0,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Tensor:
    """Return log(1 + mel power) [B, M, frames], one for each style id.

    first: number of the first one; the noise of number i depends on the seed and i alone. Raises ConfigError for an
    impossible number of steps.
    """
    shape = (network.z_channels, frames)
    generators = [generator_of(how.seed, first + number) for number in range(len(styles))]
    noise = torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(network.device)
    ids = torch.tensor(styles, device=network.device)[:, None]  # [B, 1]
    context, none = network.encode_style(ids), network.encode_style(torch.full_like(ids, NO_STYLE))
    denoise = guided(network.denoise, context, none, how.guidance)
    sampler = SAMPLERS[how.sampler].load()
    x_0 = sampler(
        denoise,
        noise,
        network.alphas_cumprod,
        how.steps,
        spacing=network.spacing,
        generators=generators,
        tqdm_class=tqdm_class,
    )
    return network.spectra_of(x_0)
