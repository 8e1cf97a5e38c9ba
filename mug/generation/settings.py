"""How charts are sampled: one set of settings and defaults for every tool, and a model folder's own defaults."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from mug.diffusion.samplers import SAMPLERS
from mug.diffusion.spacings import SPACINGS
from mug.errors import CheckpointError, MugError, PromptError
from mug.files import replacing
from mug.yaml_files import read_yaml, write_yaml

SAMPLING = "sampling.yaml"  # in a model folder: its own defaults
MAX_STEPS = 100_000  # more timesteps than any model is trained with; each model checks its own limit
MAX_ENSEMBLE = 64
MAX_ATTEMPTS = 100


@dataclass(frozen=True)
class SamplingSettings:
    """How charts are sampled. Raises PromptError for impossible values.

    steps: sampler steps; more take longer.
    guidance: how strictly the prompt is followed. 1 turns guidance off, at half the cost of other values.
    ensemble: samples combined into each chart, see mug.generation.consensus; 1 uses a single sample as it is.
    attempts: the most times the first third of an ensemble is drawn. While it misses the requested stars, the next
    attempt is conditioned on stars corrected by the miss; the rest is drawn as for the closest one.
    sampler: one of mug.diffusion.samplers, by its name there.
    eta: how much noise DDIM adds at each step; 0 is deterministic, 1 as random as DDPM.
    spacing: which timesteps are visited, one of mug.diffusion.spacings; None is the model's own.
    guidance_rescale: how far latents that strong guidance made larger are scaled back, from 0 (not) to 1 (to what they
    are without guidance). guidance_interval: guidance is applied at noise levels (noise / signal) above the first value
    and up to the second, such as 0.2 and 5; None is at all. For both see mug.diffusion.guidance.
    repetition: the share of measures alike in the music that start from the same noise, so that their notes come again;
    0 is none, 1 all; None is what gives as many motifs as people's charts of these stars have, see
    mug.generation.request. Only for models on an axis of beats, see mug.generation.motif_noise.
    """

    steps: int = 10
    guidance: float = 1.0
    ensemble: int = 24
    attempts: int = 3
    sampler: str = "ddim"
    eta: float = 0.0
    spacing: str | None = None
    guidance_rescale: float = 0.0
    guidance_interval: tuple[float, float] | None = None
    repetition: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.guidance_interval, list):  # as YAML and command lines give it
            object.__setattr__(self, "guidance_interval", tuple(self.guidance_interval))
        if not _is_whole(self.steps, MAX_STEPS):
            raise PromptError(f"{self.steps} steps: give 1 or more")
        if not _is_whole(self.ensemble, MAX_ENSEMBLE):
            raise PromptError(f"an ensemble of {self.ensemble}: give 1 to {MAX_ENSEMBLE}")
        if not _is_whole(self.attempts, MAX_ATTEMPTS):
            raise PromptError(f"{self.attempts} attempts: give 1 to {MAX_ATTEMPTS}")
        if not (_is_number(self.guidance) and math.isfinite(self.guidance)):
            raise PromptError(f"guidance {self.guidance}: give a number, such as 3")
        if not (_is_number(self.eta) and 0 <= self.eta <= 1):
            raise PromptError(f"eta {self.eta}: give a number from 0 (deterministic) to 1 (as random as DDPM)")
        if not (_is_number(self.guidance_rescale) and 0 <= self.guidance_rescale <= 1):
            raise PromptError(f"guidance_rescale {self.guidance_rescale}: give a number from 0 (none) to 1 (all)")
        if self.guidance_interval is not None and not _is_interval(self.guidance_interval):
            raise PromptError(
                f"guidance_interval {self.guidance_interval}: give two noise levels, 0 <= low < high, such as 0.2 5"
            )
        if self.repetition is not None and not (_is_number(self.repetition) and 0 <= self.repetition <= 1):
            raise PromptError(f"repetition {self.repetition}: give a number from 0 (free) to 1 (strict)")
        if self.sampler not in list(SAMPLERS):  # a list: an untrusted file may give an unhashable value
            raise PromptError(f"sampler '{self.sampler}': known are {', '.join(SAMPLERS)}")
        if self.eta != 0 and not SAMPLERS[self.sampler].takes_eta:
            raise PromptError(f"eta {self.eta}: the sampler {self.sampler} does not use eta; give eta 0")
        if self.spacing is not None and self.spacing not in list(SPACINGS):
            raise PromptError(f"spacing '{self.spacing}': known are {', '.join(SPACINGS)}")

    @classmethod
    def from_yaml(cls, path: Path) -> "SamplingSettings":
        """Read some or all settings from an untrusted file. Raises CheckpointError."""
        content = read_yaml(path)
        known = [field.name for field in fields(cls)]
        if not isinstance(content, Mapping):
            raise CheckpointError(f"{path}: expected lines of 'setting: value'; settings are {', '.join(known)}")
        for name in content:
            if name not in known:
                raise CheckpointError(f"{path}: unknown setting {str(name)[:50]!r}; settings are {', '.join(known)}")
        try:
            return cls(**content)
        except MugError as error:
            raise CheckpointError(f"{path}: {error}") from error

    def save(self, path: Path) -> None:
        """Write all settings as YAML, atomically."""
        with replacing(path) as temporary:
            write_yaml(temporary, asdict(self))


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and 1 <= int(value) <= most


def _is_interval(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value)) and 0 <= value[0] < value[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
