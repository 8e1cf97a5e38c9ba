"""Apply a function to many items in several processes, in order, with a progress bar."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import reduction
from multiprocessing.process import BaseProcess
from typing import IO, Any, TypeVar

from tqdm import tqdm

from mug.errors import DatasetError

Item = TypeVar("Item")
Result = TypeVar("Result")
ITEMS_A_PROCESS = 32  # fewer are finished before another process has started
CHUNK = 8  # most items sent to a process at once
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def available_cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Kept:
    """A file that stays open in the process it is sent to, for as long as that process lives."""

    def __init__(self, file: IO[Any]):
        self._file = file

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _keep, (reduction.DupFd(self._file.fileno()),)


def _keep(sent: Any) -> int:
    return sent.detach()  # nothing in this process closes it


def _end_with_parent(lock: _Kept | None) -> None:
    """End this process when its parent is killed; it would wait for work forever.

    `lock`: kept open until then.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Make processes that start inside this context use one thread each."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
    items_a_process: int = ITEMS_A_PROCESS,
    lock: IO[Any] | None = None,
    **bar: Any,
) -> Iterator[Result]:
    """Yield `function(item)` of every item, in order. `bar`: the progress bar's desc and unit.

    `jobs` processes of one thread share the work (None: one per core). If there are too few items for two processes
    (`items_a_process` each), this process does the work. The function must be importable, and its exceptions are
    raised here. `lock`: a locked file, which stays locked until all processes have ended, even if this one is killed.
    Raises DatasetError if a process is killed.
    """
    if jobs is not None and jobs < 1:
        raise DatasetError(f"--jobs {jobs}: give 1 or more")
    jobs = min(jobs or available_cores(), len(items) // items_a_process)
    if jobs <= 1:
        yield from map(function, tqdm_class(items, **bar))
        return
    # spawn: a fork of a process with threads may hang
    context = multiprocessing.get_context("spawn")
    kept = None if lock is None else _Kept(lock)
    with ProcessPoolExecutor(jobs, context, initializer=partial(_end_with_parent, kept)) as pool:
        try:
            chunk = min(CHUNK, max(1, len(items) // (4 * jobs)))
            with _one_thread():  # this starts the processes
                results = pool.map(function, items, chunksize=chunk)
            yield from tqdm_class(results, total=len(items), **bar)
        except BrokenProcessPool as error:
            raise DatasetError(
                "a worker process was killed, perhaps for lack of memory; run it again with fewer --jobs"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
