"""PLMS sampling: DDIM's steps along the noise that the last few guesses lead one to expect on the way.

Liu, Ren, Lin, Zhao 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv:2202.09778), the pseudo
linear multi-step method. Its error falls with the square of the step length where DDIM's falls with the step length.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from mug.diffusion.ddim import Denoise, Step, Trajectory, descend, same_timestep, sampling_steps

# Weights of the guesses, the newest first: the mean over the next step of the polynomial through them, for equal steps.
ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


@torch.no_grad()
def plms_sample(
    denoise: Denoise,
    x_T: Tensor,
    alphas_cumprod: Tensor,
    steps: int,
    spacing: str = "uniform",
    generator: torch.Generator | None = None,
    mask: Tensor | None = None,
    x0: Tensor | None = None,
    trajectory: Trajectory | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Tensor:
    """Return the sample [B, Z, L] that `denoise` leads to from the noise `x_T`; the arguments are `ddim_sample`'s.

    It is deterministic: `generator` only draws the noise on the known part. The first steps use as many guesses as
    there are. (The paper looks ahead in the first one instead, which fails where x_T is all noise, as with "trailing"
    timesteps of a cosine schedule: the least change of the noise is then a large one of x_0.) Raises ConfigError for an
    impossible number of steps or spacing.
    """
    guesses: deque[Tensor] = deque(maxlen=len(ADAMS_BASHFORTH))  # the newest first

    def advance(x: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        pred_x0 = denoise(x, same_timestep(step.t, x))
        guesses.appendleft(step.eps(x, pred_x0))
        if len(guesses) > 1:  # the first guess is taken as it is: of x_T that is all noise, eps tells nothing of x_0
            weighted = [w * guess for w, guess in zip(ADAMS_BASHFORTH[len(guesses) - 1], guesses, strict=True)]
            eps = torch.stack(weighted).sum(dim=0)
            pred_x0 = (x - (1 - step.a_t) ** 0.5 * eps) / step.a_t**0.5
            return step.transfer(pred_x0, eps), pred_x0
        return step.transfer(pred_x0, guesses[0]), pred_x0

    path = sampling_steps(alphas_cumprod, steps, spacing)
    return descend(advance, x_T, tqdm_class(path, total=len(path), desc="PLMS"), generator, mask, x0, trajectory)
