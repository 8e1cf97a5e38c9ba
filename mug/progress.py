"""How far a request has come: one bar for all the samples of all its charts.

Samplers take a `tqdm_class`, and each batch of samples is a loop of its own. `Progress` gives them one that counts into
a shared total instead.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


class Stage(StrEnum):
    """What a request is at, in words; in this order, of which some may come again."""

    READING = "Reading the song"
    HEARING = "Finding the beat"
    PLACING = "Finding where notes go"
    COMPOSING = "Composing"
    CHOOSING = "Choosing the best"
    FINISHING = "Finishing"


def hidden(done: float, total: float) -> None:
    """Shows nothing."""


class Progress:
    """Samples drawn and samples to be drawn; a sample that is half denoised counts half.

    show: called with both after every step, and when a stage begins. Without it, nothing is shown. What it raises ends
    the request.
    """

    def __init__(self, show: Callable[[float, float], None] = hidden) -> None:
        self.done = 0.0
        self.total = 0.0
        self.stage: Stage | None = None
        self.decided = 0  # charts of which it is known that no more samples are added
        self._show = show

    def enter(self, stage: Stage) -> None:
        """A stage of the request begins."""
        self.stage = stage
        self.tick()

    def tick(self) -> None:
        """Between two steps that take long: a chance for `show` to end the request."""
        self._show(self.done, max(self.total, 1.0))  # at least one sample is to come

    def expect(self, samples: int) -> None:
        """At least this many samples are still to come. What was expected before includes them."""
        self.total = max(self.total, self.done + samples)

    def add(self, samples: int) -> None:
        """A chart gets this many samples on top of what was expected, as its stars were off."""
        self.total += samples
        self.tick()

    def decide(self) -> None:
        """A chart gets no more samples than are expected by now."""
        self.decided += 1
        self.tick()

    def skip_to(self, done: float) -> None:
        """What was expected up to `done` is finished or will not come."""
        self.done = max(self.done, done)
        self._show(self.done, self.total)

    def steps_of(self, samples: int) -> Callable[..., Iterator[Any]]:
        """Return a `tqdm_class` for a sampler that denoises this many samples together."""

        def counted(steps: Iterable[Item], total: int, **_: Any) -> Iterator[Item]:
            before = self.done
            for number, step in enumerate(steps, 1):
                yield step
                self.done = before + samples * number / total
                self._show(self.done, self.total)

        return counted


@contextmanager
def progress_bar(desc: str) -> Iterator[Progress]:
    """Show a bar on standard error."""
    with tqdm(total=1, desc=desc, bar_format=BAR) as bar:

        def show(done: float, total: float) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield Progress(show)


@contextmanager
def given_or_bar(progress: Progress | None) -> Iterator[Progress]:
    """The given progress, or a bar for this request alone."""
    if progress is not None:
        yield progress
        return
    with progress_bar("charting") as bar:
        yield bar
