"""Gradient checkpointing: activations are recomputed in the backward pass to save memory."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def maybe_recomputed(function: Callable[..., Tensor], *inputs: Tensor | None, use_checkpoint: bool) -> Tensor:
    """Call `function`; with `use_checkpoint`, recompute it in the backward pass instead of keeping its activations."""
    if use_checkpoint and torch.is_grad_enabled():
        return checkpoint(function, *inputs, use_reentrant=False)
    return function(*inputs)
