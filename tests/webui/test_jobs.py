"""The page's one worker: one request at a time, its state, and how it is stopped."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.errors import Cancelled
from mug.generation import ChartGenerator
from mug.progress import Progress, Stage
from mug.webui.jobs import Job, Jobs


def endless(begun: threading.Event, ended: threading.Event) -> Callable[[Job], None]:
    """Work that goes on until it is stopped."""

    def work(job: Job) -> None:
        begun.set()
        try:
            while True:
                time.sleep(0.002)
                job.check()
        finally:
            ended.set()

    return work


async def wait_for(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 5)


def test_requests_are_computed_one_after_another() -> None:
    jobs, at_work, most = Jobs(), [], []

    def work(job: Job) -> int:
        at_work.append(job)
        most.append(len(at_work))
        time.sleep(0.01)
        at_work.remove(job)
        return len(most)

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*(jobs.compute(f"page {number % 2}", work) for number in range(6)))

    assert sorted(asyncio.run(all_at_once())) == [1, 2, 3, 4, 5, 6]
    assert set(most) == {1}


def test_cancelling_a_handler_frees_the_worker() -> None:
    jobs, begun, ended = Jobs(), threading.Event(), threading.Event()

    async def press_cancel() -> str:
        handler = asyncio.create_task(jobs.compute("a page", endless(begun, ended)))
        await wait_for(begun)
        handler.cancel()
        with pytest.raises(asyncio.CancelledError):
            await handler
        return await asyncio.wait_for(jobs.compute("another", lambda _: "free"), 5)

    assert asyncio.run(press_cancel()) == "free"
    assert ended.is_set()


def test_closing_a_page_stops_its_requests_alone() -> None:
    jobs, begun, ended = Jobs(), threading.Event(), threading.Event()

    async def close_pages() -> None:
        running = asyncio.create_task(jobs.compute("closed", endless(begun, ended)))
        await wait_for(begun)
        waiting = asyncio.create_task(jobs.compute("closed", lambda _: "never"))
        other = asyncio.create_task(jobs.compute("open", lambda _: "done"))
        await asyncio.sleep(0)
        jobs.cancel("open elsewhere")
        jobs.cancel("closed")
        for closed in (running, waiting):
            with pytest.raises(Cancelled):
                await closed
        assert await other == "done"

    asyncio.run(close_pages())


def test_mistakes_come_out_and_leave_the_worker_free() -> None:
    jobs = Jobs()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(jobs.compute("a page", lambda _: 1 // 0))
    assert asyncio.run(jobs.compute("a page", lambda _: "free")) == "free"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Three seconds of noise with clicks, which no model has read."""
    path = tmp_path / "clicks.wav"
    samples = np.random.default_rng(0).normal(0, 0.01, 3 * 22050)
    samples[:: 22050 // 2] = 0.9
    soundfile.write(path, samples, 22050)
    return path


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.FINISHING])  # the page does that
def test_a_request_stops_in_any_stage(tiny_generator: ChartGenerator, song: Path, stage: Stage) -> None:
    reached: list[Stage | None] = []

    def show(progress: Progress) -> None:
        if progress.stage is not (reached or [None])[-1]:
            reached.append(progress.stage)
        if progress.stage is stage:
            job.stop()

    job = Job(show)
    with pytest.raises(Cancelled), job.using(tiny_generator):
        tiny_generator.generate(song, {}, progress=job.progress)
    assert reached[-1] is stage
    assert reached == list(Stage)[: len(reached)]
