"""Work shared by processes comes back in order, with its errors."""

import os
import sys

import pytest

from mug.errors import DatasetError
from mug.parallel import ITEMS_A_PROCESS, parallel_map
from tests.prepare.song_folders import Quiet


def with_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def fail_at_40(number: int) -> int:
    if number == 40:
        raise ValueError(f"item {number}")
    return number


def die_at_40(number: int) -> int:
    if number == 40:
        os._exit(9)
    return number


def test_few_items_stay_in_this_process():
    results = list(parallel_map(with_process, range(2 * ITEMS_A_PROCESS - 1), jobs=4, tqdm_class=Quiet))
    assert results == [(i, os.getpid()) for i in range(2 * ITEMS_A_PROCESS - 1)]


def test_many_are_shared_and_come_in_order():
    results = list(parallel_map(with_process, range(300), jobs=2, tqdm_class=Quiet))
    assert [number for number, _ in results] == list(range(300))
    assert os.getpid() not in {process for _, process in results}


def test_an_error_is_raised_here_after_the_results_before_it():
    with pytest.raises(ValueError, match="item 40"):
        list(parallel_map(fail_at_40, range(200), jobs=2, tqdm_class=Quiet))


def test_a_killed_process_is_an_error_that_says_so():
    with pytest.raises(DatasetError, match="killed"):
        list(parallel_map(die_at_40, range(200), jobs=2, tqdm_class=Quiet))


def open_files(_: int) -> set[str]:
    return {os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}


@pytest.mark.skipif(sys.platform != "linux", reason="open files are seen in /proc on Linux only")
def test_each_process_keeps_the_lock_open(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        seen = list(parallel_map(open_files, range(64), jobs=2, tqdm_class=Quiet, lock=lock))
    assert all(str(tmp_path / "lock") in files for files in seen)


def threads_of(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def test_each_process_computes_in_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    assert set(parallel_map(threads_of, range(8), jobs=2, tqdm_class=Quiet, items_a_process=4)) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_an_impossible_number_of_processes_is_named():
    with pytest.raises(DatasetError, match="--jobs 0"):
        list(parallel_map(with_process, range(3), jobs=0, tqdm_class=Quiet))
