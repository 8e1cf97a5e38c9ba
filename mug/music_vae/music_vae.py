"""MusicVAE: clips of drums to one latent vector and back (Roberts et al. 2018).

Axes: B clips, S steps, V categories, D inputs of a step, Z latent.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from mug.errors import ConfigError
from mug.model.network_node import ConfiguredNetwork
from mug.music.drum_grid import N_CATEGORIES, of_categories
from mug.music_vae.decoders import Decoder, make_lstm, uniform_of
from mug.seeding import noise_like

SMALLEST_DEVIATION = 1e-4
FIRST_DEVIATION = 0.1  # of the latents of an untrained encoder


def drum_inputs() -> Tensor:
    """What is seen of each combination of drums, [512, 10]: the drums, and 1 where none sounds."""
    drums = torch.from_numpy(of_categories(np.arange(N_CATEGORIES))).float()
    return torch.cat([drums, (drums.sum(dim=1, keepdim=True) == 0).float()], dim=1)


class Encoder(nn.Module):
    """What is seen of a clip [B, S, D] -> the normal distribution of its latent [B, Z]: a bidirectional LSTM."""

    def __init__(self, depth: int, n_steps: int, hidden_size: int, z_size: int) -> None:
        super().__init__()
        self.lstm = make_lstm(depth, hidden_size, n_steps, bidirectional=True)
        self.mean = nn.Linear(2 * hidden_size, z_size)
        self.deviation = nn.Linear(2 * hidden_size, z_size)
        # Clips begin about 1 apart, and the noise well below that. Otherwise noise hides the differences between clips,
        # decoders learn to ignore latents, and the divergence then takes away what little they say.
        nn.init.normal_(self.mean.weight, std=3 * (2 * hidden_size) ** -0.5)
        nn.init.constant_(self.deviation.bias, math.log(math.expm1(FIRST_DEVIATION)))

    def forward(self, seen: Tensor) -> Normal:
        _, (last, _) = self.lstm(seen)
        both = torch.cat([last[0], last[1]], dim=1)  # forwards after the last step, backwards after the first
        return Normal(self.mean(both).float(), F.softplus(self.deviation(both).float()) + SMALLEST_DEVIATION)


class MusicVAE(ConfiguredNetwork):
    """Clips of S sixteenths, each one of the 512 combinations of nine drums, to a latent vector and back.

    level_lengths: [4, 16] decodes four parts of 16 steps under a conductor, [64] all steps by one LSTM.
    encoder_size, decoder_size, decoder_layers: of the LSTMs. autoregressive: each step sees the one before it.
    free_bits: this much of a clip's KL divergence costs nothing. max_beta: the weight of the rest, which grows linearly
    over beta_warm_up_steps.
    scheduled_sampling: None, or the k of the inverse sigmoid by which training lets the decoder see its own steps
    instead of the true ones (Bengio et al., "Scheduled Sampling", 2015).
    """

    inputs: Tensor  # what is seen of each category [V, D]

    def __init__(
        self,
        level_lengths: Sequence[int] = (4, 16),
        z_size: int = 256,
        encoder_size: int = 512,
        decoder_size: int = 256,
        decoder_layers: int = 2,
        autoregressive: bool = True,
        free_bits: float = 48.0,
        max_beta: float = 0.2,
        beta_warm_up_steps: int = 0,
        scheduled_sampling: float | None = None,
    ) -> None:
        super().__init__()
        if not 1 <= len(level_lengths) <= 2 or min(level_lengths) < 1:
            raise ConfigError(f"level_lengths {list(level_lengths)}: give [steps], or [parts, steps of a part]")
        if scheduled_sampling is not None and not (autoregressive and scheduled_sampling >= 1):
            raise ConfigError(f"scheduled_sampling {scheduled_sampling}: 1 or more, and only with autoregressive: true")
        inputs = drum_inputs()
        self.n_steps = math.prod(level_lengths)
        self.z_size = z_size
        self.free_nats = free_bits * math.log(2)
        self.max_beta = max_beta
        self.beta_warm_up_steps = beta_warm_up_steps
        self.scheduled_sampling = scheduled_sampling
        self.register_buffer("inputs", inputs, persistent=False)
        self.encoder = Encoder(inputs.shape[1], self.n_steps, encoder_size, z_size)
        self.decoder = Decoder(z_size, inputs, level_lengths, decoder_size, decoder_layers, autoregressive)

    def encode(self, steps: Tensor) -> Normal:
        """The distribution of the latents [B, Z] of clips, int64 [B, S]."""
        return self.encoder(self.inputs[steps])

    def losses(
        self, steps: Tensor, training_step: int | None, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of clips [B, S], a mean over them, and what is logged beside it.

        training_step: of the optimiser; None evaluates: the most probable latent, the true steps, the whole weight.
        """
        posterior = self.encode(steps)
        z = posterior.mean
        if training_step is not None:
            z = z + posterior.stddev * noise_like(z, generator)
        if training_step is not None and self.scheduled_sampling is not None:
            share = self.share_forced(training_step)
            forced = uniform_of(steps.shape, steps.device, generator) < share
            logits = self.decoder.scheduled(z, steps, forced, generator)
        else:
            logits = self.decoder(z, steps)
        reconstruction = F.cross_entropy(logits.float().flatten(0, 1), steps.flatten(), reduction="sum") / len(steps)
        kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum(dim=1)  # nats a clip [B]
        costly = (kl - self.free_nats).clamp(min=0).mean()
        loss = reconstruction + self.beta(training_step) * costly
        right = (logits.argmax(dim=2) == steps).float().mean()
        bits = kl.mean() / math.log(2)
        log = {"reconstruction": reconstruction, "kl_bits": bits, "accuracy_teacher_forced": right}
        return loss, {name: value.detach() for name, value in log.items()}

    def beta(self, training_step: int | None) -> float:
        if training_step is None or training_step >= self.beta_warm_up_steps:
            return self.max_beta
        return self.max_beta * training_step / self.beta_warm_up_steps

    def share_forced(self, training_step: int) -> float:
        """The share of steps that training shows instead of the decoder's own: k / (k + exp(step / k))."""
        k = float(self.scheduled_sampling or math.inf)
        return 1.0 / (1.0 + math.exp(min(training_step / k, 700.0)) / k)
