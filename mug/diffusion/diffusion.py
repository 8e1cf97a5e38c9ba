"""Training of stage 2: denoising diffusion of the first stage's latents, conditioned on the prompt and the audio.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Q frequencies of the STFT, C channels,
Z latent channels, L latent frames, F features.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_info, rank_zero_warn
from torch import Tensor

from mug.diffusion.band_means import BandMeans
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.latent_statistics import latent_statistics
from mug.diffusion.objective import check_loss_type, check_timestep_sampling, draw_timesteps, elementwise_loss
from mug.diffusion.parameterization import input_of, target_of, x0_of
from mug.diffusion.schedule import make_beta_schedule, min_snr_weights, vlb_weights
from mug.errors import ConfigError
from mug.firststage.fingerprint import fingerprint
from mug.lr_scheduler import adamw
from mug.model.masking import frame_mask, masked_mean, whole_lengths
from mug.model.weights import freeze_all_but, load_weights
from mug.seeding import generators_of_batch, noise_like, process_of, stratified_timesteps

NOISE_BANDS = 10


class DDPM(LatentDiffusion):
    """Trains the denoiser, the audio encoder and the prompt embedder together (Ho et al. 2020, algorithm 1).

    z_channels, z_length, parameterization, normalize_latents: see LatentDiffusion.
    loss_type, timestep_sampling: see mug.diffusion.objective.
    min_snr_gamma: weigh the loss by min-SNR, 5 is usual; None weighs all timesteps alike.
    beta_schedule, timesteps, linear_start, linear_end, zero_terminal_snr: see mug.diffusion.schedule.
    vlb_weight: how much of the variational bound is added to the plain loss.
    weight_decay, scheduler_config: see mug.lr_scheduler.adamw.
    training_keys: train only the parameters whose name contains one of them.
    seed: an item's noise and timestep are functions of it and the item's place in its epoch, so a resumed run draws
    what it would have drawn, and several processes draw what one would.
    """

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
        vlb_weight: float = 0.0,
        timesteps: int = 1000,
        timestep_sampling: str = "uniform",
        beta_schedule: str = "linear",
        linear_start: float = 1e-4,
        linear_end: float = 2e-2,
        zero_terminal_snr: bool = False,
        learning_rate: float = 1e-5,
        weight_decay: float = 0.01,
        scheduler_config: Mapping[str, Any] | None = None,
        training_keys: Sequence[str] = (),
        monitor: str | None = None,
        ckpt_path: str | None = None,
        ignore_keys: Sequence[str] = (),
        normalize_latents: bool = False,
        seed: int = 23,
    ) -> None:
        check_loss_type(loss_type)
        check_timestep_sampling(timestep_sampling)
        betas = make_beta_schedule(beta_schedule, timesteps, linear_start, linear_end, zero_terminal_snr)
        configs = (unet_config, first_stage_config, wave_stage_config, cond_stage_config)
        super().__init__(configs, z_channels, z_length, betas, parameterization, normalize_latents)
        self.loss_type = loss_type
        self.vlb_weight = vlb_weight
        self.timestep_sampling = timestep_sampling
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.scheduler_config = scheduler_config
        self.monitor = monitor
        self.normalize_latents = normalize_latents
        self.seed = seed
        self.noise_bands = BandMeans(NOISE_BANDS)
        self.has_untrained_first_stage = ckpt_path is None and not first_stage_config.get("params", {}).get("ckpt_path")

        self.register_buffer("lvlb_weights", vlb_weights(betas, parameterization), persistent=False)
        self.register_buffer("loss_weights", min_snr_weights(betas, min_snr_gamma, parameterization), persistent=False)
        if ckpt_path is not None:
            load_weights(self, ckpt_path, ignore_keys)
        freeze_all_but(self, training_keys)

    def p_losses(
        self, batch: Mapping[str, Any], x_0: Tensor, t: Tensor, noise: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Return the loss, what to log of it, and the plain loss of each item [B].

        x_0, noise [B, Z, L]; t, lengths [B]; of the batch its audio and feature, and for "recon" its note and
        valid_flag. What is beyond a song's end, as `lengths` say it, counts for nothing.
        """
        mask = frame_mask(lengths, x_0.shape[2])
        audios = self.encode_audio(batch["audio"], lengths)
        context = self.encode_prompt(batch["feature"])
        a, s = self._signal_and_noise(t)
        x_t = self.q_sample(x_0, t, noise)
        shown = input_of(self.parameterization, x_t, a, s)
        prediction = self.model.unet_model(shown, t, context, audios, lengths).float()
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
        loss = (self.loss_weights[t] * loss_items).mean() + self.vlb_weight * loss_vlb
        difference = prediction.detach() - target
        log = {
            "loss_simple": loss_simple.detach(),
            "loss_mae": masked_mean(difference.abs(), mask).mean(),
            "loss_mse": masked_mean(difference.square(), mask).mean(),
            "loss_vlb": loss_vlb.detach(),
            "loss": loss.detach(),
        }
        return loss, log, loss_items.detach()

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        lengths = self.lengths_of(batch)
        x_0 = self._latents_of(batch, lengths)
        generators = generators_of_batch(self, self.seed, self.current_epoch, batch_idx, len(x_0))
        t = draw_timesteps(self.timestep_sampling, self.timesteps, generators).to(x_0.device)
        noise = noise_like(x_0, generators)
        loss, log, _ = self.p_losses(batch, x_0, t, noise, lengths)
        self.log("train/loss", log.pop("loss"), prog_bar=True, batch_size=len(x_0))
        self.log_dict({f"train/{name}": value for name, value in log.items()}, batch_size=len(x_0))
        return loss

    def on_validation_epoch_start(self) -> None:
        self.noise_bands.reset()

    def on_test_epoch_start(self) -> None:
        self.noise_bands.reset()

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        self._evaluate(batch, batch_idx, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        self._evaluate(batch, batch_idx, "test")

    def _evaluate(self, batch: Mapping[str, Any], batch_idx: int, stage: str) -> None:
        """Log the losses with the same noise and timesteps every time, so that epochs can be compared."""
        lengths = self.lengths_of(batch)
        x_0 = self._latents_of(batch, lengths)
        noise = noise_like(x_0, generators_of_batch(self, self.seed, 0, batch_idx, len(x_0)))
        t = stratified_timesteps(len(x_0), batch_idx, self.timesteps, *process_of(self)).to(x_0.device)
        _, log, loss_items = self.p_losses(batch, x_0, t, noise, lengths)
        self.log(f"{stage}/loss", log.pop("loss"), prog_bar=True, batch_size=len(x_0), sync_dist=True)
        named = {f"{stage}/{name}": value for name, value in log.items()}
        self.log_dict(named, batch_size=len(x_0), sync_dist=True)
        self.noise_bands.add(t * NOISE_BANDS // self.timesteps, loss_items)

    def on_validation_epoch_end(self) -> None:
        self._log_noise_bands("val")

    def on_test_epoch_end(self) -> None:
        self._log_noise_bands("test")

    def _log_noise_bands(self, stage: str) -> None:
        for band, mean in self.noise_bands.means(self.trainer.strategy).items():
            self.log(f"{stage}/loss_noise_band_{band}", mean, sync_dist=True)

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Latent frames of each song [B]; None where all fill the window."""
        note_frames = self.latent_factor * self.length_multiple
        lengths = whole_lengths(batch.get("n_frames"), note_frames, self.latent_factor * self.z_length)
        return None if lengths is None else lengths // self.latent_factor

    def _latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        """The normalised latents [B, Z, L] of a batch, which brings its notes or has its latents as `z`."""
        return (self._plain_latents_of(batch, lengths) - self.latent_mean) / self.latent_std

    @torch.no_grad()
    def _plain_latents_of(self, batch: Mapping[str, Any], lengths: Tensor | None) -> Tensor:
        if "z" in batch:
            z = batch["z"]
        else:
            note_frames = None if lengths is None else lengths * self.latent_factor
            z = self.model.first_stage_model.encode(batch["note"], note_frames).mode()
        if z.shape[1:] != (self.z_channels, self.z_length):
            raise ConfigError(
                f"model.params: z_channels {self.z_channels} and z_length {self.z_length} disagree with the latents of "
                f"the data, which have {z.shape[1]} channels and {z.shape[2]} frames"
            )
        return z

    def plain_latents(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
        """The latents [B, Z, L] of a batch of a loader as the first stage has them, not normalised, and how long those
        of each song are [B], None where all fill their row. Raises ConfigError for latents of another shape.
        """
        on_device = {name: batch[name].to(self.device) for name in ("z", "note", "n_frames") if name in batch}
        lengths = self.lengths_of(on_device)
        return self._plain_latents_of(on_device, lengths), lengths

    @property
    def first_stage_fingerprint(self) -> str:
        """What latents on disk have to have been encoded by."""
        return fingerprint(self.model.first_stage_model, self.length_multiple)

    def on_fit_start(self) -> None:
        if self.trainer.ckpt_path is None and self.has_untrained_first_stage:
            rank_zero_warn(
                "the first stage is untrained: give the checkpoint of a stage 1 run as "
                "model.params.first_stage_config.params.ckpt_path=logs/<run>/checkpoints/last.ckpt"
            )
        self._check_encoded_latents()
        if self.normalize_latents and not self.latents_measured:
            self._measure_latents()

    def _check_encoded_latents(self) -> None:
        """Raise ConfigError where training items bring latents that are not this model's."""
        first_stage = getattr(getattr(self.trainer, "datamodule", None), "first_stage", None)
        if first_stage is None:
            return
        if self.parameterization == "recon":
            raise ConfigError("model.params.parameterization: recon learns from notes; leave encoded latents out")
        if first_stage != self.first_stage_fingerprint:
            raise ConfigError(
                "the encoded latents are another first stage's than that of the model: run `mug latents` "
                "again, with the ckpt_path of model.params.first_stage_config.params"
            )

    def _measure_latents(self) -> None:
        """Fill latent_mean and latent_std from the first training batches."""
        datamodule = getattr(self.trainer, "datamodule", None)
        if datamodule is None:
            raise ConfigError("normalize_latents: measuring the latents needs a datamodule with training data")
        silent = getattr(datamodule, "silent_train_dataloader", datamodule.train_dataloader)
        total = partial(self.trainer.strategy.reduce, reduce_op="sum")
        mean, std = latent_statistics(silent(), self.plain_latents, total)
        self.latent_mean.copy_(mean)
        self.latent_std.copy_(std.clamp(min=1e-6))  # a channel that never moves
        self.latents_measured.fill_(True)
        rank_zero_info(f"latent channels normalised from deviations {std.min().item():.3g}..{std.max().item():.3g}")

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, self.scheduler_config, self.weight_decay, self._trainer)
