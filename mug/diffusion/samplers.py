"""The table of samplers. To add one, write its loop in a new file, modelled on ddim.py, and add a line here.

Commands read it for their help, so the samplers and torch are imported when one of them runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

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


@dataclass(frozen=True)
class SamplerInfo:
    """What is known of a sampler.

    load: returns it. about: a few words for the help. takes_eta: whether the setting eta changes it; the others want 0.
    is_random: whether it can add noise on the way, so that a sample depends on its `generators` too.
    """

    load: Callable[[], Sampler]
    about: str
    takes_eta: bool = False
    is_random: bool = False


def _ddim() -> Sampler:
    from mug.diffusion.ddim import ddim_sample

    return ddim_sample


def _plms() -> Sampler:
    from mug.diffusion.plms import plms_sample

    return plms_sample


def _dpm_solver() -> Sampler:
    from mug.diffusion.dpm_solver import dpm_solver_sample

    return dpm_solver_sample


def _ddpm() -> Sampler:
    from mug.diffusion.ddpm import ddpm_sample

    return ddpm_sample


SAMPLERS: dict[str, SamplerInfo] = {
    "ddim": SamplerInfo(_ddim, "the usual one", takes_eta=True, is_random=True),
    "plms": SamplerInfo(_plms, "needs fewer steps for the same accuracy"),
    "dpm++": SamplerInfo(_dpm_solver, "DPM-Solver++(2M), needs fewer steps still"),
    "ddpm": SamplerInfo(_ddpm, "adds noise at every step and needs hundreds of them", is_random=True),
}


def samplers_in_words() -> str:
    """The samplers with what is said of them, for the help of commands and pages."""
    return "; ".join(f"{name}: {info.about}" for name, info in SAMPLERS.items())
