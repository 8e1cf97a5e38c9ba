"""Learning rates over the optimiser's steps: warm-up, then decay, in one cycle or many; and the AdamW they drive."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn

from mug.config import instantiate_from_config
from mug.errors import ConfigError


class LambdaLinearScheduler:
    """Each cycle rises linearly from f_start to f_max over its warm-up, then falls linearly to f_min at its end.

    All five are lists with one value a cycle; warm_up_steps and cycle_lengths count optimiser steps. After the last
    cycle the factor stays at its f_min. A cycle shorter than its warm-up ends on the way up. Raises ConfigError where
    the lists disagree.
    """

    def __init__(
        self,
        warm_up_steps: Sequence[int],
        f_start: Sequence[float],
        f_max: Sequence[float],
        f_min: Sequence[float],
        cycle_lengths: Sequence[int],
    ) -> None:
        lists = {
            "warm_up_steps": warm_up_steps,
            "f_start": f_start,
            "f_max": f_max,
            "f_min": f_min,
            "cycle_lengths": cycle_lengths,
        }
        for name, values in lists.items():
            if isinstance(values, (int, float)) or len(values) != len(cycle_lengths) or not values:
                raise ConfigError(f"scheduler: {name} must be a list with one value a cycle, got {values}")
        if min(warm_up_steps) < 0 or min(cycle_lengths) < 1:
            raise ConfigError(
                f"scheduler: warm_up_steps {warm_up_steps} must be 0 or more, cycle_lengths {cycle_lengths} 1 or more; "
                "a run without a lightning.trainer.max_steps needs lengths of its own"
            )
        self.cycles = list(zip(warm_up_steps, f_start, f_max, f_min, cycle_lengths, strict=True))

    def __call__(self, step: int) -> float:
        """Return the factor on the learning rate at an optimiser step, counted from 0."""
        for warm_up, f_start, f_max, f_min, length in self.cycles:
            if step < length:
                if step < warm_up:
                    return f_start + (f_max - f_start) * step / warm_up
                return f_min + (f_max - f_min) * self.fall((step - warm_up) / (length - warm_up))
            step -= length
        return f_min

    def fall(self, progress: float) -> float:
        """Return what is left of the way from f_max to f_min when `progress` (0..1) of the decay has passed."""
        return 1.0 - progress


class LambdaCosineScheduler(LambdaLinearScheduler):
    """The same cycles with half a cosine for the fall (Loshchilov & Hutter, "SGDR", 2017, equation 5)."""

    def fall(self, progress: float) -> float:
        return 0.5 * (1.0 + math.cos(math.pi * progress))


def adamw(
    parameters: Iterable[nn.Parameter],
    learning_rate: float,
    scheduler_config: Mapping[str, Any] | None,
    trainer: pl.Trainer | None = None,
) -> dict[str, Any]:
    """Return AdamW over `parameters`, in the form that Lightning's configure_optimizers returns.

    scheduler_config: a node whose object maps an optimiser step to a factor on the learning rate; None keeps the rate.
    """
    # Fused, it takes a seventh of the time on a CPU. With the loss scaling of float16 it would unscale the gradients by
    # itself, and Lightning could not clip them.
    fused = trainer is None or trainer.precision != "16-mixed"
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, fused=fused)
    if scheduler_config is None:
        return {"optimizer": optimizer}
    factor = instantiate_from_config(scheduler_config, "model.params.scheduler_config")
    # a function, so that torch leaves the schedule's own numbers out of the checkpoint: they are configuration
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step))
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
