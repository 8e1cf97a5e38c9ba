"""The way from one latent to another."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

MIN_ANGLE = 1e-3  # between two latents; below it the way between them is straight


def between(one: Tensor, other: Tensor, share: float) -> Tensor:
    """The latent at `share` of the way along the arc between two, of any shape (White, "Sampling Generative Networks",
    2016). The straight way would pass nearer to the middle of all latents, where nothing was learned.
    """
    cosine = cosine_similarity(one.flatten(), other.flatten(), dim=0)
    angle = torch.arccos(cosine.clamp(-1, 1))
    if angle < MIN_ANGLE:
        return (1 - share) * one + share * other
    return (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * other) / torch.sin(angle)
