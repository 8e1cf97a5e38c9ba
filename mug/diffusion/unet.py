"""The denoiser: a U-Net over latent frames, conditioned on the audio at every scale and on the prompt.

Axes: B batch, C channels, L latent frames, F features, E width of the time embedding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mug.diffusion.timestep import TimestepResBlock, timestep_embedding
from mug.errors import ConfigError
from mug.model.attention import ContextualTransformer
from mug.model.blocks import Downsample, Upsample, check_input, group_norm, zero_init
from mug.model.masking import level_masks, masked
from mug.model.sequence import LSTMLayer, S4Layer


class Stage(nn.ModuleList):
    """A sequence of layers of one level. Each gets the inputs it needs: noise level, prompt, mask of the song."""

    def __init__(self, level: int, layers: list[nn.Module]) -> None:
        super().__init__(layers)
        self.level = level

    def forward(self, x: Tensor, emb: Tensor, context: Tensor | None, masks: Sequence[Tensor | None]) -> Tensor:
        mask = masks[self.level]
        for layer in self:
            if isinstance(layer, TimestepResBlock):
                x = layer(x, emb, mask)
            elif isinstance(layer, ContextualTransformer):
                x = layer(x, context, mask)
            else:
                x = layer(x, mask)
        return x


class AudioConcat(nn.Module):
    """Concatenate a level's audio to the channels: [B, C, L] -> [B, C + C_audio, L]."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def forward(self, x: Tensor, audios: Sequence[Tensor]) -> Tensor:
        return torch.cat([x, audios[self.level].to(x.dtype)], dim=1)


class UNetModel(nn.Module):
    """Predict the noise in a latent: x [B, in_channels, L] -> [B, out_channels, L].

    Level i works at length L / 2^i, with model_channels * channel_mult[i] channels (a multiple of 32), and gets
    audio_channels[i] channels of audio. Without `audio_channels`, the only audio is concatenated to the input:
    in_channels counts the latent's and the audio's channels; if they are the latent's alone, there is no audio.
    attention_resolutions: downsampling factors 2^i with transformers, of `num_heads` heads each (or, if
    `num_head_channels` is given, as many heads of that width as fit).
    s4_layer: adds an S4 layer (mug.model.s4.S4, with `s4_kernel`) to every block but the last of a level going up.
    pooled_context: conditions every residual block on the prompt too, by adding the sum of its embeddings to the
    timestep's, like the class in Dhariwal & Nichol, "Diffusion models beat GANs on image synthesis", 2021. Models learn
    to follow the prompt much sooner than through attention alone.
    lstm_layer: adds an LSTM to the first block of every level. `lstm_layer`, `use_scale_shift_norm` and
    `num_head_channels` are only for checkpoints of the 2023 program.
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
        s4_kernel: str = "nplr",
        transformer_depth: int = 1,
        context_dim: int | None = None,
        pooled_context: bool = False,
        use_checkpoint: bool = False,
    ) -> None:
        super().__init__()
        widths = [0] * len(channel_mult) if audio_channels is None else list(audio_channels)  # audio channels per level
        if not channel_mult or len(widths) != len(channel_mult):
            raise ConfigError(f"audio_channels {widths}, channel_mult {list(channel_mult)}: lengths differ or are 0")
        self.in_channels = in_channels
        self.model_channels = model_channels
        self.audio_channels = None if audio_channels is None else tuple(audio_channels)
        self.n_audios = 1 if audio_channels is None else len(audio_channels)
        self.n_levels = len(channel_mult)
        self.factor = 2 ** (self.n_levels - 1)
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
            layers = [res_block(channels_in + (widths[level] if is_first else 0), channels)]
            if 2**level in attention_resolutions:
                layers.append(transformer(channels))
            if lstm_layer and is_first:
                layers.append(LSTMLayer(channels))
            if s4_layer and has_s4:
                layers.append(S4Layer(channels, s4_kernel))
            return layers

        self.time_embed = nn.Sequential(
            nn.Linear(model_channels, emb_channels), nn.SiLU(), nn.Linear(emb_channels, emb_channels)
        )
        self.context_embed = None
        if pooled_context:
            if context_dim is None:
                raise ConfigError("pooled_context needs a context_dim: how wide the prompt is")
            self.context_embed = nn.Sequential(
                nn.Linear(context_dim, emb_channels), nn.SiLU(), nn.Linear(emb_channels, emb_channels)
            )
        channels = model_channels
        self.input_blocks = nn.ModuleList([nn.Sequential(nn.Conv1d(in_channels, channels, 3, padding=1))])
        skip_channels = [channels]
        for level, mult in enumerate(channel_mult):
            if audio_channels is not None:
                self.input_blocks.append(AudioConcat(level))
            for index in range(num_res_blocks):
                self.input_blocks.append(Stage(level, block(level, channels, is_first=index == 0, has_s4=True)))
                channels = model_channels * mult
                skip_channels.append(channels)
            if level < len(channel_mult) - 1:
                self.input_blocks.append(Stage(level, [Downsample(channels)]))
                skip_channels.append(channels)

        middle = [res_block(channels, channels), transformer(channels), res_block(channels, channels)]
        self.middle_block = Stage(len(channel_mult) - 1, middle)

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
                self.output_blocks.append(Stage(level, layers))

        self.out = nn.Sequential(
            group_norm(channels), nn.SiLU(), zero_init(nn.Conv1d(channels, out_channels, 3, padding=1))
        )

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor | None,
        audios: Sequence[Tensor],
        lengths: Tensor | None = None,
    ) -> Tensor:
        """x [B, in_channels, L], timesteps [B], context [B, context_dim, F] -> [B, out_channels, L].

        audios: the last ones, one per level, are used: [B, audio_channels[i], L / 2^i]. Without audio_channels,
        x [B, C, L] needs exactly one audio [B, in_channels - C, L], or none where C is in_channels. lengths: frames of
        each song [B], multiples of `factor`. Frames beyond them do not affect those inside, and their output is
        undefined.
        Raises ValueError for any other shape, and for an L that the levels cannot halve.
        """
        if self.audio_channels is None:
            x, audios = self._with_audio(x, audios), []
        check_input(x, self.in_channels, self.factor, "the denoiser", lengths)
        if timesteps.shape != x.shape[:1]:
            raise ValueError(f"the denoiser expects timesteps [{len(x)}], got {list(timesteps.shape)}")
        audios = self._checked_audios(x, audios)
        masks = level_masks(lengths, x.shape[2], self.n_levels)
        emb = self.time_embed(timestep_embedding(timesteps, self.model_channels).to(x.dtype))  # [B, E]
        if self.context_embed is not None and context is not None:
            emb = emb + self.context_embed(context.sum(dim=2))
        entrance, *input_blocks = self.input_blocks
        x = entrance(masked(x, masks[0]))
        skips = [x]
        for stage in input_blocks:
            if isinstance(stage, AudioConcat):
                x = stage(x, audios)  # skips do not include the audio; the way up concatenates it again
            else:
                x = stage(x, emb, context, masks)
                skips.append(x)
        x = self.middle_block(x, emb, context, masks)
        for stage in self.output_blocks:
            if isinstance(stage, AudioConcat):
                x = stage(x, audios)
            else:
                x = stage(torch.cat([x, skips.pop()], dim=1), emb, context, masks)
        return self.out[1:](self.out[0](x, masks[0]))

    def _with_audio(self, x: Tensor, audios: Sequence[Tensor]) -> Tensor:
        """x [B, C, L] and its one audio [B, in_channels - C, L] -> [B, in_channels, L]."""
        if not audios and x.ndim == 3 and x.shape[1] == self.in_channels:
            return x
        given = [list(audio.shape) for audio in audios]
        if x.ndim != 3 or given != [[len(x), self.in_channels - x.shape[1], x.shape[2]]]:
            raise ValueError(
                f"the denoiser expects x [B, C, L] and one audio [B, {self.in_channels} - C, L], "
                f"got {list(x.shape)} and {given}"
            )
        return torch.cat([x, audios[0].to(x.dtype)], dim=1)

    def _checked_audios(self, x: Tensor, audios: Sequence[Tensor]) -> Sequence[Tensor]:
        expected = [[len(x), channels, x.shape[2] >> level] for level, channels in enumerate(self.audio_channels or ())]
        used = list(audios)[-len(expected) :]
        given = [list(audio.shape) for audio in used]
        if given != expected:
            raise ValueError(f"the denoiser expects audios that end in {expected}, got {given}")
        return used
