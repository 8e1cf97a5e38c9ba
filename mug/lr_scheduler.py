"""Learning-rate factors over the optimiser's steps, for torch's LambdaLR: warm-up, then decay, in one cycle or many."""

import math
from collections.abc import Sequence

from mug.errors import ConfigError


class LambdaLinearScheduler:
    """Each cycle rises linearly from f_start to f_max over its warm-up, then falls linearly to f_min at its end.

    All five are lists with one value a cycle; warm_up_steps and cycle_lengths count optimiser steps. After the last
    cycle the factor stays at its f_min. Raises ConfigError where the lists disagree or a warm-up outlasts its cycle.
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
        for warm_up, length in zip(warm_up_steps, cycle_lengths, strict=True):
            if not 0 <= warm_up <= length:
                raise ConfigError(f"scheduler: a warm-up of {warm_up} steps does not fit a cycle of {length}")
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
