"""The common part of the audio encoders with one output: levels of residual blocks, each half as long as the previous.

Axes: B batch, C channels, R rows (frequencies that are not channels), A audio frames.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from mug.errors import ConfigError
from mug.model.attention import ContextualTransformer
from mug.model.blocks import Downsample, Level, MiddleBlocks, ResnetBlock, group_norm
from mug.model.masking import level_masks
from mug.model.recompute import maybe_recomputed

DILATIONS = ((1, 2), (4, 8))  # in even and odd blocks; the receptive field of a pair is 31 frames
ATTENTION_HEADS = 8


def head_width(channels: int, num_heads: int) -> int:
    """Channels of one attention head. Raises ConfigError if the heads do not divide the channels."""
    if channels % num_heads:
        raise ConfigError(f"num_heads {num_heads} does not divide a layer of {channels} channels")
    return channels // num_heads


class Pyramid(nn.Module):
    """An encoder without its input layer, whose output is [B, in_channels, A] or [B, in_channels, n_rows, A].

    All levels but the last halve the length, and with `dims` 2 also the rows. Then the rows are merged into the
    channels. Two blocks follow, with a transformer between them if `attention` is on, then GroupNorm, SiLU and a
    convolution.
    """

    def __init__(
        self,
        in_channels: int,
        middle_channels: int,
        out_channels: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        num_groups: int,
        use_checkpoint: bool,
        n_rows: int = 1,
        dims: int = 1,
        dilated: bool = False,
        attention: bool = False,
        first_groups: int | None = None,
    ) -> None:
        super().__init__()
        self.factor = 2 ** (len(channel_mult) - 1)
        if not channel_mult or (dims == 2 and n_rows % self.factor):
            raise ConfigError(f"channel_mult {list(channel_mult)} cannot halve {n_rows} frequencies at every level")
        self.use_checkpoint = use_checkpoint
        channels = in_channels
        self.down = nn.ModuleList()
        for level, mult in enumerate(channel_mult):
            blocks: list[nn.Module] = []
            for index in range(num_res_blocks):
                dilations = DILATIONS[index % 2] if dilated else (1, 1)
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups, dilations=dilations, dims=dims))
                channels = middle_channels * mult
            is_last = level == len(channel_mult) - 1
            self.down.append(Level(blocks, downsample=None if is_last else Downsample(channels, dims)))
        attn = None
        if attention:
            d_head = head_width(middle_channels, ATTENTION_HEADS)
            attn = ContextualTransformer(middle_channels, ATTENTION_HEADS, d_head, checkpoint=use_checkpoint)
        folded = channels * n_rows // self.factor if dims == 2 else channels
        self.mid = MiddleBlocks(folded, middle_channels, num_groups, attn, first_groups)
        self.norm_out = group_norm(middle_channels, num_groups)
        self.conv_out = nn.Conv1d(middle_channels, out_channels, 3, padding=1)

    def run_levels(self, h: Tensor, lengths: Tensor | None) -> Tensor:
        """[B, C, A] or [B, C, R, A] -> [B, out_channels, A / factor]."""
        masks = level_masks(lengths, h.shape[-1], len(self.down))
        for level, mask in zip(self.down, masks, strict=True):
            h = maybe_recomputed(level, h, mask, use_checkpoint=self.use_checkpoint)
        if h.ndim == 4:
            h = rearrange(h, "b c r a -> b (c r) a")
        return self.conv_out(F.silu(self.norm_out(self.mid(h, masks[-1]), masks[-1])))
