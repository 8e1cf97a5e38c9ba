"""The four networks of stage 2, without a trainer.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Q frequencies of the STFT, C channels,
Z latent channels, L latent frames, F features.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mug.diffusion.checks import (
    check_context,
    check_networks,
    check_noisy,
    check_z_channels,
    check_z_length,
)
from mug.diffusion.gaussian_diffusion import GaussianDiffusion
from mug.diffusion.parameterization import input_of
from mug.diffusion.wrapper import MugDiffusionWrapper
from mug.model.blocks import check_input
from mug.model.masking import LENGTH_MULTIPLE, whole_lengths


class LatentDiffusion(GaussianDiffusion):
    """Maps notes to latents and back, encodes audio and prompt, and adds and removes noise (Ho et al. 2020).

    unet_config, first_stage_config, wave_stage_config, cond_stage_config: nodes of the denoiser, the frozen first
    stage, the audio encoder and the prompt embedder.
    z_channels, z_length: shape of the latents in training; sampling works at other lengths too.
    parameterization: what the denoiser predicts, see mug.diffusion.parameterization.
    loss_type, timestep_sampling: see mug.diffusion.objective.
    min_snr_gamma: gamma of min-SNR loss weights, usually 5; None weights all timesteps equally.
    beta_schedule, timesteps, linear_start, linear_end, zero_terminal_snr: see mug.diffusion.schedule.
    normalize_latents: normalise latents to mean 0 and standard deviation 1 with latent_mean and latent_std, which are
    measured on the first training batches.
    mug.diffusion.diffusion.DDPM trains it. Training parameters: see mug.model.network_node.TrainingParams.
    """

    def __init__(
        self,
        unet_config: Mapping[str, Any],
        first_stage_config: Mapping[str, Any],
        wave_stage_config: Mapping[str, Any],
        cond_stage_config: Mapping[str, Any],
        z_channels: int,
        z_length: int,
        parameterization: str = "eps",
        loss_type: str = "smooth_l1",
        min_snr_gamma: float | None = None,
        timesteps: int = 1000,
        timestep_sampling: str = "uniform",
        beta_schedule: str = "linear",
        linear_start: float = 1e-4,
        linear_end: float = 2e-2,
        zero_terminal_snr: bool = False,
        normalize_latents: bool = False,
    ) -> None:
        super().__init__(
            z_channels,
            z_length,
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
        check_networks(unet_config, wave_stage_config, cond_stage_config, z_channels)
        self.model = MugDiffusionWrapper(unet_config, first_stage_config, wave_stage_config, cond_stage_config)
        check_z_channels(z_channels, self.model.first_stage_model)
        check_z_length(z_length, self.model.unet_model.factor)
        self.has_trained_first_stage = bool((first_stage_config.get("params") or {}).get("ckpt_path"))

    @property
    def latent_factor(self) -> int:
        """Note frames per latent frame."""
        return self.model.first_stage_model.factor

    @property
    def length_multiple(self) -> int:
        """The number of latent frames must be a multiple of this."""
        return math.lcm(LENGTH_MULTIPLE, self.model.unet_model.factor)

    @property
    def first_stage_fingerprint(self) -> str:
        """Fingerprint of the first stage; latents on disk must have the same."""
        return self.model.first_stage_model.fingerprint(self.length_multiple)

    # `lengths` [B] are the latent frames of each song, multiples of length_multiple. Frames beyond them do not affect
    # those inside. Without `lengths` every song fills its row.

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Latent frames of each song of a batch [B]; None if all fill the window."""
        note_frames = self.latent_factor * self.length_multiple
        lengths = whole_lengths(batch.get("n_frames"), note_frames, self.latent_factor * self.z_length)
        return None if lengths is None else lengths // self.latent_factor

    @torch.no_grad()
    def encode_latent(self, note: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Note planes [B, 4K, T] -> the clean latent x_0 [B, Z, L]: the posterior's mode, normalised."""
        return (self._encode(note, lengths) - self.latent_mean) / self.latent_std

    def _encode(self, note: Tensor, lengths: Tensor | None) -> Tensor:
        note_frames = None if lengths is None else lengths * self.latent_factor
        return self.model.first_stage_model.encode(note, note_frames).mode()

    def plain_latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The first stage's latents [B, Z, L] of a batch of notes, or of one that already has its latents as `z`."""
        return batch["z"] if "z" in batch else self._encode(batch["note"], lengths)

    def decode_latent(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Latent [B, Z, L] -> logits and raw offsets of the note planes [B, 4K, T]. Raises ValueError."""
        check_input(z, self.z_channels, 1, "the diffusion model", lengths)
        return self.model.first_stage_model.decode(z * self.latent_std + self.latent_mean, lengths)

    def encode_audio(self, audio: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Audio [B, M, A] or [B, 2, Q, A] -> its encoding at each level of the denoiser [B, C, L / 2^level]."""
        n_audios = self.model.unet_model.n_audios
        latent_frame = self.model.wave_model.factor >> (n_audios - 1)  # in audio frames; the last scale is the coarsest
        encoded = self.model.wave_model(audio, None if lengths is None else lengths * latent_frame)
        audios = [encoded] if isinstance(encoded, Tensor) else list(encoded)
        return audios[-n_audios:]

    def encode_prompt(self, feature: Tensor) -> Tensor:
        """Prompt ids [B, F] -> context [B, C, F]."""
        return self.model.cond_stage_model(feature)

    def predict(
        self, x_t: Tensor, t: Tensor, context: Tensor, audios: Sequence[Tensor], lengths: Tensor | None = None
    ) -> Tensor:
        """The denoiser's prediction [B, Z, L] for x_t [B, Z, L] at timesteps t [B], in the model's parameterization.

        context, audios: see encode_prompt and encode_audio.
        """
        shown = input_of(self.parameterization, x_t, *self._signal_and_noise(t))
        return self.model.unet_model(shown, t, context, list(audios), lengths).float()

    def denoise(
        self, x_t: Tensor, t: Tensor, context: Tensor, audios: Sequence[Tensor], lengths: Tensor | None = None
    ) -> Tensor:
        """Return the denoiser's estimate of the clean latent x_0 [B, Z, L], given x_t [B, Z, L] at timesteps t [B].

        context, audios: see encode_prompt and encode_audio. Raises ValueError for another shape or an unknown timestep.
        """
        check_noisy(x_t, t, self.z_channels, self.timesteps)
        check_context(context, self.model.cond_stage_model.n_features)
        return self.x0_of(self.predict(x_t, t, context, audios, lengths), x_t, t)

    def prediction_of(self, batch: Mapping[str, Any], x_t: Tensor, t: Tensor, lengths: Tensor | None) -> Tensor:
        """The prediction [B, Z, L], steered by the batch's audio and prompt, `feature`."""
        audios, context = self.encode_audio(batch["audio"], lengths), self.encode_prompt(batch["feature"])
        return self.predict(x_t, t, context, audios, lengths)

    def loss_items_of(
        self,
        batch: Mapping[str, Any],
        prediction: Tensor,
        target: Tensor,
        x_t: Tensor,
        t: Tensor,
        lengths: Tensor | None,
    ) -> Tensor:
        """The loss of each item [B]; for "recon" it is that of the notes, and needs the batch's note and valid_flag."""
        if self.parameterization != "recon":
            return super().loss_items_of(batch, prediction, target, x_t, t, lengths)
        notes = self.decode_latent(self.x0_of(prediction, x_t, t), lengths)
        loss_of = self.model.first_stage_model.loss
        items = zip(notes.split(1), batch["note"].split(1), batch["valid_flag"].split(1), strict=True)
        return torch.stack([loss_of(guess, note, valid)[0] for guess, note, valid in items])
