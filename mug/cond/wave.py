"""Audio encoders, with outputs at the resolutions of the U-Net.

`mug.diffusion.unet.UNetModel` takes every scale of MelspectrogramScaleEncoder1D. The other encoders return a single
scale, which is concatenated to its input channels. `lengths` [B] are the audio frames of each song, in multiples of
`factor`; frames beyond them have no effect. Without `lengths` every song fills its row.

Axes: B batch, M mel bins, Q frequencies of a short-time Fourier transform, A audio frames, C channels.
"""

from collections.abc import Callable, Sequence

from einops import rearrange
from torch import Tensor, nn

from mug.cond.pyramid import DILATIONS, Pyramid, head_width
from mug.errors import ConfigError
from mug.model.attention import ContextualTransformer
from mug.model.blocks import Downsample, ResnetBlock, check_input
from mug.model.masking import check_lengths, frame_mask, level_masks, masked
from mug.model.recompute import maybe_recomputed
from mug.model.weights import load_weights


class MelspectrogramScaleEncoder1D(nn.Module):
    """Log-mel spectrogram -> features at every scale: [B, n_freq, A] -> list of [B, C_i, A / 2^i], finest first.

    Mel bins are channels. Level i has middle_channels * channel_mult[i] of them; if its downsampling factor 2^i is
    in `attention_resolutions`, a transformer follows every residual block. Blocks alternate between DILATIONS.
    `ckpt_path`: a checkpoint of mug.cond.onset_detector to initialise this encoder from.
    """

    def __init__(
        self,
        n_freq: int,
        middle_channels: int,
        attention_resolutions: Sequence[int],
        num_heads: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        use_checkpoint: bool = False,
        dropout: float = 0.0,
        ckpt_path: str | None = None,
    ) -> None:
        super().__init__()
        if not channel_mult:
            raise ConfigError("channel_mult is empty: an audio encoder needs at least one level")
        self.n_freq = n_freq
        self.factor = 2 ** (len(channel_mult) - 1)
        self.conv_in = nn.Conv1d(n_freq, middle_channels, 3, padding=1)
        self.channels = [middle_channels * mult for mult in channel_mult]
        channels = middle_channels
        self.down = nn.ModuleList()
        for level, mult in enumerate(channel_mult):
            self.down.append(
                ScaleLevel(
                    channels,
                    middle_channels * mult,
                    num_groups,
                    num_res_blocks,
                    num_heads=num_heads if 2**level in attention_resolutions else None,
                    downsample=level > 0,
                    use_checkpoint=use_checkpoint,
                    dropout=dropout,
                )
            )
            channels = middle_channels * mult
        if ckpt_path is not None:
            load_weights(self, ckpt_path, remove_prefix="wave_model.")

    def forward(self, audio: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Raises ValueError unless audio is [B, n_freq, A] with A a multiple of the coarsest downsampling factor."""
        check_input(audio, self.n_freq, self.factor, "the audio encoder", lengths)
        masks = level_masks(lengths, audio.shape[2], len(self.down))
        h = audio
        scales = []
        for level, entering, inside in zip(self.down, [masks[0], *masks], masks, strict=False):
            h = level(h, entering, inside, level.downsample or self._enter)
            scales.append(h)
        return scales

    def _enter(self, audio: Tensor, mask: Tensor | None) -> Tensor:
        return self.conv_in(masked(audio, mask))  # [B, C, A]


class ScaleLevel(nn.Module):
    """One scale: halve the length, then residual blocks, each followed by a transformer if there are heads."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_groups: int,
        num_res_blocks: int,
        num_heads: int | None,
        downsample: bool,
        use_checkpoint: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.use_checkpoint = use_checkpoint
        self.downsample = Downsample(in_channels) if downsample else None
        self.block = nn.ModuleList()
        self.attn = nn.ModuleList()
        for index in range(num_res_blocks):
            channels = out_channels if index else in_channels
            self.block.append(ResnetBlock(channels, out_channels, num_groups, dropout, DILATIONS[index % 2]))
            if num_heads is None:
                continue
            d_head = head_width(out_channels, num_heads)
            self.attn.append(ContextualTransformer(out_channels, num_heads, d_head, checkpoint=use_checkpoint))

    def forward(
        self, x: Tensor, entering: Tensor | None, mask: Tensor | None, entrance: Callable[..., Tensor]
    ) -> Tensor:
        """x [B, C, L]. entering, mask: masks of the input and the output. entrance: the layer before the blocks."""

        def enter(x: Tensor, mask: Tensor | None) -> Tensor:
            return self.block[0](entrance(x, entering), mask)  # recomputed together, to keep one tensor less

        for index, block in enumerate([enter, *self.block[1:]]):
            x = maybe_recomputed(block, x, mask, use_checkpoint=self.use_checkpoint)
            if len(self.attn):
                x = self.attn[index](x, mask=mask)
        return x


class STFTEncoder(Pyramid):
    """Short-time Fourier transform [B, 2, n_fft / 2 + 1, A] -> [B, out_channels, A / 2^(levels - 1)].

    A convolution of width 2 * freq_stride and stride freq_stride over the frequencies makes freq_stride channels; the
    Nyquist frequency is left out. `freq_stride` divides n_fft / 2.
    """

    def __init__(
        self,
        n_fft: int,
        middle_channels: int,
        out_channels: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        num_groups: int = 32,
        freq_stride: int = 32,
        use_checkpoint: bool = False,
    ) -> None:
        n_freq = n_fft // 2
        if n_freq % freq_stride or freq_stride % 2:
            raise ConfigError(f"freq_stride {freq_stride} must be even and divide n_fft / 2 = {n_freq}")
        super().__init__(
            in_channels=n_freq,
            middle_channels=middle_channels,
            out_channels=out_channels,
            channel_mult=channel_mult,
            num_res_blocks=num_res_blocks,
            num_groups=num_groups,
            dilated=True,
            attention=True,
            use_checkpoint=use_checkpoint,
        )
        self.n_freq = n_freq
        self.conv_in = nn.Conv2d(2, freq_stride, (2 * freq_stride, 1), (freq_stride, 1), (freq_stride // 2, 0))

    def forward(self, stft: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Raises ValueError unless stft is [B, 2, n_fft / 2 + 1, A] with A a multiple of the downsampling factor."""
        frames = stft.shape[-1]
        if stft.ndim != 4 or stft.shape[1:3] != (2, self.n_freq + 1) or frames == 0 or frames % self.factor:
            expected = f"[B, 2, {self.n_freq + 1}, A] with A a multiple of {self.factor}"
            raise ValueError(f"the audio encoder expects {expected}, got {list(stft.shape)}")
        check_lengths(lengths, stft, self.factor, "the audio encoder")
        h = self.conv_in(stft[:, :, :-1])  # [B, freq_stride, n_freq / freq_stride, A]
        return self.run_levels(rearrange(h, "b c q a -> b (c q) a"), lengths)


class MelspectrogramEncoder(Pyramid):
    """Log-mel spectrogram as an image: [B, n_freq, A] -> [B, out_channels, A / 2^(levels - 1)]."""

    def __init__(
        self,
        n_freq: int,
        middle_channels: int,
        out_channels: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        num_groups: int = 8,
        use_checkpoint: bool = False,
    ) -> None:
        super().__init__(
            in_channels=middle_channels,
            n_rows=n_freq,
            middle_channels=middle_channels,
            out_channels=out_channels,
            channel_mult=channel_mult,
            num_res_blocks=num_res_blocks,
            num_groups=num_groups,
            dims=2,
            first_groups=min(32, middle_channels),
            use_checkpoint=use_checkpoint,
        )
        self.n_freq = n_freq
        self.conv_in = nn.Conv2d(1, middle_channels, 3, padding=1)

    def forward(self, audio: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Raises ValueError unless audio is [B, n_freq, A] with A a multiple of the downsampling factor."""
        check_input(audio, self.n_freq, self.factor, "the audio encoder", lengths)
        audio = masked(audio, frame_mask(lengths, audio.shape[2]))
        return self.run_levels(self.conv_in(rearrange(audio, "b m a -> b 1 m a")), lengths)


class MelspectrogramEncoder1D(Pyramid):
    """Log-mel spectrogram with mel bins as channels: [B, n_freq, A] -> [B, out_channels, A / 2^(levels - 1)]."""

    def __init__(
        self,
        n_freq: int,
        middle_channels: int,
        out_channels: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        num_groups: int = 32,
        use_checkpoint: bool = False,
    ) -> None:
        super().__init__(
            in_channels=middle_channels,
            middle_channels=middle_channels,
            out_channels=out_channels,
            channel_mult=channel_mult,
            num_res_blocks=num_res_blocks,
            num_groups=num_groups,
            use_checkpoint=use_checkpoint,
        )
        self.n_freq = n_freq
        self.conv_in = nn.Conv1d(n_freq, middle_channels, 3, padding=1)

    def forward(self, audio: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Raises ValueError unless audio is [B, n_freq, A] with A a multiple of the downsampling factor."""
        check_input(audio, self.n_freq, self.factor, "the audio encoder", lengths)
        return self.run_levels(self.conv_in(masked(audio, frame_mask(lengths, audio.shape[2]))), lengths)


AUDIO_ENCODERS = (MelspectrogramScaleEncoder1D, MelspectrogramEncoder, MelspectrogramEncoder1D, STFTEncoder)
