"""Training of diffusion models: of stage 2, on the first stage's latents, and of others.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pytorch_lightning.utilities.rank_zero import rank_zero_info, rank_zero_warn
from torch import Tensor

from mug.config import construct
from mug.data.datamodule import datamodule_of
from mug.diffusion.band_means import BandMeans
from mug.diffusion.gaussian_diffusion import GaussianDiffusion
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.latent_statistics import latent_statistics
from mug.diffusion.objective import draw_timesteps
from mug.errors import ConfigError
from mug.model.lit_network import LitNetwork
from mug.model.network_node import TrainingParams, split_params
from mug.seeding import noise_like, stratified_timesteps

NOISE_BANDS = 10


class DDPM(LitNetwork):
    """Trains the denoiser of a diffusion model and, together with it, what encodes the prompt and the audio.

    A training step is algorithm 1 of Ho et al., "Denoising Diffusion Probabilistic Models", 2020. Configurations of a
    LatentDiffusion name this class, with params of LatentDiffusion and TrainingParams, see mug.model.network_node.
    """

    network: GaussianDiffusion
    default_learning_rate = 1e-5

    def __init__(self, network: GaussianDiffusion, training: TrainingParams | None = None) -> None:
        super().__init__(network, training)
        self.noise_bands = BandMeans(NOISE_BANDS)

    @classmethod
    def from_params(cls, params: Mapping[str, Any], where: str) -> "DDPM":
        """Build it from the params of a configuration's model, see mug.config.instantiate_from_config."""
        own, training = split_params(LatentDiffusion, params, where)
        return cls(construct(LatentDiffusion, own, where), training)

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        network = self.network
        lengths = network.lengths_of(batch)
        x_0 = network.latents_of(batch, lengths)
        generators = self.generators_of(self.current_epoch, batch_idx, len(x_0))
        t = draw_timesteps(network.timestep_sampling, network.timesteps, generators).to(x_0.device)
        noise = noise_like(x_0, generators)
        loss, log, _ = network.p_losses(batch, x_0, t, noise, lengths)
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
        """Log the losses, always with the same noise and timesteps, so that epochs can be compared."""
        network = self.network
        lengths = network.lengths_of(batch)
        x_0 = network.latents_of(batch, lengths)
        noise = noise_like(x_0, self.generators_of(0, batch_idx, len(x_0)))
        t = stratified_timesteps(len(x_0), batch_idx, network.timesteps, *self.process).to(x_0.device)
        _, log, loss_items = network.p_losses(batch, x_0, t, noise, lengths)
        self.log(f"{stage}/loss", log.pop("loss"), prog_bar=True, batch_size=len(x_0), sync_dist=True)
        named = {f"{stage}/{name}": value for name, value in log.items()}
        self.log_dict(named, batch_size=len(x_0), sync_dist=True)
        self.noise_bands.add(t * NOISE_BANDS // network.timesteps, loss_items)

    def on_validation_epoch_end(self) -> None:
        self._log_noise_bands("val")

    def on_test_epoch_end(self) -> None:
        self._log_noise_bands("test")

    def _log_noise_bands(self, stage: str) -> None:
        for band, mean in self.noise_bands.means(self.trainer.strategy).items():
            self.log(f"{stage}/loss_noise_band_{band}", mean, sync_dist=True)

    # --- before the first step ---------------------------------------------------------------------------------------

    def on_fit_start(self) -> None:
        is_new = self.trainer.ckpt_path is None and self.training_params.ckpt_path is None
        if is_new and not self.network.has_trained_first_stage:
            rank_zero_warn(
                "the first stage is untrained: give the checkpoint of a stage 1 run as "
                "model.params.first_stage_config.params.ckpt_path=logs/<run>/checkpoints/last.ckpt"
            )
        self._check_encoded_latents()
        if self.network.normalize_latents and not self.network.latents_measured:
            self._measure_latents()

    def _check_encoded_latents(self) -> None:
        """Raise ConfigError if the training items have latents of another first stage."""
        datamodule = datamodule_of(self.trainer)
        first_stage = None if datamodule is None else datamodule.first_stage
        if first_stage is None:
            return
        if self.network.parameterization == "recon":
            raise ConfigError("model.params.parameterization: recon learns from notes; leave encoded latents out")
        if first_stage != self.network.first_stage_fingerprint:
            raise ConfigError(
                "the encoded latents are another first stage's than that of the model: run `mug latents` "
                "again, with the ckpt_path of model.params.first_stage_config.params"
            )

    def _measure_latents(self) -> None:
        """Fill latent_mean and latent_std from the first training batches."""
        datamodule = datamodule_of(self.trainer)
        if datamodule is None:
            raise ConfigError("normalize_latents: measuring the latents needs a datamodule with training data")
        total = partial(self.trainer.strategy.reduce, reduce_op="sum")
        network = self.network
        mean, std = latent_statistics(datamodule.silent_train_dataloader(), network.plain_latents, total)
        network.latent_mean.copy_(mean)
        network.latent_std.copy_(std.clamp(min=1e-6))  # in case a channel is constant
        network.latents_measured.fill_(True)
        rank_zero_info(f"latent channels normalised from deviations {std.min().item():.3g}..{std.max().item():.3g}")
