"""Songs of different lengths in one batch: frames past a song's end must not affect frames inside it.

Networks take `lengths`, an integer [B] of frames, or None if every song fills its row; their layers take a mask.

Axes: B batch, C channels, L frames.
"""

import torch
from torch import Tensor

LENGTH_MULTIPLE = 32  # the latent length of every song is a multiple of this


def whole_lengths(n_frames: Tensor | None, multiple: int, limit: int) -> Tensor | None:
    """Round the frames of songs [B] up to a multiple, at most `limit`; None if every song fills the limit."""
    if n_frames is None:
        return None
    lengths = (torch.ceil(n_frames / multiple).long() * multiple).clamp(max=limit)
    return None if bool((lengths == limit).all()) else lengths


def frame_mask(lengths: Tensor | None, n_frames: int) -> Tensor | None:
    """True in the first lengths[b] frames: [B] -> [B, 1, n_frames]; None without lengths."""
    if lengths is None:
        return None
    return torch.arange(n_frames, device=lengths.device)[None, None, :] < lengths[:, None, None]


def level_masks(lengths: Tensor | None, n_frames: int, levels: int) -> list[Tensor | None]:
    """The masks of `levels` resolutions, each half as long as the one before; `n_frames` is that of the first."""
    return [frame_mask(None if lengths is None else lengths >> level, n_frames >> level) for level in range(levels)]


def rising_masks(lengths: Tensor | None, n_frames: int, levels: int) -> list[Tensor | None]:
    """The masks of `levels` resolutions, each twice as long as the one before; `n_frames` is that of the first."""
    return [frame_mask(None if lengths is None else lengths << level, n_frames << level) for level in range(levels)]


def masked(x: Tensor, mask: Tensor | None) -> Tensor:
    """Set x [B, C, ..., L] to zero where mask [B, 1, L] is False, so that a convolution sees a song's end there."""
    if mask is None:
        return x
    while mask.ndim < x.ndim:
        mask = mask.unsqueeze(1)
    return x.masked_fill(~mask, 0)


def check_lengths(lengths: Tensor | None, x: Tensor, multiple: int, who: str) -> None:
    """Raise ValueError unless there are no lengths, or [B] whole multiples of `multiple` that fit in x [B, ..., L]."""
    if lengths is None:
        return
    batch, limit = len(x), x.shape[-1]
    if lengths.shape != (batch,) or lengths.is_floating_point():
        raise ValueError(f"{who} expects lengths [{batch}] of whole numbers, got {list(lengths.shape)} {lengths.dtype}")
    if torch.compiler.is_compiling() or lengths.device.type != "cpu":  # reading the values would stall them
        return
    if ((lengths < 1) | (lengths > limit) | (lengths % multiple != 0)).any():
        raise ValueError(f"{who} expects lengths in multiples of {multiple} up to {limit}, got {lengths.tolist()}")


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Mean of each song's x [B, C, L] over its channels and the frames where mask [B, 1, L] is True: [B]."""
    if mask is None:
        return x.mean(dim=(1, 2))
    return masked(x, mask).sum(dim=(1, 2)) / (mask.sum(dim=(1, 2)) * x.shape[1])
