"""One function over many items in several processes, in order, with a progress bar."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tqdm import tqdm

from mug.errors import DatasetError

Item = TypeVar("Item")
Result = TypeVar("Result")
ITEMS_A_PROCESS = 32  # fewer are done before another process has started
CHUNK = 8  # items handed over at a time


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _end_with_parent() -> None:
    """Have this process end when the one that started it is killed; it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
    **bar: Any,
) -> Iterator[Result]:
    """Yield `function(item)` of every item, in order. `bar`: the progress bar's desc and unit.

    `jobs` processes share the work, None for one a core; few items are done in this process. The function is one that
    another process can import, and what it raises is raised here.
    Raises DatasetError where a process is killed.
    """
    jobs = min(jobs or available_cores(), len(items) // ITEMS_A_PROCESS)
    if jobs <= 1:
        yield from map(function, tqdm_class(items, **bar))
        return
    # spawn: a fork of a process with threads may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_end_with_parent) as pool:
        try:
            yield from tqdm_class(pool.map(function, items, chunksize=CHUNK), total=len(items), **bar)
        except BrokenProcessPool as error:
            raise DatasetError("a process that shared the work was killed, perhaps for memory; run it again") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
