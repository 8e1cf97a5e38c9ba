"""Whether a model follows skillset flags: each flag is compared with the same prompt without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mug.metrics.bootstrap import Estimate, bootstrap, mean_of
from mug.metrics.profile import Profile
from mug.ratings.skillsets import SKILLSETS

MSD_OF = {name: f"{name}_ett" for name in SKILLSETS}


@dataclass(frozen=True)
class Answer:
    """A song's chart with a skillset flag in the prompt and its chart without, from the same noise."""

    song: str
    skillset: str
    with_flag: Profile
    without_flag: Profile

    @property
    def has_flag(self) -> float:
        """1 if the chart with the flag in its prompt has the flag, judged by its notes, else 0."""
        return float(bool(self.with_flag.features.get(self.skillset)))

    @property
    def had_flag(self) -> float:
        """1 if the chart without the flag in its prompt has it anyway, else 0."""
        return float(bool(self.without_flag.features.get(self.skillset)))

    @property
    def rose(self) -> float:
        """1 if the skillset's MSD rose relative to the mean of the others, else 0 (also without MSD)."""
        before, after = lead_of(self.without_flag, self.skillset), lead_of(self.with_flag, self.skillset)
        return float(after > before)  # False for NaN


def lead_of(profile: Profile, skillset: str) -> float:
    """Return a skillset's MSD minus the mean of the other six, NaN without MSD."""
    msd = {name: profile.number(key) for name, key in MSD_OF.items()}
    others = [value for name, value in msd.items() if name != skillset and value is not None]
    own = msd[skillset]
    return float("nan") if own is None or len(others) < len(SKILLSETS) - 1 else own - float(np.mean(others))


def obedience(answers: Sequence[Answer], seed: int = 0) -> dict[str, dict[str, Estimate]]:
    """Return by skillset, and for "all", the shares of answers that have the flag, had it without asking, and rose."""
    measures: dict[str, Callable[[Answer], float]] = {
        "has_flag": lambda answer: answer.has_flag,
        "had_flag_unasked": lambda answer: answer.had_flag,
        "rose": lambda answer: answer.rose,
    }
    table: dict[str, dict[str, Estimate]] = {}
    for name in (*SKILLSETS, "all"):
        of = [answer for answer in answers if name in ("all", answer.skillset)]
        if of:
            songs = [answer.song for answer in of]
            table[name] = {
                measure: Estimate(*bootstrap(mean_of(np.array([value(a) for a in of])), songs, seed), len(of))
                for measure, value in measures.items()
            }
    return table
