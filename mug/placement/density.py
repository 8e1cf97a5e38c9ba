"""A prior of chart density given a prompt: a joint normal distribution of features and density.

Axes: F features that are numbers or flags.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mug.errors import CheckpointError, ConfigError
from mug.files import replacing
from mug.yaml_files import read_yaml, write_yaml

LEAST = 0.5  # of stars and ratings, which are used as logarithms: density grows as a power of difficulty
RIDGE = 1e-3  # share added to each variance: flags almost follow from ratings, so the covariance is nearly singular
MAX_FEATURES = 200
LARGEST, LEAST_VARIANCE = 1e6, 1e-8  # limits for a distribution read from a file; `fit` stays far inside
NUMBER = (int, float, np.number, np.bool_)


@dataclass(frozen=True)
class Density:
    """The log of the number of moments per second, and its standard deviation."""

    log_rate: float
    deviation: float


class DensityPrior:
    """The joint normal distribution of charts' features and the log of their moments per second.

    names: the features'. mean [F + 1], covariance [F + 1, F + 1]: the density comes last. Raises ConfigError if they
    are not a valid distribution.
    """

    def __init__(self, names: Iterable[str], mean: np.ndarray, covariance: np.ndarray) -> None:
        self.names = list(names)
        n = len(self.names) + 1
        if mean.shape != (n,) or covariance.shape != (n, n):
            raise ConfigError(f"density of {n - 1} features: mean {mean.shape} and covariance {covariance.shape}")
        in_bounds = (np.abs(mean) <= LARGEST).all() and (np.abs(covariance) <= LARGEST).all()  # False for NaN
        if not (in_bounds and np.allclose(covariance, covariance.T)):
            raise ConfigError(
                "density: mean and covariance must be finite, below a million, and the covariance symmetric"
            )
        if np.linalg.eigvalsh(covariance)[0] < LEAST_VARIANCE:
            raise ConfigError("density: the covariance is not positive definite")
        self.mean = mean
        self.covariance = covariance

    @classmethod
    def fit(cls, charts: Iterable[tuple[Mapping[str, Any], float]]) -> "DensityPrior":
        """Fit to charts, given as pairs of features and moments per second.

        Only numbers and flags that all charts have are used. Raises ConfigError for fewer than two charts.
        """
        rows = list(charts)
        if len(rows) < 2:
            raise ConfigError(f"{len(rows)} charts are too few to fit how dense charts are")
        prompts = [prompt for prompt, _ in rows]
        names = [name for name in prompts[0] if all(isinstance(p.get(name), NUMBER) for p in prompts)]
        values = [[*(_value(name, p[name]) for name in names), math.log(rate)] for p, rate in rows]
        table = np.array(values)  # [charts, F + 1]
        covariance = np.cov(table, rowvar=False).reshape(len(names) + 1, -1)
        return cls(names, table.mean(axis=0), covariance + np.diag(RIDGE * np.diag(covariance) + 1e-6))

    @classmethod
    def from_yaml(cls, path: Path) -> "DensityPrior":
        """Read what `save` wrote. Raises CheckpointError."""
        try:
            content = read_yaml(path)
            names, mean, covariance = (content[key] for key in ("names", "mean", "covariance"))
            if not (isinstance(names, list) and len(names) <= MAX_FEATURES and all(isinstance(n, str) for n in names)):
                raise ConfigError("its names are none")
            return cls(names, np.array(mean, dtype=np.float64), np.array(covariance, dtype=np.float64))
        except (KeyError, TypeError, ValueError, OverflowError, ConfigError) as error:
            raise CheckpointError(f"{path}: not a density prior: {error}") from error

    def save(self, path: Path) -> None:
        """Write it as YAML, atomically."""
        numbers = {"mean": self.mean, "covariance": self.covariance}
        rounded = {key: np.vectorize(lambda x: float(f"{x:.6g}"))(value).tolist() for key, value in numbers.items()}
        with replacing(path) as temporary:
            write_yaml(temporary, {"names": self.names, **rounded})

    def of(self, prompt: Mapping[str, Any]) -> Density:
        """Return the density conditioned on those features of a prompt that the prior knows."""
        given = [index for index, name in enumerate(self.names) if isinstance(prompt.get(name), NUMBER)]
        known = np.array([_value(self.names[i], prompt[self.names[i]]) for i in given])
        with_density = self.covariance[given, -1]
        weights = np.linalg.solve(self.covariance[np.ix_(given, given)], with_density)
        log_rate = self.mean[-1] + weights @ (known - self.mean[given])
        return Density(float(log_rate), math.sqrt(max(self.covariance[-1, -1] - weights @ with_density, 1e-12)))


def _value(name: str, value: float) -> float:
    return math.log(max(value, LEAST)) if name == "sr" or name.endswith("ett") else float(value)
