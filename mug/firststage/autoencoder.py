"""Stage 1: a variational autoencoder between note planes and a short, smooth latent.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mug.config import check_params, instantiate_from_config
from mug.errors import ConfigError
from mug.firststage.scores import f1, onset_counts
from mug.lr_scheduler import adamw
from mug.model.blocks import Downsample, Level, MiddleBlocks, ResnetBlock, Upsample, check_input, group_norm
from mug.model.masking import LENGTH_MULTIPLE, frame_mask, level_masks, masked, masked_mean, rising_masks, whole_lengths
from mug.model.weights import freeze_all_but, load_weights
from mug.seeding import Generators, generators_of_batch, noise_like

ONSET_TOLERANCE_MS = 20.0  # about what a player hears as being off, and below half a note frame


class DiagonalGaussian:
    """The distribution of a latent given a chart.

    mean, logvar, std [B, Z, L] are those of the unit-scale latent; `mode` and `sample` multiply by `scale`.
    """

    def __init__(self, moments: Tensor, scale: float = 1.0) -> None:
        """`moments` [B, 2Z, L]: mean, then log variance, which is clamped to [-10, 20]."""
        self.mean, logvar = moments.float().chunk(2, dim=1)
        self.logvar = logvar.clamp(-10.0, 20.0)
        self.std = torch.exp(0.5 * self.logvar)
        self.scale = scale

    def mode(self) -> Tensor:
        """The most probable latent [B, Z, L]."""
        return self.scale * self.mean

    def sample(self, generator: Generators | None = None) -> Tensor:
        """A random latent [B, Z, L] by one generator, or one an item; without any, by torch's seeded one."""
        return self.scale * (self.mean + self.std * noise_like(self.mean, generator))

    def kl(self, mask: Tensor | None = None) -> Tensor:
        """Divergence from the standard normal, averaged over elements, of each item [B].

        Kingma & Welling 2014, appendix B. Only the frames where mask [B, 1, L] is True count.
        """
        return masked_mean(0.5 * (self.mean.square() + self.logvar.exp() - 1 - self.logvar), mask)


class Encoder(nn.Module):
    """Note planes [B, x_channels, T] -> moments [B, 2 z_channels, T / factor], factor = 2^(levels - 1)."""

    def __init__(
        self,
        x_channels: int,
        middle_channels: int,
        z_channels: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
    ) -> None:
        super().__init__()
        self.x_channels = x_channels
        self.factor = 2 ** (len(channel_mult) - 1)
        self.conv_in = nn.Conv1d(x_channels, middle_channels, 3, padding=1)
        channels = middle_channels
        self.down = nn.ModuleList()
        for level, mult in enumerate(channel_mult):
            blocks: list[nn.Module] = []
            for _ in range(num_res_blocks):
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups))
                channels = middle_channels * mult
            is_last = level == len(channel_mult) - 1
            self.down.append(Level(blocks, downsample=None if is_last else Downsample(channels)))
        self.mid = MiddleBlocks(channels, channels, num_groups)
        self.norm_out = group_norm(channels, num_groups)
        self.conv_out = nn.Conv1d(channels, 2 * z_channels, 3, padding=1)

    def forward(self, note: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` [B] are the note frames of each song, multiples of `factor`: frames beyond them change nothing."""
        check_input(note, self.x_channels, self.factor, "the first stage's encoder", lengths)
        masks = level_masks(lengths, note.shape[2], len(self.down))
        h = self.conv_in(masked(note, masks[0]))  # [B, C, T]
        for level, mask in zip(self.down, masks, strict=True):
            h = level(h, mask)
        h = self.mid(h, masks[-1])  # [B, C, L]
        return self.conv_out(F.silu(self.norm_out(h, masks[-1])))


class Decoder(nn.Module):
    """Latent [B, z_channels, L] -> logits and raw offsets of the note planes [B, x_channels, L * factor]."""

    def __init__(
        self,
        x_channels: int,
        middle_channels: int,
        z_channels: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
    ) -> None:
        super().__init__()
        self.z_channels = z_channels
        channels = middle_channels * channel_mult[-1]
        self.conv_in = nn.Conv1d(z_channels, channels, 3, padding=1)
        self.mid = MiddleBlocks(channels, channels, num_groups)
        levels: list[Level] = []
        for level, mult in reversed(list(enumerate(channel_mult))):
            blocks: list[nn.Module] = []
            for _ in range(num_res_blocks + 1):
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups))
                channels = middle_channels * mult
            levels.append(Level(blocks, upsample=Upsample(channels) if level else None))
        self.up = nn.ModuleList(reversed(levels))  # numbered like the encoder's levels: 0 is the finest
        self.norm_out = group_norm(channels, num_groups)
        self.conv_out = nn.Conv1d(channels, x_channels, 3, padding=1)

    def forward(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` [B] are the latent frames of each song: frames beyond them change nothing."""
        check_input(z, self.z_channels, 1, "the first stage's decoder", lengths)
        masks = rising_masks(lengths, z.shape[2], len(self.up))
        h = self.mid(self.conv_in(masked(z, masks[0])), masks[0])  # [B, C, L]
        for level, mask in zip(reversed(self.up), masks, strict=True):
            h = level(h, mask)
        return self.conv_out(F.silu(self.norm_out(h, masks[-1])))  # [B, 4K, T]


class AutoencoderKL(pl.LightningModule):
    """Charts to latents and back, trained on a ManiaReconstructLoss plus `kl_weight` times the KL divergence.

    The weight grows from 0 over the first `kl_warm_up_steps` (Bowman et al., "Generating Sentences from a Continuous
    Space", 2016); of each chart's divergence, `free_bits` per latent element cost nothing (MusicVAE: Roberts et al.,
    "A Hierarchical Latent Vector Model", 2018, which counts them per sequence).
    `ddconfig` holds the parameters of Encoder and Decoder (x_channels = 4 * keys); `lossconfig` is a node of target and
    params; latents are multiplied by `scale`. `ckpt_path`, `ignore_keys` and `remove_prefix` start from a checkpoint,
    see `mug.model.weights.load_weights`; `training_keys` trains only the parameters whose name contains one of them;
    for `weight_decay` and `scheduler_config`, the node of a learning-rate schedule, see `mug.lr_scheduler`. The latents
    it trains on are drawn as functions of `seed` and an item's place in its epoch, so a resumed run draws what it would
    have drawn, and several processes draw what one would.
    """

    def __init__(
        self,
        ddconfig: Mapping[str, Any],
        lossconfig: Mapping[str, Any],
        kl_weight: float = 0.0,
        kl_warm_up_steps: int = 0,
        free_bits: float = 0.0,
        scale: float = 1.0,
        monitor: str | None = None,
        ckpt_path: str | None = None,
        ignore_keys: Sequence[str] = (),
        training_keys: Sequence[str] = (),
        remove_prefix: str | None = None,
        learning_rate: float = 1e-4,
        weight_decay: float = 0.01,
        scheduler_config: Mapping[str, Any] | None = None,
        seed: int = 23,
    ) -> None:
        super().__init__()
        check_params(Encoder, ddconfig, where="ddconfig")
        if not ddconfig["channel_mult"] or ddconfig["x_channels"] % 4:
            raise ConfigError(f"ddconfig: expected a channel_mult and x_channels = 4 * keys, got {dict(ddconfig)}")
        self.encoder = Encoder(**ddconfig)
        self.decoder = Decoder(**ddconfig)
        self.loss = instantiate_from_config(lossconfig, "lossconfig", nn.Module)
        if kl_warm_up_steps < 0 or free_bits < 0:
            raise ConfigError(f"kl_warm_up_steps {kl_warm_up_steps} and free_bits {free_bits} are 0 or more")
        self.kl_weight = kl_weight
        self.kl_warm_up_steps = kl_warm_up_steps
        self.free_nats = free_bits * math.log(2)
        self.scale = scale
        self.monitor = monitor
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.scheduler_config = scheduler_config
        self.seed = seed
        self.onset_counts = np.zeros(3)  # of the validation or test epoch so far
        if ckpt_path is not None:
            load_weights(self, ckpt_path, ignore_keys, remove_prefix)
        freeze_all_but(self, training_keys)

    @property
    def factor(self) -> int:
        """Note frames per latent frame."""
        return self.encoder.factor

    def encode(self, note: Tensor, lengths: Tensor | None = None) -> DiagonalGaussian:
        """Note planes [B, 4K, T] -> distribution of latents [B, Z, T / factor].

        `lengths` [B]: note frames of each song, in multiples of `factor`. Raises ValueError on a wrong shape.
        """
        return DiagonalGaussian(self.encoder(note, lengths), self.scale)

    def decode(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Latent [B, Z, L] -> logits and raw offsets [B, 4K, L * factor].

        `lengths` [B]: latent frames of each song. Raises ValueError on a wrong shape.
        """
        return self.decoder(z / self.scale, lengths)

    def forward(
        self, note: Tensor, generator: Generators | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, DiagonalGaussian]:
        """Return the reconstruction [B, 4K, T] of the most probable latent, or one drawn by `generator`, and the
        distribution of latents. `lengths` [B]: note frames of each song, in multiples of `factor`.
        """
        posterior = self.encode(note, lengths)
        z = posterior.mode() if generator is None else posterior.sample(generator)
        return self.decode(z, None if lengths is None else lengths // self.factor), posterior

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        generators = generators_of_batch(self, self.seed, self.current_epoch, batch_idx, len(batch["note"]))
        return self._step(batch, "train", generators)

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        return self._step(batch, "test")

    def _step(self, batch: Mapping[str, Any], stage: str, generators: Generators | None = None) -> Tensor:
        note, valid_flag = batch["note"], batch["valid_flag"]
        is_training = stage == "train"
        lengths = self.lengths_of(batch)
        reconstructions, posterior = self(note, generators, lengths)
        rec_loss, log = self.loss(reconstructions, note, valid_flag)
        kl = posterior.kl(frame_mask(None if lengths is None else lengths // self.factor, posterior.mean.shape[2]))
        kl_weight = self.kl_weight
        if is_training and self.global_step < self.kl_warm_up_steps:  # elsewhere it is the same throughout the run
            kl_weight *= self.global_step / self.kl_warm_up_steps
        loss = rec_loss + kl_weight * (kl - self.free_nats).clamp(min=0).mean()
        log = {"rec_loss": rec_loss.detach(), "kl": kl.detach().mean(), **log}
        named = {f"{stage}/{name}": value for name, value in log.items()}
        evaluating = not is_training
        self.log(
            f"{stage}/loss", loss.detach(), prog_bar=True, on_step=is_training, on_epoch=evaluating,
            sync_dist=evaluating, batch_size=len(note),
        )  # fmt: skip
        self.log_dict(named, on_step=is_training, on_epoch=evaluating, sync_dist=evaluating, batch_size=len(note))
        if evaluating:
            arrays = (tensor.float().cpu().numpy() for tensor in (reconstructions, note, valid_flag))
            for decoded, truth, valid, convertor in zip(*arrays, batch["convertor"], strict=True):
                self.onset_counts += onset_counts(decoded, truth, valid, convertor["frame_ms"], ONSET_TOLERANCE_MS)
        return loss

    def lengths_of(self, batch: Mapping[str, Any]) -> Tensor | None:
        """Note frames of each song of a batch [B]; None where all fill the window."""
        return whole_lengths(batch.get("n_frames"), self.factor * LENGTH_MULTIPLE, batch["note"].shape[2])

    def on_validation_epoch_start(self) -> None:
        self.onset_counts = np.zeros(3)

    def on_test_epoch_start(self) -> None:
        self.onset_counts = np.zeros(3)

    def on_validation_epoch_end(self) -> None:
        self._log_onset_f1("val")

    def on_test_epoch_end(self) -> None:
        self._log_onset_f1("test")

    def _log_onset_f1(self, stage: str) -> None:
        counts = torch.tensor(self.onset_counts, dtype=torch.float32, device=self.device)
        summed = self.trainer.strategy.reduce(counts, reduce_op="sum")  # over the processes of a distributed run
        self.log(f"{stage}/onset_f1", f1(summed.tolist()), prog_bar=True, sync_dist=True)

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, self.scheduler_config, self.weight_decay, self._trainer)
