"""The samplers by name. To add one, write its loop in a new file, modelled on ddim.py, and add a line here."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.plms import plms_sample
from mug.diffusion.steps import Callback, Denoise, Keep


class Sampler(Protocol):
    """The signature of a sampler; for the arguments see `ddim_sample`.

    To begin at an intermediate noise level, give it what `mug.diffusion.steps.begun_at` returns.
    """

    def __call__(
        self,
        denoise: Denoise,
        x_T: Tensor,
        alphas_cumprod: Tensor,
        steps: int,
        eta: float = ...,
        spacing: str = ...,
        generators: Sequence[torch.Generator] | None = ...,
        keep: Keep = ...,
        callback: Callback = ...,
        tqdm_class: Callable[..., Any] = ...,
    ) -> Tensor: ...


SAMPLERS: dict[str, Sampler] = {"ddim": ddim_sample, "plms": plms_sample}
STOCHASTIC = {"ddim"}  # they add noise at every step if eta is above 0
