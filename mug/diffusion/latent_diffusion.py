"""The four networks of stage 2 and the noise between them: what generation needs of a diffusion model.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Q frequencies of the STFT, C channels,
Z latent channels, L latent frames, F features.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from einops import rearrange
from torch import Tensor

from mug.diffusion.checks import check_context, check_networks, check_noise, check_noisy, check_z_length
from mug.diffusion.parameterization import check_last_timestep, check_parameterization, input_of, x0_of
from mug.diffusion.schedule import schedule_buffers
from mug.diffusion.wrapper import MugDiffusionWrapper
from mug.model.blocks import check_input
from mug.model.masking import LENGTH_MULTIPLE

Node = Mapping[str, Any]  # target and params


class LatentDiffusion(pl.LightningModule):
    """Notes to latents and back, audio and prompt to conditions, noise onto latents and off them.

    configs: of denoiser, first stage, audio encoder and prompt embedder. z_channels, z_length: shape of the latents
    that are trained on; other lengths work. betas: float64 [timesteps], see mug.diffusion.schedule. parameterization:
    what the denoiser predicts, see mug.diffusion.parameterization. normalize_latents: latents are kept at mean 0 and
    deviation 1 by latent_mean and latent_std, which training measures on its first batches.
    """

    latent_mean: Tensor
    latent_std: Tensor
    latents_measured: Tensor
    sqrt_alphas_cumprod: Tensor
    sqrt_one_minus_alphas_cumprod: Tensor
    alphas_cumprod: Tensor

    def __init__(
        self,
        configs: tuple[Node, Node, Node, Node],
        z_channels: int,
        z_length: int,
        betas: np.ndarray,
        parameterization: str,
        normalize_latents: bool,
    ) -> None:
        super().__init__()
        check_parameterization(parameterization)
        check_last_timestep(parameterization, betas)
        check_networks(*configs, z_channels)
        self.model = MugDiffusionWrapper(*configs)
        check_z_length(z_length, self.model.unet_model.factor)
        self.z_channels = z_channels
        self.z_length = z_length
        self.timesteps = len(betas)
        self.parameterization = parameterization
        for name, values in schedule_buffers(betas).items():
            self.register_buffer(name, values)
        self.register_buffer("latent_mean", torch.zeros(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latent_std", torch.ones(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latents_measured", torch.tensor(False), persistent=normalize_latents)

    @property
    def latent_factor(self) -> int:
        """Note frames per latent frame."""
        return self.model.first_stage_model.factor

    @property
    def length_multiple(self) -> int:
        """What the number of latent frames has to be a multiple of."""
        return math.lcm(LENGTH_MULTIPLE, self.model.unet_model.factor)

    @property
    def spacing(self) -> str:
        """How a sampler should choose its timesteps: from the very last one on, where no signal is left there."""
        return "trailing" if self.alphas_cumprod[-1] == 0 else "uniform"

    # `lengths` [B] are the latent frames of each song, multiples of length_multiple: what lies beyond them does not
    # change what lies inside. Without them every song fills its row.

    @torch.no_grad()
    def encode_latent(self, note: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Note planes [B, 4K, T] -> the clean latent x_0 [B, Z, L]: the posterior's mode, normalised."""
        note_frames = None if lengths is None else lengths * self.latent_factor
        return (self.model.first_stage_model.encode(note, note_frames).mode() - self.latent_mean) / self.latent_std

    def decode_latent(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Latent [B, Z, L] -> logits and raw offsets of the note planes [B, 4K, T]. Raises ValueError."""
        check_input(z, self.z_channels, 1, "the diffusion model", lengths)
        return self.model.first_stage_model.decode(z * self.latent_std + self.latent_mean, lengths)

    def encode_audio(self, audio: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Audio [B, M, A] or [B, 2, Q, A] -> its encoding at each level of the denoiser [B, C, L / 2^level]."""
        n_audios = self.model.unet_model.n_audios
        latent_frame = self.model.wave_model.factor >> (n_audios - 1)  # in audio frames; the last scale is coarser
        encoded = self.model.wave_model(audio, None if lengths is None else lengths * latent_frame)
        audios = [encoded] if isinstance(encoded, Tensor) else list(encoded)
        return audios[-n_audios:]

    def encode_prompt(self, feature: Tensor) -> Tensor:
        """Prompt ids [B, F] -> context [B, C, F]."""
        return self.model.cond_stage_model(feature)

    def denoise(
        self, x_t: Tensor, t: Tensor, context: Tensor, audios: Sequence[Tensor], lengths: Tensor | None = None
    ) -> Tensor:
        """Return the clean latent that x_t [B, Z, L] at timesteps t [B] is taken for, whatever the denoiser predicts.

        context, audios: see encode_prompt and encode_audio. Raises ValueError for another shape or an unknown timestep.
        """
        check_noisy(x_t, t, self.z_channels, self.timesteps)
        check_context(context, self.model.cond_stage_model.n_features)
        a, s = self._signal_and_noise(t)
        shown = input_of(self.parameterization, x_t, a, s)
        prediction = self.model.unet_model(shown, t, context, list(audios), lengths).float()
        return x0_of(self.parameterization, prediction, x_t, a, s)

    def _signal_and_noise(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The factors of x_0 and of the noise at timesteps t [B], both [B, 1, 1]."""
        a, s = self.sqrt_alphas_cumprod[t], self.sqrt_one_minus_alphas_cumprod[t]
        return rearrange(a, "b -> b 1 1"), rearrange(s, "b -> b 1 1")

    def q_sample(self, x_0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """Return x_t [B, Z, L]: x_0 with the noise of timesteps t [B]; equation 4 of Ho et al. Raises ValueError."""
        check_noisy(x_0, t, self.z_channels, self.timesteps)
        check_noise(noise, x_0)
        a, s = self._signal_and_noise(t)
        return a * x_0 + s * noise
