"""MusicVAE's decoders: a latent vector to the categories of a clip's steps.

Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music", 2018, section 3.2.

Axes: B clips, Z latent, U parts of a clip, S steps, V categories, D inputs of a step, C context.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # of an LSTM: hidden, cell, each [layers, B, size]


def make_lstm(depth: int, hidden_size: int, reach: int, num_layers: int = 1, bidirectional: bool = False) -> nn.LSTM:
    """An LSTM over [B, S, depth] that begins with a memory of up to `reach` steps.

    Forget gates begin with times of 1 to `reach` steps (Tallec and Ollivier, "Can recurrent neural networks warp
    time?", 2018, section 3), and inputs move the gates by about 1. With torch's own first weights the last state of
    an encoder hardly differs from clip to clip, and is of the last few steps alone.
    """
    lstm = nn.LSTM(depth, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)
    for name, weight in lstm.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        if name.startswith("bias_"):
            nn.init.zeros_(weight)
        if name.startswith("bias_ih"):
            with torch.no_grad():  # gates: input, forget, cell, output
                weight[hidden_size : 2 * hidden_size] = torch.empty(hidden_size).uniform_(1, reach).log()
    return lstm


class InitialState(nn.Module):
    """The state that an LSTM starts from, from a vector [B, C]: a dense layer and tanh."""

    def __init__(self, context: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.num_layers = num_layers
        self.dense = nn.Linear(context, 2 * num_layers * hidden_size)
        # With smaller weights, all latents start from nearly the same state, and decoders learn to ignore them: an
        # autoregressive toy training of 100 steps at 3 is further than one of 250 at 1.
        nn.init.normal_(self.dense.weight, std=3 * context**-0.5)

    def forward(self, context: Tensor) -> State:
        hidden, cell = torch.tanh(self.dense(context)).chunk(2, dim=1)
        shape = (len(context), self.num_layers, -1)
        return hidden.view(shape).transpose(0, 1).contiguous(), cell.view(shape).transpose(0, 1).contiguous()


class Conductor(nn.Module):
    """One context for each of a clip's parts: z [B, Z] -> [B, U, hidden_size]. It never sees the steps."""

    def __init__(self, z_size: int, parts: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.parts = parts
        self.start = InitialState(z_size, hidden_size, num_layers)
        self.lstm = make_lstm(1, hidden_size, parts, num_layers)

    def forward(self, z: Tensor) -> Tensor:
        contexts, _ = self.lstm(z.new_zeros(len(z), self.parts, 1), self.start(z))
        return contexts


class StepDecoder(nn.Module):
    """Writes steps from a context [B, C], each from the context and, if autoregressive, the step before it.

    inputs: what is seen of each category [V, D]. length: how many steps S it is for.
    """

    inputs: Tensor

    def __init__(
        self, context: int, inputs: Tensor, length: int, hidden_size: int, num_layers: int, autoregressive: bool
    ) -> None:
        super().__init__()
        self.autoregressive = autoregressive
        self.register_buffer("inputs", inputs, persistent=False)
        n_categories, depth = inputs.shape
        self.start = InitialState(context, hidden_size, num_layers)
        self.lstm = make_lstm(context + depth * autoregressive, hidden_size, length, num_layers)
        self.out = nn.Linear(hidden_size, n_categories)

    def forward(self, context: Tensor, steps: Tensor) -> Tensor:
        """Logits [B, S, V] of each step, given the true steps [B, S] before it."""
        given = context[:, None].expand(-1, steps.shape[1], -1)
        if self.autoregressive:
            before = self.inputs[steps[:, :-1]]
            given = torch.cat([given, torch.cat([torch.zeros_like(before[:, :1]), before], dim=1)], dim=2)
        hidden, _ = self.lstm(given, self.start(context))
        return self.out(hidden)

    def unrolled(
        self, context: Tensor, length: int, temperature: float, generator: torch.Generator | None,
        truth: Tensor | None = None, forced: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Write `length` steps from what was written: logits [B, S, V] and categories [B, S].

        temperature: 0 takes the likeliest category. truth [B, S], forced: bool [B, S]: the next step sees the truth
        instead of what was written at the step, where `forced` is True (scheduled sampling: Bengio et al. 2015).
        """
        state = self.start(context)
        before = self.inputs.new_zeros(len(context), self.inputs.shape[1])
        logits, written = [], []
        for step in range(length):
            given = torch.cat([context, before], dim=1) if self.autoregressive else context
            hidden, state = self.lstm(given[:, None], state)
            logits.append(self.out(hidden[:, 0]))
            written.append(drawn(logits[-1].detach(), temperature, generator))
            seen = written[-1]
            if truth is not None and forced is not None:
                seen = torch.where(forced[:, step], truth[:, step], seen)
            before = self.inputs[seen]
        return torch.stack(logits, dim=1), torch.stack(written, dim=1)


class Decoder(nn.Module):
    """A clip from its latent: one StepDecoder for the whole clip, or for each part with a conductor above it.

    level_lengths: [S] is flat, [U, S / U] hierarchical.
    """

    def __init__(
        self, z_size: int, inputs: Tensor, level_lengths: Sequence[int], hidden_size: int, num_layers: int,
        autoregressive: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        *parts, self.part_length = level_lengths
        self.conductor = Conductor(z_size, parts[0], hidden_size, num_layers) if parts else None
        context = hidden_size if parts else z_size
        self.steps = StepDecoder(context, inputs, self.part_length, hidden_size, num_layers, autoregressive)

    def contexts(self, z: Tensor) -> Tensor:
        """The contexts [B * U, C] of all parts."""
        return z if self.conductor is None else self.conductor(z).flatten(0, 1)

    def forward(self, z: Tensor, steps: Tensor) -> Tensor:
        """Logits [B, S, V] of each step of clips [B, S], given the true steps before it in its part."""
        logits = self.steps(self.contexts(z), steps.reshape(-1, self.part_length))
        return logits.reshape(len(z), steps.shape[1], -1)

    def scheduled(self, z: Tensor, steps: Tensor, forced: Tensor, generator: torch.Generator | None) -> Tensor:
        """Logits [B, S, V] where the step before is the true one only where forced [B, S] is True."""
        by_part = (-1, self.part_length)
        logits, _ = self.steps.unrolled(
            self.contexts(z), self.part_length, 1.0, generator, steps.reshape(by_part), forced.reshape(by_part)
        )
        return logits.reshape(len(z), steps.shape[1], -1)

    def write(self, z: Tensor, temperature: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
        """The categories [B, S] of clips; for the temperature see StepDecoder.unrolled."""
        _, written = self.steps.unrolled(self.contexts(z), self.part_length, temperature, generator)
        return written.reshape(len(z), -1)


def drawn(logits: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    """A category of each row of logits [B, V]: the likeliest at temperature 0, else by its probability (Gumbel-max)."""
    if temperature == 0:
        return logits.argmax(dim=1)
    uniform = uniform_of(logits.shape, logits.device, generator).clamp(min=1e-20)
    return (logits.float() / temperature - (-uniform.log()).log()).argmax(dim=1)


def uniform_of(shape: Sequence[int], device: torch.device, generator: torch.Generator | None) -> Tensor:
    """Uniform numbers, drawn on the generator's own device so that a seed gives the same everywhere."""
    own = device if generator is None else generator.device
    return torch.rand(tuple(shape), generator=generator, device=own).to(device)
