"""How far a request has come and how long it still takes, from its stages, its samples and what earlier ones took.

A request reads a song, hears its beat and finds where notes go; then come rounds: samples are drawn, and the best chart
is chosen of them. A chart whose samples miss its stars gets another round. Whether it will is known when they are
drawn; before that, what counts is how often charts of these stars did.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mug.progress import Progress, Stage

MOST_SHOWN = 0.99  # of a request that is not finished
KNOWN_BEFORE = 1e-3  # seconds per second of a song: a stage that took less had nothing to do
GUESSES = {Stage.READING: 0.02, Stage.HEARING: 0.012, Stage.PLACING: 0.003, Stage.FINISHING: 0.007}
GUESSED_SAMPLE = 3e-4
# By stars, as in a dozen charts by models/mug-mini: seconds to choose, and the share of charts that get another round
GUESSED_CHOICE = {2.0: 0.008, 3.5: 0.018, 5.0: 0.036}
GUESSED_AGAIN = {2.5: 0.15, 3.5: 0.5, 4.5: 0.9}
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
    chart and second of the song, by its stars. again: the share of charts that got another round, by stars and round.
    """

    stages: dict[Stage, Average] = field(default_factory=lambda: {stage: Average(s) for stage, s in GUESSES.items()})
    sample: Average = field(default_factory=lambda: Average(GUESSED_SAMPLE))
    choice: dict[float | None, Average] = field(default_factory=dict)
    again: dict[tuple[float | None, int], Average] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def choice_of(self, stars: float | None) -> Average:
        return self.choice.setdefault(_nearly(stars), Average(_by_stars(GUESSED_CHOICE, stars)))

    def again_after(self, stars: float | None, number: int) -> Average:
        """The share of charts that got another round after this one, which is not the last that they may get."""
        guess = 0.0 if stars is None else _by_stars(GUESSED_AGAIN, stars)
        return self.again.setdefault((_nearly(stars), number), Average(guess))

    def rounds_after(self, stars: float | None, number: int, most: int) -> float:
        """How many rounds of at most `most` a chart is likely to get after this one."""
        if number >= most:
            return 0.0
        return self.again_after(stars, number).value * (1 + self.rounds_after(stars, number + 1, most))


@dataclass(frozen=True)
class Size:
    """What a request asks for.

    seconds: of the song. stars: of each chart, None if not given, in the order in which they are written. together:
    whether the charts share their rounds. rounds: the most that each gets. samples: for a chart and round. passes: of
    the network, for a sample.
    """

    seconds: float
    stars: Sequence[float | None]
    together: bool
    rounds: int
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
        self._round = 0  # of the charts that are written now
        self._charts: list[float | None] = []  # the stars of those, in the order in which they are chosen
        self._decided = 0  # of those: it is known whether they get another round
        self._again: list[float | None] = []  # of those: they do
        self._waiting = list(size.stars)  # of those that are not begun
        self._drawing_s = 0.0  # seconds, in the rounds before
        self._drawn = self._round_from = 0.0  # samples: until now, and before this round
        self._total = 0.0  # samples that are known to come, and those before
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
        number = count - len(self._waiting)
        if self._size.together and self._round == 1 and self._stage is Stage.COMPOSING:
            number = min(count, 1 + int((self._drawn - self._round_from) / self._size.samples))
        which = f": chart {number} of {count}" if count > 1 and (self._round == 1 or not self._size.together) else ""
        again = ", once more for the stars" if self._round > 1 else ""
        return f"{self._stage}{which}{again}"

    def follow(self, progress: Progress) -> None:
        """Take in how far the request has come."""
        with self._pace.lock:
            if progress.stage is not self._stage:
                self._learn()
                if progress.stage is Stage.COMPOSING:
                    self._begin_round(progress.done, progress.total)
                self._stage, self._stage_began = progress.stage, self._now()
            if progress.decided > self._decided:
                self._decide(progress.decided, progress.total)
            self._drawn = progress.done
            self._estimate(progress.done, progress.total)

    def finished(self) -> None:
        """The request is done: what it took counts for later ones."""
        with self._pace.lock:
            self._learn()
            self.share, self.seconds_left = 1.0, 0.0

    def _begin_round(self, done: float, total: float) -> None:
        """Samples are drawn again: for charts that were announced, or else for the next ones."""
        if self._again:
            self._charts, self._again, self._round = self._again, [], self._round + 1
        else:
            count = len(self._waiting) if self._size.together else 1
            self._charts, self._waiting, self._round = self._waiting[:count], self._waiting[count:], 1
        self._round_from, self._decided, self._total = done, 0, total

    def _decide(self, decided: int, total: float) -> None:
        """It has become known whether some charts get another round."""
        for stars in self._charts[self._decided : decided]:
            is_again = total >= self._total + self._size.samples
            if is_again:
                self._again.append(stars)
                self._total += self._size.samples
            if self._round < self._size.rounds:
                self._pace.again_after(stars, self._round).add(float(is_again))
        self._decided = decided

    def _learn(self) -> None:
        """A stage is over."""
        took, size, pace = self._now() - self._stage_began, self._size, self._pace
        if self._stage is Stage.COMPOSING:
            self._drawing_s += took
            pace.sample.add(took / max(1.0, self._drawn - self._round_from) / size.passes / size.seconds)
        elif self._stage is Stage.CHOOSING:
            for stars in self._charts:
                pace.choice_of(stars).add(took / len(self._charts) / size.seconds)
        elif self._stage is not None and took > KNOWN_BEFORE * size.seconds:
            pace.stages[self._stage].add(took / size.seconds)

    def _estimate(self, done: float, total: float) -> None:
        size, spent = self._size, self._now() - self._stage_began
        samples = max(total, size.samples * len(size.stars)) - done
        samples += size.samples * sum(rounds for _, rounds in self._undecided())
        self.seconds_left = self._stages_s(spent) + samples * self._sample_s(spent) + self._choices_s(spent)
        elapsed = self._now() - self._began
        share = elapsed / max(1e-9, elapsed + self.seconds_left)
        self.share = max(self.share, min(MOST_SHOWN, share))

    def _undecided(self) -> Iterator[tuple[float | None, float]]:
        """The stars of charts that may get more rounds than are certain, and how many are likely."""
        certain = [
            *((stars, self._round) for stars in self._charts[self._decided :]),
            *((stars, self._round + 1) for stars in self._again),
            *((stars, 1) for stars in self._waiting),
        ]
        for stars, last in certain:
            yield stars, self._pace.rounds_after(stars, last, self._size.rounds)

    def _stages_s(self, spent: float) -> float:
        """What is left of the stages without rounds. spent: seconds in the stage that is on."""
        usual = {stage: average.value * self._size.seconds for stage, average in self._pace.stages.items()}
        stages = list(usual)
        if self._stage in usual:
            now = stages.index(self._stage)
            return max(0.0, usual[self._stage] - spent) + sum(usual[stage] for stage in stages[now + 1 :])
        return usual[Stage.FINISHING] if self._round else sum(usual.values())

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
        certain = sum(pace.choice_of(stars).value for stars in (*self._again, *self._waiting))
        likely = sum(rounds * pace.choice_of(stars).value for stars, rounds in self._undecided())
        return (now + certain + likely) * self._size.seconds


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
