"""Long songs are charted in overlapping windows: each network hears one at a time, and their answers are blended.

At every step of a sampler the predictions of all windows become one: Bar-Tal et al., "MultiDiffusion: Fusing Diffusion
Paths for Controlled Image Generation", 2023 (arXiv:2302.08113), equation 5. Up to WHOLE_LATENTS a song is one window.

Axes: B batch, C channels, Z latent channels, L latent frames, T note frames, A audio frames, M mel bins.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.model.windows import Windows

# 22, 6 and 0.8 minutes. On an axis of beats, a song of 15 minutes is at most 21 minutes long.
WHOLE_LATENTS, WINDOW_LATENTS, OVERLAP_LATENTS = 7168, 2048, 256


def windows_of(frames: int, multiple: int, per_latent: int = 1) -> Windows:
    """The windows of a song, in frames of which a latent frame has `per_latent`, at multiples of `multiple`."""
    if frames <= WHOLE_LATENTS * per_latent:
        return Windows.whole(frames)
    return Windows.over(frames, WINDOW_LATENTS * per_latent, OVERLAP_LATENTS * per_latent, multiple)


def heard(spectrum: np.ndarray, start: int, frames: int) -> Tensor:
    """Frames of a spectrum [M, A] from `start` on, silent before its beginning and after its end: [1, M, frames]."""
    inside = spectrum[..., max(start, 0) : max(start + frames, 0)]
    before = max(-start, 0)
    silence = [(0, 0)] * (spectrum.ndim - 1) + [(before, frames - before - inside.shape[-1])]
    return torch.from_numpy(np.pad(inside, silence)).float()[None]


def encode_windows(model: LatentDiffusion, spectrum: np.ndarray, windows: Windows, audio_frames: int) -> list[Tensor]:
    """Encode a song's spectrum [M, A] for `denoiser_in`: at each level, the windows one after another [1, C, L'].

    windows: in latent frames of `audio_frames` each.
    """
    length = windows.length * audio_frames
    encoded = [model.encode_audio(heard(spectrum, at * audio_frames, length).to(model.device)) for at in windows.starts]
    return [torch.cat(level, dim=-1) for level in zip(*encoded, strict=True)]


def denoiser_in(
    windows: Windows, model: LatentDiffusion, lengths: Tensor | None = None
) -> Callable[[Tensor, Tensor, Tensor, Sequence[Tensor]], Tensor]:
    """Return the model's denoiser in windows, for `mug.diffusion.guidance.guided`.

    lengths: latent frames of each song [B] of a single window; None if all fill it.
    """

    def denoise(x: Tensor, t: Tensor, context: Tensor, audios: Sequence[Tensor]) -> Tensor:
        repeated = None if lengths is None else lengths.repeat(len(x) // len(lengths))  # guidance doubles the batch

        def predicted(index: int, start: int) -> Tensor:
            own = [audio.chunk(len(windows.starts), dim=-1)[index] for audio in audios]
            return model.denoise(x[..., start : start + windows.length], t, context, own, repeated)

        return windows.blended(predicted)

    return denoise


def decode_windows(windows: Windows, model: LatentDiffusion, z: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Latent [B, Z, L] -> logits and raw offsets of the note planes [B, 4K, T]."""

    def planes(index: int, start: int) -> Tensor:
        return model.decode_latent(z[..., start : start + windows.length], lengths)

    return windows.blended(planes, model.latent_factor)
