"""The four networks of stage 2 and the forward process, without a trainer.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Q frequencies of the STFT, C channels,
Z latent channels, L latent frames, F features.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from mug.diffusion.checks import (
    check_context,
    check_networks,
    check_noise,
    check_noisy,
    check_z_channels,
    check_z_length,
)
from mug.diffusion.objective import check_loss_type, check_timestep_sampling, elementwise_loss
from mug.diffusion.parameterization import check_last_timestep, check_parameterization, input_of, target_of, x0_of
from mug.diffusion.schedule import make_beta_schedule, min_snr_weights, schedule_buffers, vlb_weights
from mug.diffusion.wrapper import MugDiffusionWrapper
from mug.errors import ConfigError
from mug.model.blocks import check_input
from mug.model.masking import LENGTH_MULTIPLE, frame_mask, masked_mean, whole_lengths
from mug.model.network_node import ConfiguredNetwork


class LatentDiffusion(ConfiguredNetwork):
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

    alphas_cumprod: Tensor
    sqrt_alphas_cumprod: Tensor
    sqrt_one_minus_alphas_cumprod: Tensor
    latent_mean: Tensor
    latent_std: Tensor
    latents_measured: Tensor
    lvlb_weights: Tensor
    loss_weights: Tensor

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
        super().__init__()
        check_loss_type(loss_type)
        check_timestep_sampling(timestep_sampling)
        betas = make_beta_schedule(beta_schedule, timesteps, linear_start, linear_end, zero_terminal_snr)
        check_parameterization(parameterization)
        check_last_timestep(parameterization, betas)
        check_networks(unet_config, wave_stage_config, cond_stage_config, z_channels)
        self.model = MugDiffusionWrapper(unet_config, first_stage_config, wave_stage_config, cond_stage_config)
        check_z_channels(z_channels, self.model.first_stage_model)
        check_z_length(z_length, self.model.unet_model.factor)
        self.z_channels = z_channels
        self.z_length = z_length
        self.timesteps = len(betas)
        self.parameterization = parameterization
        self.loss_type = loss_type
        self.timestep_sampling = timestep_sampling
        self.normalize_latents = normalize_latents
        self.has_trained_first_stage = bool((first_stage_config.get("params") or {}).get("ckpt_path"))
        for name, values in schedule_buffers(betas).items():
            self.register_buffer(name, values)
        self.register_buffer("latent_mean", torch.zeros(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latent_std", torch.ones(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latents_measured", torch.tensor(False), persistent=normalize_latents)
        self.register_buffer("lvlb_weights", vlb_weights(betas, parameterization), persistent=False)
        self.register_buffer("loss_weights", min_snr_weights(betas, min_snr_gamma, parameterization), persistent=False)

    @property
    def device(self) -> torch.device:
        """The networks' device."""
        return self.alphas_cumprod.device

    @property
    def latent_factor(self) -> int:
        """Note frames per latent frame."""
        return self.model.first_stage_model.factor

    @property
    def length_multiple(self) -> int:
        """The number of latent frames must be a multiple of this."""
        return math.lcm(LENGTH_MULTIPLE, self.model.unet_model.factor)

    @property
    def spacing(self) -> str:
        """The spacing of a sampler's timesteps. If the last timestep is pure noise, sampling has to start there."""
        return "trailing" if self.alphas_cumprod[-1] == 0 else "uniform"

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

    def latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The normalised latents [B, Z, L] of a batch of notes, or of one that already has its latents as `z`.

        Raises ConfigError if their shape is not the model's.
        """
        return (self._plain_latents_of(batch, lengths) - self.latent_mean) / self.latent_std

    @torch.no_grad()
    def _plain_latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        z = batch["z"] if "z" in batch else self._encode(batch["note"], lengths)
        if z.shape[1:] != (self.z_channels, self.z_length):
            raise ConfigError(
                f"model.params: z_channels {self.z_channels} and z_length {self.z_length} disagree with the latents of "
                f"the data, which have {z.shape[1]} channels and {z.shape[2]} frames"
            )
        return z

    def plain_latents(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
        """The first stage's latents [B, Z, L] of a batch from a loader, not normalised, and each song's length [B].

        The lengths are None if all songs fill their row. Raises ConfigError if the latents' shape is not the model's.
        """
        on_device = {name: batch[name].to(self.device) for name in ("z", "note", "n_frames") if name in batch}
        lengths = self.lengths_of(on_device)
        return self._plain_latents_of(on_device, lengths), lengths

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
        prediction = self.predict(x_t, t, context, audios, lengths)
        return x0_of(self.parameterization, prediction, x_t, *self._signal_and_noise(t))

    def p_losses(
        self, batch: Mapping[str, Any], x_0: Tensor, t: Tensor, noise: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Return the loss, the values to log, and the unweighted loss of each item [B].

        x_0, noise [B, Z, L]; t, lengths [B]. batch: needs audio and feature, and for "recon" also note and valid_flag.
        Frames beyond a song's end, given by `lengths`, do not count.
        """
        mask = frame_mask(lengths, x_0.shape[2])
        audios, context = self.encode_audio(batch["audio"], lengths), self.encode_prompt(batch["feature"])
        x_t = self.q_sample(x_0, t, noise)
        prediction = self.predict(x_t, t, context, audios, lengths)
        a, s = self._signal_and_noise(t)
        target = target_of(self.parameterization, x_0, noise, a, s)
        if self.parameterization == "recon":
            notes = self.decode_latent(x0_of(self.parameterization, prediction, x_t, a, s), lengths)
            loss_of = self.model.first_stage_model.loss
            items = zip(notes.split(1), batch["note"].split(1), batch["valid_flag"].split(1), strict=True)
            loss_items = torch.stack([loss_of(guess, note, valid)[0] for guess, note, valid in items])  # [B]
        else:
            loss_items = masked_mean(elementwise_loss(self.loss_type, prediction, target), mask)
        loss_simple = loss_items.mean()
        loss_vlb = (self.lvlb_weights[t] * loss_items).mean()
        loss = (self.loss_weights[t] * loss_items).mean()
        difference = prediction.detach() - target
        log = {
            "loss_simple": loss_simple.detach(),
            "loss_mae": masked_mean(difference.abs(), mask).mean(),
            "loss_mse": masked_mean(difference.square(), mask).mean(),
            "loss_vlb": loss_vlb.detach(),
            "loss": loss.detach(),
        }
        return loss, log, loss_items.detach()

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
