"""Frechet distance between the first-stage latents of two sets of charts.

Axes: Z latent channels, L latent frames.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """Sums for a Gaussian fit of latent frames: number, sum [Z] and sum of squares [Z, Z]. They can be added."""

    n: float
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, z: np.ndarray) -> "Moments":
        """Sum up the frames of a latent [Z, L]."""
        z = z.astype(np.float64)
        return cls(float(z.shape[1]), z.sum(axis=1), z @ z.T)

    def gaussian(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean [Z] and covariance [Z, Z] (unbiased). Raises ValueError for fewer than two frames."""
        if self.n < 2:
            raise ValueError(f"expected at least 2 latent frames, got {self.n:g}")
        mean = self.total / self.n
        return mean, (self.squares - self.n * np.outer(mean, mean)) / (self.n - 1)


def frechet_distance(first: Moments, second: Moments) -> float:
    """Return |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), 0 for equal Gaussians (Heusel et al. 2017, section 2).

    The trace is computed from the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric, so covariances of few frames
    need no regularisation. Few frames still overestimate the distance.
    """
    (mean_1, cov_1), (mean_2, cov_2) = first.gaussian(), second.gaussian()
    values, vectors = np.linalg.eigh(cov_1)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T  # [Z, Z]
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_2 @ root), 0.0)).sum()
    return max(float(np.sum((mean_1 - mean_2) ** 2) + np.trace(cov_1) + np.trace(cov_2) - 2 * cross), 0.0)
