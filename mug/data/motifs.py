"""Which measures of a song repeat an earlier one, as a plan that generation follows.

Axes: N measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

RUN_MEASURES = 2  # measures that are kept or left together; what stands beside a measure changes its notes, too
CONTRAST = 4  # people repeat 0.50, 0.32 and 0.12 of measures that are alike by 0.95, 0.85 and 0.65 (docs/log.md)
LEAST_LIKENESS = 0.01


@dataclass(frozen=True)
class Motifs:
    """The measures of a song, and the earlier measure that each one repeats.

    starts: where measures start, in whole frames and rising, and last the end of the last measure: N + 1 numbers.
    models: the number of an earlier measure, or None for a measure that is new; N of them. likeness: how alike each
    measure and its model sound, up to 1; N of them, None if all are equally alike.
    """

    starts: Sequence[int] = field(repr=False)
    models: Sequence[int | None] = field(repr=False)
    likeness: Sequence[float] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.models) + 1 or np.any(np.diff(self.starts) <= 0) or self.starts[0] < 0:
            raise ValueError(f"expected {len(self.models) + 1} rising starts of measures from 0 on, got {self.starts}")
        for measure, model in enumerate(self.models):
            if model is not None and not 0 <= model < measure:
                raise ValueError(f"measure {measure} repeats measure {model}; it can only repeat an earlier one")

    @classmethod
    def joined(cls, sections: Sequence["Motifs"]) -> "Motifs":
        """The motifs of a song's sections, each of which begins where the one before ends, as those of the song."""
        starts = [*sections[0].starts[:1]]
        models: list[int | None] = []
        likeness: list[float] = []
        for section in sections:
            before = len(models)
            starts += section.starts[1:]
            models += [None if model is None else before + model for model in section.models]
            likeness += [1.0] * len(section.models) if section.likeness is None else section.likeness
        return cls(starts, models, likeness)

    @property
    def firsts(self) -> list[int]:
        """The first measure that each one goes back to, over all that it repeats; a new one is its own. N of them."""
        firsts: list[int] = []
        for measure, model in enumerate(self.models):
            firsts.append(measure if model is None else firsts[model])
        return firsts

    def times(self, frames: int) -> "Motifs":
        """Return the same measures on an axis with `frames` frames for each of this one's."""
        return replace(self, starts=[start * frames for start in self.starts])

    def thinned(self, repetition: float, rng: np.random.Generator) -> "Motifs":
        """Return these motifs with a share of the repeats left, the others new: 0 leaves none, 1 all.

        Runs of RUN_MEASURES are drawn in random order until there are enough, so the share is exact, and what a lower
        value leaves, a higher one leaves as well. Those that are more alike are drawn first more often, each in
        proportion to its likeness to the power of CONTRAST.
        """
        runs = self._runs()
        waits = rng.exponential(size=len(runs))  # the shortest wait comes first, with a probability as its rate
        if self.likeness is not None:
            alike = np.array([np.mean([self.likeness[i] for i in run]) for run in runs])
            waits /= np.maximum(alike, LEAST_LIKENESS) ** CONTRAST
        order = [measure for run in np.argsort(waits).tolist() for measure in runs[run]]
        left = set(order[: round(repetition * len(order))])
        return replace(self, models=[model if i in left else None for i, model in enumerate(self.models)])

    def _runs(self) -> list[list[int]]:
        """Measures with a model, split where their models are not neighbours, into runs of at most RUN_MEASURES."""
        runs: list[list[int]] = []
        for measure, model in enumerate(self.models):
            if model is None:
                continue
            run = runs[-1] if runs else []
            follows = bool(run) and run[-1] == measure - 1 and self.models[measure - 1] == model - 1
            if follows and len(run) < RUN_MEASURES:
                run.append(measure)
            else:
                runs.append([measure])
        return runs
