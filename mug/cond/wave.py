"""What the denoiser hears: encoders of the audio at the lengths the U-Net works on.

Axes: B batch, M mel bins, A audio frames, C channels.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from mug.errors import ConfigError
from mug.model.attention import ContextualTransformer, run
from mug.model.blocks import Downsample, ResnetBlock, check_input


class MelspectrogramScaleEncoder1D(nn.Module):
    """Log-mel spectrogram -> features at every scale: [B, n_freq, A] -> list of [B, C_i, A / 2^i], finest first.

    Mel bins are channels. Level i has middle_channels * channel_mult[i] of them; where its downsampling factor 2^i is
    in `attention_resolutions` a transformer follows every residual block. Blocks take turns with dilations (1, 2) and
    (4, 8), so that two of them see 31 frames.
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
    ) -> None:
        super().__init__()
        if not channel_mult:
            raise ConfigError("channel_mult is empty: an audio encoder needs at least one level")
        self.n_freq = n_freq
        self.factor = 2 ** (len(channel_mult) - 1)
        self.conv_in = nn.Conv1d(n_freq, middle_channels, 3, padding=1)
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

    def forward(self, audio: Tensor) -> list[Tensor]:
        """Raises ValueError unless audio is [B, n_freq, A] with A a multiple of the coarsest downsampling factor."""
        check_input(audio, self.n_freq, self.factor, "the audio encoder")
        h = self.conv_in(audio)  # [B, C, A]
        scales = []
        for level in self.down:
            h = level(h)
            scales.append(h)
        return scales


class ScaleLevel(nn.Module):
    """One scale: halve the length, then residual blocks, each followed by a transformer where there are heads."""

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
        self.downsample = Downsample(in_channels) if downsample else nn.Identity()
        self.block = nn.ModuleList()
        self.attn = nn.ModuleList()
        for index in range(num_res_blocks):
            dilations = (4, 8) if index % 2 else (1, 2)
            channels = out_channels if index else in_channels
            self.block.append(ResnetBlock(channels, out_channels, num_groups, dropout, dilations))
            if num_heads is None:
                self.attn.append(nn.Identity())
            else:
                d_head = head_width(out_channels, num_heads)
                self.attn.append(ContextualTransformer(out_channels, num_heads, d_head, checkpoint=use_checkpoint))

    def forward(self, x: Tensor) -> Tensor:
        x = self.downsample(x)
        for block, attn in zip(self.block, self.attn, strict=True):
            x = attn(run(block, x, use_checkpoint=self.use_checkpoint))
        return x


def head_width(channels: int, num_heads: int) -> int:
    """Channels of one attention head. Raises ConfigError when the heads do not divide the channels."""
    if channels % num_heads:
        raise ConfigError(f"num_heads {num_heads} does not divide a layer of {channels} channels")
    return channels // num_heads
