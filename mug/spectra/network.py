"""The network of spectrogram diffusion: a U-Net over frames, whose channels are mel bins, and an embedding of styles.

Axes: B batch, M mel bins, L frames, C context channels.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from einops import rearrange
from torch import Tensor, nn

from mug.config import instantiate_from_config
from mug.data.audio import AudioSettings
from mug.diffusion.checks import check_z_length
from mug.diffusion.gaussian_diffusion import GaussianDiffusion
from mug.diffusion.parameterization import input_of
from mug.diffusion.unet import UNetModel
from mug.errors import ConfigError
from mug.model.masking import LENGTH_MULTIPLE, whole_lengths

MAX_STYLES = 10_000


class SpectrogramDiffusion(GaussianDiffusion):
    """Diffusion of log-mel spectra [B, M, L], steered by a style.

    unet_config: node of the denoiser, whose in_channels and out_channels are audio.n_mels. styles: their names; style i
    has the id i + 1, and 0 is none. audio: sr, n_fft and n_mels, see mug.data.audio.AudioSettings. frames: of a crop in
    training; sampling works at other lengths too. For the others see mug.diffusion.gaussian_diffusion.
    """

    def __init__(
        self,
        unet_config: Mapping[str, Any],
        styles: Sequence[str],
        audio: Mapping[str, int],
        frames: int,
        style_dim: int = 64,
        parameterization: str = "v",
        loss_type: str = "l2",
        min_snr_gamma: float | None = None,
        timesteps: int = 200,
        timestep_sampling: str = "uniform",
        beta_schedule: str = "cosine",
        linear_start: float = 1e-4,
        linear_end: float = 2e-2,
        zero_terminal_snr: bool = False,
        normalize_latents: bool = True,
    ) -> None:
        settings = AudioSettings.from_params(audio)
        if parameterization == "recon":
            raise ConfigError("model.params.parameterization: recon is for notes; take v, eps, x0 or flow")
        if not 1 <= len(styles) <= MAX_STYLES or len(set(styles)) < len(styles):
            raise ConfigError(f"model.params.styles: {len(styles)} names; give 1 to {MAX_STYLES} different ones")
        super().__init__(
            settings.n_mels,
            frames,
            parameterization,
            loss_type,
            min_snr_gamma,
            timesteps,
            timestep_sampling,
            beta_schedule,
            linear_start,
            linear_end,
            zero_terminal_snr,
            normalize_latents,
        )
        self.audio, self.styles = settings, tuple(styles)
        self.unet_model = instantiate_from_config(unet_config, "model.params.unet_config", UNetModel)
        if self.unet_model.in_channels != settings.n_mels:
            raise ConfigError(
                f"model.params: unet_config.params.in_channels is {self.unet_model.in_channels}, but audio.n_mels is "
                f"{settings.n_mels}; they must be equal"
            )
        check_z_length(frames, self.unet_model.factor)
        self.style_embedding = nn.Embedding(len(styles) + 1, style_dim)

    @property
    def length_multiple(self) -> int:
        """The number of frames must be a multiple of this."""
        return math.lcm(LENGTH_MULTIPLE, self.unet_model.factor)

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Frames of each crop [B]; None if all fill the window."""
        return whole_lengths(batch.get("n_frames"), self.length_multiple, self.z_length)

    def plain_latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The spectra [B, M, L] of a batch."""
        mel: Tensor = batch["mel"]
        return mel

    def prediction_of(self, batch: Mapping[str, Any], x_t: Tensor, t: Tensor, lengths: Tensor | None) -> Tensor:
        """The prediction [B, M, L], steered by the batch's styles [B, 1]."""
        return self._predict(x_t, t, self.encode_style(batch["style"]), lengths)

    def encode_style(self, style: Tensor) -> Tensor:
        """Ids [B, 1] -> context [B, C, 1]."""
        return rearrange(self.style_embedding(style), "b f c -> b c f")

    def denoise(self, x_t: Tensor, t: Tensor, context: Tensor, audios: Sequence[Tensor] = ()) -> Tensor:
        """The estimate of the clean, normalised spectra [B, M, L]; see mug.diffusion.guidance. There are no audios."""
        return self.x0_of(self._predict(x_t, t, context, None), x_t, t)

    def spectra_of(self, x_0: Tensor) -> Tensor:
        """Normalised [B, M, L] -> log(1 + mel power) [B, M, L]."""
        return (x_0 * self.latent_std + self.latent_mean).clamp(min=0)

    def _predict(self, x_t: Tensor, t: Tensor, context: Tensor, lengths: Tensor | None) -> Tensor:
        shown = input_of(self.parameterization, x_t, *self._signal_and_noise(t))
        prediction: Tensor = self.unet_model(shown, t, context, [], lengths)
        return prediction.float()
