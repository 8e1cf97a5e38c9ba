"""Diffusion of sequences: the forward process and the loss, whatever the sequences are and whatever steers them.

Axes: B batch, Z channels, L frames.
"""

from collections.abc import Mapping
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from mug.diffusion.checks import check_noise, check_noisy
from mug.diffusion.objective import check_loss_type, check_timestep_sampling, elementwise_loss
from mug.diffusion.parameterization import check_last_timestep, check_parameterization, target_of, x0_of
from mug.diffusion.schedule import make_beta_schedule, min_snr_weights, schedule_buffers, vlb_weights
from mug.errors import ConfigError
from mug.model.masking import frame_mask, masked_mean
from mug.model.network_node import ConfiguredNetwork


class GaussianDiffusion(ConfiguredNetwork):
    """Adds noise to sequences [B, Z, L] and measures how well a denoiser predicts it (Ho et al. 2020).

    z_channels, z_length: shape of a sequence in training. parameterization: see mug.diffusion.parameterization.
    loss_type, timestep_sampling: see mug.diffusion.objective. min_snr_gamma, beta_schedule, timesteps, linear_start,
    linear_end, zero_terminal_snr: see mug.diffusion.schedule. normalize_latents: to mean 0 and standard deviation 1 in
    each channel, with latent_mean and latent_std, which are measured on the first training batches.
    mug.diffusion.diffusion.DDPM trains it. A subclass says what the sequences of a batch are, and what the denoiser
    sees of the batch beside them.
    """

    alphas_cumprod: Tensor
    sqrt_alphas_cumprod: Tensor
    sqrt_one_minus_alphas_cumprod: Tensor
    latent_mean: Tensor
    latent_std: Tensor
    latents_measured: Tensor
    lvlb_weights: Tensor
    loss_weights: Tensor

    has_trained_first_stage = True  # a subclass with a first stage says whether it is

    def __init__(
        self,
        z_channels: int,
        z_length: int,
        parameterization: str,
        loss_type: str,
        min_snr_gamma: float | None,
        timesteps: int,
        timestep_sampling: str,
        beta_schedule: str,
        linear_start: float,
        linear_end: float,
        zero_terminal_snr: bool,
        normalize_latents: bool,
    ) -> None:
        super().__init__()
        check_loss_type(loss_type)
        check_timestep_sampling(timestep_sampling)
        betas = make_beta_schedule(beta_schedule, timesteps, linear_start, linear_end, zero_terminal_snr)
        check_parameterization(parameterization)
        check_last_timestep(parameterization, betas)
        self.z_channels = z_channels
        self.z_length = z_length
        self.timesteps = len(betas)
        self.parameterization = parameterization
        self.loss_type = loss_type
        self.timestep_sampling = timestep_sampling
        self.normalize_latents = normalize_latents
        for name, values in schedule_buffers(betas).items():
            self.register_buffer(name, values)
        self.register_buffer("latent_mean", torch.zeros(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latent_std", torch.ones(z_channels, 1), persistent=normalize_latents)
        self.register_buffer("latents_measured", torch.tensor(False), persistent=normalize_latents)
        self.register_buffer("lvlb_weights", vlb_weights(betas, parameterization), persistent=False)
        self.register_buffer("loss_weights", min_snr_weights(betas, min_snr_gamma, parameterization), persistent=False)

    # --- what a subclass says ----------------------------------------------------------------------------------------

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Frames of each sequence of a batch [B]; None if all fill the window."""
        raise NotImplementedError

    def plain_latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The sequences [B, Z, L] of a batch, not normalised."""
        raise NotImplementedError

    def prediction_of(self, batch: Mapping[str, Any], x_t: Tensor, t: Tensor, lengths: Tensor | None) -> Tensor:
        """The denoiser's prediction [B, Z, L] for the sequences x_t [B, Z, L] of a batch at timesteps t [B]."""
        raise NotImplementedError

    @property
    def first_stage_fingerprint(self) -> str | None:
        """Fingerprint of the first stage, which latents on disk must have; None without one."""
        return None

    # --- the same for all --------------------------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        """The networks' device."""
        return self.alphas_cumprod.device

    @property
    def spacing(self) -> str:
        """The spacing of a sampler's timesteps. If the last timestep is pure noise, sampling has to start there."""
        return "trailing" if self.alphas_cumprod[-1] == 0 else "uniform"

    def latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The normalised sequences [B, Z, L] of a batch. Raises ConfigError if their shape is not the model's."""
        return (self._checked_latents(batch, lengths) - self.latent_mean) / self.latent_std

    def plain_latents(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
        """The sequences [B, Z, L] of a batch from a loader, not normalised, and the length of each [B].

        The lengths are None if all fill their row. Raises ConfigError if the shape is not the model's.
        """
        on_device = {name: value.to(self.device) for name, value in batch.items() if isinstance(value, Tensor)}
        lengths = self.lengths_of(on_device)
        return self._checked_latents(on_device, lengths), lengths

    @torch.no_grad()
    def _checked_latents(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        z = self.plain_latents_of(batch, lengths)
        if z.shape[1:] != (self.z_channels, self.z_length):
            raise ConfigError(
                f"model.params: z_channels {self.z_channels} and z_length {self.z_length} disagree with the latents of "
                f"the data, which have {z.shape[1]} channels and {z.shape[2]} frames"
            )
        return z

    def p_losses(
        self, batch: Mapping[str, Any], x_0: Tensor, t: Tensor, noise: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Return the loss, the values to log, and the unweighted loss of each item [B].

        x_0, noise [B, Z, L]; t, lengths [B]. batch: has what steers the denoiser. Frames beyond the end of a sequence,
        given by `lengths`, do not count.
        """
        mask = frame_mask(lengths, x_0.shape[2])
        x_t = self.q_sample(x_0, t, noise)
        prediction = self.prediction_of(batch, x_t, t, lengths)
        target = target_of(self.parameterization, x_0, noise, *self._signal_and_noise(t))
        loss_items = self.loss_items_of(batch, prediction, target, x_t, t, lengths)
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

    def loss_items_of(
        self,
        batch: Mapping[str, Any],
        prediction: Tensor,
        target: Tensor,
        x_t: Tensor,
        t: Tensor,
        lengths: Tensor | None,
    ) -> Tensor:
        """The loss of each item [B] of a batch."""
        mask = frame_mask(lengths, x_t.shape[2])
        return masked_mean(elementwise_loss(self.loss_type, prediction, target), mask)

    def x0_of(self, prediction: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean sequences [B, Z, L] that predictions [B, Z, L] for x_t at timesteps t [B] imply."""
        return x0_of(self.parameterization, prediction, x_t, *self._signal_and_noise(t))

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
