"""torch.compile for the trained networks, switched on by one node of a configuration."""

from collections.abc import Iterator

import pytorch_lightning as pl
import torch
from torch import nn

from mug.errors import ConfigError
from mug.model.attention import FeedForward
from mug.model.blocks import Downsample, ResnetBlock, Upsample

BLOCKS = (ResnetBlock, FeedForward, Downsample, Upsample)  # there are many alike, which share graphs


class Compile(pl.Callback):
    """Compiles the trained networks in place, block by block: `lightning.callbacks.compile`.

    A whole U-Net takes many minutes to compile, its blocks seconds each, and blocks of one shape share their code.
    Attention and S4 layers are not compiled: they have hand-written implementations (mug.model.gated_attention,
    mug.model.cauchy). It is meant for GPUs: on one CPU core it makes a step of a small stage 2 a tenth slower. Weights
    keep their names, so checkpoints are the same with and without it. backend, mode: see torch.compile.
    """

    def __init__(self, backend: str = "inductor", mode: str | None = None) -> None:
        if backend not in torch.compiler.list_backends(exclude_tags=()):
            known = ", ".join(torch.compiler.list_backends())
            raise ConfigError(f"compile: unknown backend {backend!r}; torch knows {known}")
        self.backend, self.mode = backend, mode

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        # There is one graph per shape and dtype of each kind of block; beyond this limit torch stops compiling. Newer
        # versions of torch call it recompile_limit and accept both names.
        torch._dynamo.config.cache_size_limit = max(torch._dynamo.config.cache_size_limit, 128)
        for block in blocks_of(pl_module):
            block.compile(backend=self.backend, mode=self.mode, dynamic=False)


def blocks_of(model: nn.Module) -> Iterator[nn.Module]:
    """Yield the trained blocks of `model` to compile, none inside another."""
    for block in model.modules():
        if isinstance(block, BLOCKS) and any(parameter.requires_grad for parameter in block.parameters()):
            yield block
