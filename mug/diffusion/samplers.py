"""The samplers by name. To add one, write its loop in a file of its own, after ddim.py's, and add a line here."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.plms import plms_sample
from mug.diffusion.steps import Callback, Denoise, Keep


class Sampler(Protocol):
    """The signature of `ddim_sample`, which says what the arguments mean."""

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
STOCHASTIC = {"ddim"}  # those that add noise at every step where eta is above 0
