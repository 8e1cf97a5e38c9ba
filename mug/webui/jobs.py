"""The page's one worker: requests are computed one after another, and each can be stopped while it is.

gradio keeps the queue: handlers of one concurrency id, WORKER, wait in it and are told their place.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from mug.errors import Cancelled
from mug.generation.generator import ChartGenerator
from mug.model.stopping import stoppable
from mug.progress import Progress, Stage

WORKER: dict[str, Any] = {"concurrency_id": "worker", "concurrency_limit": 1}  # arguments of every such handler
POLL_S = 0.05

Result = TypeVar("Result")


@dataclass(frozen=True)
class JobState:
    """How far a request has come. share: of its samples, from 0 to 1. seconds_left: None while that is unknown."""

    stage: Stage | None
    share: float
    seconds_left: float | None


class Job:
    """A request that is computed. Its methods may be called from any thread."""

    def __init__(
        self, show: Callable[[JobState], None] | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """show: called with every new state. now: seconds."""
        self.progress = Progress(self._shown)
        self._show = show
        self._now = now
        self._stopped = threading.Event()
        self._composing_since: tuple[float, float] | None = None  # when, and the samples that were done then

    def stop(self) -> None:
        """Have the request raise Cancelled, at the next layer of a network or the next stage."""
        self._stopped.set()

    def check(self) -> None:
        """Raise Cancelled if the request was stopped."""
        if self._stopped.is_set():
            raise Cancelled("stopped")

    def using(self, generator: ChartGenerator) -> AbstractContextManager[None]:
        """In the block, the model's networks stop with the request."""
        return stoppable(generator.networks, self.check)

    def state(self) -> JobState:
        progress = self.progress
        share = progress.done / progress.total if progress.total else 0.0
        return JobState(progress.stage, share, self._seconds_left())

    def _shown(self, done: float, total: float) -> None:
        self.check()
        if self.progress.stage is Stage.COMPOSING and self._composing_since is None:
            self._composing_since = self._now(), done
        if self._show is not None:
            self._show(self.state())

    def _seconds_left(self) -> float | None:
        """As long as the samples that are left take at the pace so far."""
        if self._composing_since is None:
            return None
        (since, before), progress = self._composing_since, self.progress
        done = progress.done - before
        return (self._now() - since) / done * (progress.total - progress.done) if done > 0 else None


class Jobs:
    """What is computed, and for which page."""

    def __init__(self) -> None:
        self._worker = threading.Lock()
        self._changing = threading.Lock()
        self._jobs: dict[str, list[Job]] = {}  # by the session of their page

    async def compute(
        self, session: str, work: Callable[[Job], Result], show: Callable[[JobState], None] | None = None
    ) -> Result:
        """Run `work` in a thread, alone, and return its result. Call this in an async handler of gradio.

        It is stopped when gradio cancels the handler, as a button's `cancels` and a client's `Job.cancel` do, and by
        `cancel`. Raises Cancelled, and what `work` raises.
        """
        job = Job(show)
        with self._listed(session, job):
            try:
                return await asyncio.to_thread(self._alone, work, job)
            except asyncio.CancelledError:
                job.stop()
                raise

    def cancel(self, session: str) -> None:
        """Stop what is computed for a page, such as one that was closed."""
        with self._changing:
            jobs = list(self._jobs.get(session, ()))
        for job in jobs:
            job.stop()

    def _alone(self, work: Callable[[Job], Result], job: Job) -> Result:
        while not self._worker.acquire(timeout=POLL_S):  # one that was stopped ends soon
            job.check()
        try:
            job.check()
            return work(job)
        finally:
            self._worker.release()

    @contextmanager
    def _listed(self, session: str, job: Job) -> Iterator[None]:
        with self._changing:
            self._jobs.setdefault(session, []).append(job)
        try:
            yield
        finally:
            with self._changing:
                self._jobs[session].remove(job)
                if not self._jobs[session]:
                    del self._jobs[session]
