"""Learning rate schedules: warm-up, then decay, in one or more cycles; and the AdamW that uses them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mug.config import instantiate_from_config
from mug.errors import ConfigError

DECAYED_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.LSTM)


class LambdaLinearScheduler:
    """Each cycle rises linearly from f_start to f_max over its warm-up, then falls linearly to f_min at its end.

    All five are lists with one value per cycle; warm_up_steps and cycle_lengths count optimiser steps. After the last
    cycle the factor stays at its f_min. A cycle shorter than its warm-up ends on the way up. Raises ConfigError if
    the lists have different lengths.
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
                raise ConfigError(f"scheduler: {name} must be a list with one value per cycle, got {values}")
        if min(warm_up_steps) < 0 or min(cycle_lengths) < 1:
            raise ConfigError(
                f"scheduler: warm_up_steps {warm_up_steps} must be 0 or more, cycle_lengths {cycle_lengths} 1 or more; "
                "a run without lightning.trainer.max_steps has to set cycle_lengths itself"
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
        """Return the remaining share of the way from f_max to f_min at `progress` (0..1) of the decay."""
        return 1.0 - progress


class LambdaCosineScheduler(LambdaLinearScheduler):
    """The same cycles with a half-cosine decay (Loshchilov & Hutter, "SGDR", 2017, equation 5)."""

    def fall(self, progress: float) -> float:
        return 0.5 * (1.0 + math.cos(math.pi * progress))


def adamw(
    model: nn.Module,
    learning_rate: float,
    scheduler_config: Mapping[str, Any] | None,
    weight_decay: float = 0.01,
    fused: bool = True,
) -> dict[str, Any]:
    """Return AdamW over the trainable parameters of `model`, in the form that Lightning's configure_optimizers returns.

    scheduler_config: a node that builds a function from optimiser step to a factor on the learning rate; None keeps it
    constant. weight_decay: of the matrices of linear, convolutional and LSTM layers. Not decayed are norms and biases,
    tables (prompt embeddings, relative attention) and the dynamics of S4 layers. fused: takes a seventh of the time on
    a CPU, but with float16 loss scaling it would unscale the gradients itself, and Lightning could not clip them.
    Raises ConfigError unless learning_rate and weight_decay are numbers of 0 or more.
    """
    for name, value in (("learning_rate", learning_rate), ("weight_decay", weight_decay)):
        if not isinstance(value, (int, float)) or not value >= 0:
            raise ConfigError(f"model.params.{name}: {value!r} is not a number of 0 or more")
    groups = _decay_groups(model, weight_decay)
    optimizer: Any = torch.optim.AdamW(groups, lr=learning_rate, fused=fused)
    optimizer._step_supports_amp_scaling = False  # lets Lightning clip bfloat16 gradients, which are unscaled
    if scheduler_config is None:
        return {"optimizer": optimizer}
    factor = instantiate_from_config(scheduler_config, "model.params.scheduler_config", Callable)  # type: ignore[arg-type]
    # a function, so that torch does not save the schedule's settings in the checkpoint: they are configuration
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step))
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def _decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the trainable parameters into those with and without weight decay."""
    layers = (module for module in model.modules() if isinstance(module, DECAYED_LAYERS))
    matrices = {id(tensor) for layer in layers for tensor in layer.parameters(recurse=False) if tensor.ndim > 1}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in trained if id(parameter) in matrices], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if id(parameter) not in matrices], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
