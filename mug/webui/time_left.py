"""How far a request has come and how long it still takes, from its stages, its samples and what earlier ones took.

A request reads a song, hears its beat and finds where notes go; then samples are drawn, and the best chart is chosen of
them. A chart whose first samples miss its stars gets more. Whether it does is known when they are drawn; before that,
what counts is how many more charts of these stars got.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mug.progress import Progress, Stage

MOST_SHOWN = 0.99  # of a request that is not finished
KNOWN_BEFORE = 1e-3  # seconds per second of a song: a stage that took less had nothing to do
GUESSES = {Stage.READING: 0.02, Stage.HEARING: 0.012, Stage.PLACING: 0.003, Stage.FINISHING: 0.007}
GUESSED_SAMPLE = 3e-4
# By stars, as in a dozen charts by models/mug-mini: seconds to choose, and how many more samples charts get, as a share
GUESSED_CHOICE = {2.0: 0.008, 3.5: 0.018, 5.0: 0.036}
GUESSED_MORE = {2.5: 0.05, 3.5: 0.15, 4.5: 0.35}
MEDIUM_STARS = 3.5


@dataclass
class Average:
    """A mean that begins with a guess; late observations count more than early ones."""

    value: float
    weight: float = 1.0

    def add(self, observed: float) -> None:
        self.weight = min(self.weight + 1, 4.0)
        self.value += (observed - self.value) / self.weight


@dataclass
class Pace:
    """What requests to a model have taken so far. Safe to share between threads.

    stages: seconds per second of the song. sample: seconds per sample, step and second of the song. choice: seconds per
    chart and second of the song, by its stars. more: samples on top of those expected at first, as a share, by stars.
    """

    stages: dict[Stage, Average] = field(default_factory=lambda: {stage: Average(s) for stage, s in GUESSES.items()})
    sample: Average = field(default_factory=lambda: Average(GUESSED_SAMPLE))
    choice: dict[float | None, Average] = field(default_factory=dict)
    more: dict[float | None, Average] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def choice_of(self, stars: float | None) -> Average:
        return self.choice.setdefault(_nearly(stars), Average(_by_stars(GUESSED_CHOICE, stars)))

    def more_for(self, stars: float | None) -> Average:
        guess = 0.0 if stars is None else _by_stars(GUESSED_MORE, stars)
        return self.more.setdefault(_nearly(stars), Average(guess))


@dataclass(frozen=True)
class Size:
    """What a request asks for.

    seconds: of the song. stars: of each chart, None if not given, in the order in which they are written. together:
    whether the samples of all charts are drawn before any is chosen. samples: for a chart whose first ones are right.
    passes: of the network, for a sample.
    """

    seconds: float
    stars: Sequence[float | None]
    together: bool
    samples: int
    passes: int


class TimeLeft:
    """Follows a request."""

    def __init__(self, size: Size, pace: Pace, now: Callable[[], float] = time.monotonic) -> None:
        self.share = 0.0
        self.seconds_left: float = 0.0
        self._size, self._pace, self._now = size, pace, now
        self._began = self._stage_began = now()
        self._stage: Stage | None = None
        self._charts: list[float | None] = []  # the stars of those that are written now
        self._waiting = list(size.stars)  # of those that are not begun
        self._drawing_s = 0.0  # seconds, for the charts before
        self._drawn = self._drawn_before = 0.0  # samples: until now, and for the charts before
        self._is_decided = False  # whether the charts that are written now get no more samples
        self._added_before = self._added = 0.0  # samples on top of those expected at first: for charts before, and now
        self._estimate(0.0, 0.0)

    @property
    def text(self) -> str:
        """What is done now, and how long it takes."""
        return f"{self.words}, about {_said(self.seconds_left)} left" if self._stage is not None else self.words

    @property
    def words(self) -> str:
        """What is done now."""
        if self._stage is None:
            return "Starting"
        if self._stage not in (Stage.COMPOSING, Stage.CHOOSING) or not self._charts:
            return str(self._stage)
        count = len(self._size.stars)
        which = f"{count} charts" if self._size.together else f"chart {count - len(self._waiting)} of {count}"
        what = f"{self._stage}: {which}" if count > 1 else str(self._stage)
        again = ", once more for the stars" if self._added and self._stage is Stage.COMPOSING else ""
        return what + again

    def follow(self, progress: Progress) -> None:
        """Take in how far the request has come."""
        with self._pace.lock:
            if progress.stage is not self._stage:
                self._learn()
                if progress.stage is Stage.COMPOSING:
                    self._begin(progress)
                self._stage, self._stage_began = progress.stage, self._now()
            self._added = self._on_top(progress.total) - self._added_before
            self._is_decided = progress.decided >= len(self._size.stars) - len(self._waiting)
            self._drawn = progress.done
            self._estimate(progress.done, progress.total)

    def finished(self) -> None:
        """The request is done: what it took counts for later ones."""
        with self._pace.lock:
            self._learn()
            self.share, self.seconds_left = 1.0, 0.0

    def _begin(self, progress: Progress) -> None:
        """Samples are drawn for the next charts."""
        count = len(self._waiting) if self._size.together else 1
        self._charts, self._waiting = self._waiting[:count], self._waiting[count:]
        self._drawn_before, self._added_before = progress.done, self._on_top(progress.total)

    def _on_top(self, total: float) -> float:
        """How many samples that is on top of those expected at first."""
        return max(0.0, total - self._size.samples * len(self._size.stars))

    def _learn(self) -> None:
        """A stage is over."""
        took, size, pace = self._now() - self._stage_began, self._size, self._pace
        if self._stage is Stage.COMPOSING:
            self._drawing_s += took
            pace.sample.add(took / max(1.0, self._drawn - self._drawn_before) / size.passes / size.seconds)
            for stars in self._charts:
                pace.more_for(stars).add(self._added / len(self._charts) / size.samples)
        elif self._stage is Stage.CHOOSING:
            for stars in self._charts:
                pace.choice_of(stars).add(took / len(self._charts) / size.seconds)
        elif self._stage is not None and took > KNOWN_BEFORE * size.seconds:
            pace.stages[self._stage].add(took / size.seconds)

    def _estimate(self, done: float, total: float) -> None:
        size, spent = self._size, self._now() - self._stage_began
        samples = max(total, size.samples * len(size.stars)) - done
        if not self._is_decided:
            samples += max(0.0, self._likely_more(self._charts) - self._added)
        samples += self._likely_more(self._waiting)
        self.seconds_left = self._stages_s(spent) + samples * self._sample_s(spent) + self._choices_s(spent)
        elapsed = self._now() - self._began
        share = elapsed / max(1e-9, elapsed + self.seconds_left)
        self.share = max(self.share, min(MOST_SHOWN, share))

    def _likely_more(self, charts: Sequence[float | None]) -> float:
        """How many samples charts of these stars are likely to get on top of those expected at first."""
        return self._size.samples * sum(self._pace.more_for(stars).value for stars in charts)

    def _stages_s(self, spent: float) -> float:
        """What is left of the stages without samples. spent: seconds in the stage that is on."""
        usual = {stage: average.value * self._size.seconds for stage, average in self._pace.stages.items()}
        stages = list(usual)
        if self._stage in usual:
            now = stages.index(self._stage)
            return max(0.0, usual[self._stage] - spent) + sum(usual[stage] for stage in stages[now + 1 :])
        return usual[Stage.FINISHING] if self._charts else sum(usual.values())

    def _sample_s(self, spent: float) -> float:
        """What a sample takes: as in this request, and as in earlier ones while it has drawn few."""
        usual = self._pace.sample.value * self._size.passes * self._size.seconds
        drawing = self._drawing_s + (spent if self._stage is Stage.COMPOSING else 0.0)
        few = self._size.samples / 6
        return (drawing + few * usual) / (self._drawn + few)

    def _choices_s(self, spent: float) -> float:
        """What is left of choosing charts."""
        pace = self._pace
        now = 0.0
        if self._stage in (Stage.COMPOSING, Stage.CHOOSING):
            chosen = spent / self._size.seconds if self._stage is Stage.CHOOSING else 0.0
            now = max(0.0, sum(pace.choice_of(stars).value for stars in self._charts) - chosen)
        return (now + sum(pace.choice_of(stars).value for stars in self._waiting)) * self._size.seconds


def _nearly(stars: float | None) -> float | None:
    """Stars to the half."""
    return None if stars is None else round(2 * stars) / 2


def _by_stars(table: Mapping[float, float], stars: float | None) -> float:
    return float(np.interp(MEDIUM_STARS if stars is None else stars, [*table], [*table.values()]))


def _said(seconds: float) -> str:
    """A time as people say it: the longer, the rounder."""
    whole = max(1, round(seconds))
    if whole > 10:
        whole = 5 * round(whole / 5)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
