"""The denoiser: a U-Net over latent frames that hears the audio at every scale and reads the prompt.

Axes: B batch, C channels, L latent frames, F features, E width of the time embedding.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mug.errors import ConfigError
from mug.model.attention import ContextualTransformer, run
from mug.model.blocks import Downsample, Upsample, check_input, group_norm, zero_init
from mug.model.sequence import LSTMLayer, S4Layer


def timestep_embedding(timesteps: Tensor, dim: int, max_period: float = 10_000.0) -> Tensor:
    """[B] -> [B, dim]: cosines, then sines, of dim/2 frequencies from 1 down to 1 / max_period (Ho et al. 2020)."""
    half = dim // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, device=timesteps.device) / half)
    angles = timesteps[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class TimestepResBlock(nn.Module):
    """Residual block that knows the noise level: x [B, C_in, L], emb [B, E] -> [B, C_out, L].

    The embedding is added to the channels; with `use_scale_shift_norm` it scales and shifts them after the second norm.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        emb_channels: int,
        dropout: float,
        use_scale_shift_norm: bool,
        use_checkpoint: bool,
    ) -> None:
        super().__init__()
        self.use_scale_shift_norm = use_scale_shift_norm
        self.use_checkpoint = use_checkpoint
        self.in_layers = nn.Sequential(
            group_norm(in_channels), nn.SiLU(), nn.Conv1d(in_channels, out_channels, 3, padding=1)
        )
        emb_out = 2 * out_channels if use_scale_shift_norm else out_channels
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb_channels, emb_out))
        self.out_layers = nn.Sequential(
            group_norm(out_channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            zero_init(nn.Conv1d(out_channels, out_channels, 3, padding=1)),
        )
        if in_channels == out_channels:
            self.skip_connection: nn.Module = nn.Identity()
        else:
            self.skip_connection = nn.Conv1d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        return run(self._forward, x, emb, use_checkpoint=self.use_checkpoint)

    def _forward(self, x: Tensor, emb: Tensor) -> Tensor:
        h = self.in_layers(x)  # [B, C_out, L]
        emb_out = self.emb_layers(emb)[:, :, None]  # [B, C_out or 2 C_out, 1]
        if self.use_scale_shift_norm:
            scale, shift = emb_out.chunk(2, dim=1)
            h = self.out_layers[1:](self.out_layers[0](h) * (1 + scale) + shift)
        else:
            h = self.out_layers(h + emb_out)
        return self.skip_connection(x) + h


class Stage(nn.ModuleList):
    """Layers in a row, each given of the noise level and the prompt what it reads."""

    def forward(self, x: Tensor, emb: Tensor, context: Tensor | None) -> Tensor:
        for layer in self:
            if isinstance(layer, TimestepResBlock):
                x = layer(x, emb)
            elif isinstance(layer, ContextualTransformer):
                x = layer(x, context)
            else:
                x = layer(x)
        return x


class AudioConcat(nn.Module):
    """Put the audio of a level on the channels: [B, C, L] -> [B, C + C_audio, L]."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def forward(self, x: Tensor, audios: Sequence[Tensor]) -> Tensor:
        return torch.cat([x, audios[self.level].to(x.dtype)], dim=1)


class UNetModel(nn.Module):
    """Guess the noise in a latent: x [B, in_channels, L] -> [B, out_channels, L].

    Level i works at L / 2^i on model_channels * channel_mult[i] channels and hears audio_channels[i] of audio. Without
    `audio_channels` it hears one audio, at the entrance: in_channels counts the latent's and the audio's channels.
    `attention_resolutions` are the downsampling factors 2^i with transformers of `num_heads` heads (or, where
    `num_head_channels` is given, as many heads of that width as fit). `lstm_layer` adds an LSTM to the first block of
    every level, `s4_layer` an S4 to every block but the last of a level going up; for `s4_conjugate_poles` see
    `mug.model.s4.NPLRKernel`. The channels of every level are multiples of 32.
    """

    def __init__(
        self,
        in_channels: int,
        model_channels: int,
        out_channels: int,
        num_res_blocks: int,
        attention_resolutions: Sequence[int],
        audio_channels: Sequence[int] | None = None,
        dropout: float = 0.0,
        channel_mult: Sequence[int] = (1, 2, 4, 8),
        num_heads: int = 8,
        num_head_channels: int | None = None,
        use_scale_shift_norm: bool = False,
        lstm_layer: bool = False,
        s4_layer: bool = False,
        s4_conjugate_poles: bool = True,
        transformer_depth: int = 1,
        context_dim: int | None = None,
        use_checkpoint: bool = False,
    ) -> None:
        super().__init__()
        heard = [0] * len(channel_mult) if audio_channels is None else list(audio_channels)  # channels of every level
        if not channel_mult or len(heard) != len(channel_mult):
            raise ConfigError(f"audio_channels {heard}, channel_mult {list(channel_mult)}: lengths differ or are 0")
        self.in_channels = in_channels
        self.model_channels = model_channels
        self.audio_channels = None if audio_channels is None else tuple(audio_channels)
        self.n_audios = 1 if audio_channels is None else len(audio_channels)
        self.factor = 2 ** (len(channel_mult) - 1)
        emb_channels = 4 * model_channels

        def res_block(channels_in: int, channels_out: int) -> nn.Module:
            return TimestepResBlock(
                channels_in, channels_out, emb_channels, dropout, use_scale_shift_norm, use_checkpoint
            )

        def transformer(channels: int) -> nn.Module:
            heads = num_heads if num_head_channels is None else channels // num_head_channels
            if heads == 0 or channels % heads:
                raise ConfigError(f"{heads} heads do not divide a layer of {channels} channels")
            return ContextualTransformer(
                channels, heads, channels // heads, transformer_depth, context_dim, use_checkpoint
            )

        def block(level: int, channels_in: int, is_first: bool, has_s4: bool) -> list[nn.Module]:
            channels = model_channels * channel_mult[level]
            layers = [res_block(channels_in + (heard[level] if is_first else 0), channels)]
            if 2**level in attention_resolutions:
                layers.append(transformer(channels))
            if lstm_layer and is_first:
                layers.append(LSTMLayer(channels))
            if s4_layer and has_s4:
                layers.append(S4Layer(channels, s4_conjugate_poles))
            return layers

        self.time_embed = nn.Sequential(
            nn.Linear(model_channels, emb_channels), nn.SiLU(), nn.Linear(emb_channels, emb_channels)
        )
        channels = model_channels
        self.input_blocks = nn.ModuleList([Stage([nn.Conv1d(in_channels, channels, 3, padding=1)])])
        skip_channels = [channels]
        for level, mult in enumerate(channel_mult):
            if audio_channels is not None:
                self.input_blocks.append(AudioConcat(level))
            for index in range(num_res_blocks):
                self.input_blocks.append(Stage(block(level, channels, is_first=index == 0, has_s4=True)))
                channels = model_channels * mult
                skip_channels.append(channels)
            if level < len(channel_mult) - 1:
                self.input_blocks.append(Stage([Downsample(channels)]))
                skip_channels.append(channels)

        self.middle_block = Stage([res_block(channels, channels), transformer(channels), res_block(channels, channels)])

        self.output_blocks = nn.ModuleList()
        for level, mult in reversed(list(enumerate(channel_mult))):
            if audio_channels is not None:
                self.output_blocks.append(AudioConcat(level))
            for index in range(num_res_blocks + 1):
                is_last = index == num_res_blocks
                layers = block(level, channels + skip_channels.pop(), is_first=index == 0, has_s4=not is_last)
                channels = model_channels * mult
                if level > 0 and is_last:
                    layers.append(Upsample(channels))
                self.output_blocks.append(Stage(layers))

        self.out = nn.Sequential(
            group_norm(channels), nn.SiLU(), zero_init(nn.Conv1d(channels, out_channels, 3, padding=1))
        )

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor | None, audios: Sequence[Tensor]) -> Tensor:
        """x [B, in_channels, L], timesteps [B], context [B, context_dim, F] -> [B, out_channels, L].

        Of `audios` the last ones, as many as there are levels, are heard: [B, audio_channels[i], L / 2^i]. Without
        audio_channels, x [B, C, L] comes with exactly one audio [B, in_channels - C, L]. Raises ValueError for any
        other shape, and for an L that the levels cannot halve.
        """
        if self.audio_channels is None:
            x, audios = self._with_audio(x, audios), []
        check_input(x, self.in_channels, self.factor, "the denoiser")
        if timesteps.shape != x.shape[:1]:
            raise ValueError(f"the denoiser expects timesteps [{len(x)}], got {list(timesteps.shape)}")
        heard = self._checked_audios(x, audios)
        emb = self.time_embed(timestep_embedding(timesteps, self.model_channels))  # [B, E]
        skips: list[Tensor] = []
        for stage in self.input_blocks:
            if isinstance(stage, AudioConcat):
                x = stage(x, heard)  # the skips do not carry the audio: the way up hears it again
            else:
                x = stage(x, emb, context)
                skips.append(x)
        x = self.middle_block(x, emb, context)
        for stage in self.output_blocks:
            if isinstance(stage, AudioConcat):
                x = stage(x, heard)
            else:
                x = stage(torch.cat([x, skips.pop()], dim=1), emb, context)
        return self.out(x)

    def _with_audio(self, x: Tensor, audios: Sequence[Tensor]) -> Tensor:
        """x [B, C, L] and its one audio [B, in_channels - C, L] -> [B, in_channels, L]."""
        given = [list(audio.shape) for audio in audios]
        if x.ndim != 3 or given != [[len(x), self.in_channels - x.shape[1], x.shape[2]]]:
            raise ValueError(
                f"the denoiser expects x [B, C, L] and one audio [B, {self.in_channels} - C, L], "
                f"got {list(x.shape)} and {given}"
            )
        return torch.cat([x, audios[0].to(x.dtype)], dim=1)

    def _checked_audios(self, x: Tensor, audios: Sequence[Tensor]) -> Sequence[Tensor]:
        expected = [[len(x), channels, x.shape[2] >> level] for level, channels in enumerate(self.audio_channels or ())]
        heard = list(audios)[-len(expected) :]
        given = [list(audio.shape) for audio in heard]
        if given != expected:
            raise ValueError(f"the denoiser expects audios that end in {expected}, got {given}")
        return heard
