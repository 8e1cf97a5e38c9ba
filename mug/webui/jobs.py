"""The page's one worker: requests are computed one after another, and each can be stopped while it is.

gradio keeps the queue: handlers of one concurrency id, WORKER, wait in it and are told their place.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from mug.errors import Cancelled
from mug.generation.generator import ChartGenerator
from mug.model.stopping import stoppable
from mug.progress import Progress

WORKER: dict[str, Any] = {"concurrency_id": "worker", "concurrency_limit": 1}  # arguments of every such handler
POLL_S = 0.05

Result = TypeVar("Result")


class Job:
    """A request that is computed. Its methods may be called from any thread."""

    def __init__(self, show: Callable[[Progress], None] | None = None) -> None:
        """show: called whenever the request has come further."""
        self.progress = Progress(self._shown)
        self._show = show
        self._stopped = threading.Event()

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

    def _shown(self, done: float, total: float) -> None:
        self.check()
        if self._show is not None:
            self._show(self.progress)


class Jobs:
    """What is computed, and for which page."""

    def __init__(self) -> None:
        self._worker = threading.Lock()
        self._changing = threading.Lock()
        self._jobs: dict[str, list[Job]] = {}  # by the session of their page

    async def compute(
        self, session: str, work: Callable[[Job], Result], show: Callable[[Progress], None] | None = None
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
