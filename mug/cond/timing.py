"""Beat prediction from a latent: a network of the 2023 program, trained as part of `mug.timing.model.TimingModel`.

Axes: B batch, Z latent channels, L latent frames, T note frames.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mug.model.blocks import Level, ResnetBlock, Upsample, check_input, group_norm
from mug.model.masking import masked, rising_masks
from mug.model.sequence import S4BidirectionalLayer


class TimingDecoder(nn.Module):
    """Latent [B, z_channels, L] -> [B, out_channels, T]: logit of a beat in the frame, its position in it, and others.

    T = L * 2^(levels - 1). Every level ends in a bidirectional S4 layer, because a tempo only shows over many bars.
    """

    def __init__(
        self,
        z_channels: int,
        middle_channels: int,
        num_groups: int,
        channel_mult: Sequence[int],
        num_res_blocks: int,
        out_channels: int = 2,
    ) -> None:
        super().__init__()
        self.z_channels = z_channels
        channels = middle_channels * channel_mult[-1]
        self.conv_in = nn.Conv1d(z_channels, channels, 3, padding=1)
        self.up = nn.ModuleList()  # coarsest first
        for level, mult in reversed(list(enumerate(channel_mult))):
            blocks: list[nn.Module] = []
            for _ in range(num_res_blocks):
                blocks.append(ResnetBlock(channels, middle_channels * mult, num_groups))
                channels = middle_channels * mult
            blocks.append(S4BidirectionalLayer(channels, num_groups))
            self.up.append(Level(blocks, upsample=Upsample(channels) if level else None))
        self.norm_out = group_norm(channels, num_groups)
        self.conv_out = nn.Conv1d(channels, out_channels, 3, padding=1)

    def forward(self, z: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`lengths` [B]: latent frames of each song. Raises ValueError unless z is [B, z_channels, L]."""
        check_input(z, self.z_channels, 1, "the timing decoder", lengths)
        masks = rising_masks(lengths, z.shape[2], len(self.up))
        h = self.conv_in(masked(z, masks[0]))
        for level, mask in zip(self.up, masks, strict=True):
            h = level(h, mask)
        return self.conv_out(F.silu(self.norm_out(h, masks[-1])))
