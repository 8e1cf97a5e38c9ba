"""The record of earlier preparation runs, stored beside the charts, and the lock that allows one run at a time."""

import fcntl
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from mug.files import replacing
from mug.prepare.gather_set import LINKS_OUT, SetJob, SetResult, stamp

INDEX = ".prepared.json"
LOCK = ".preparing"
SCRATCH = ".unpacked"
UNFINISHED = re.compile(r"\.[a-z0-9_]{8}(\.\w+)?")  # tempfile's names
VERSION = 2  # raise it when a reader's result for the same files changes: every set is read again


class Index:
    """The sets that earlier runs prepared in `target`, by name."""

    def __init__(self, target: Path, keys: int | None):
        self._path = target / INDEX
        self._head = {"version": VERSION, "keys": keys}
        self._sets: dict[str, dict[str, Any]] = {}
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            if stored["head"] == self._head:
                self._sets = stored["sets"]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # missing or damaged: read every set

    def unchanged(self, job: SetJob) -> SetResult | None:
        """The stored result of a set; None if it is out of date.

        That is so if one of its files, at the source or in the target, was added, removed or changed.
        """
        stored = self._sets.get(job.name)
        if stored is None or stored["files"] != _listed(job):
            return None
        result = SetResult(**stored["result"])
        result.read = [(path, size, time_ns) for path, size, time_ns in result.read]
        result.skipped = [(kind, message) for kind, message in result.skipped]
        if any(kind == LINKS_OUT for kind, _ in result.skipped):  # its target may be among the songs now
            return None
        if any(stamp(path) != (path, size, time_ns) for path, size, time_ns in result.read):
            return None
        return result if all(os.path.isfile(job.target / file) for file in result.made) else None

    def charts_without(self, names: set[str]) -> int:
        """The number of charts in the sets that are not among `names`."""
        return sum(len(stored["result"]["lines"]) for name, stored in self._sets.items() if name not in names)

    def save(self, sets: list[tuple[SetJob, SetResult]]) -> None:
        """Store the results of all sets, whole or not at all."""
        stored = {job.name: {"files": _listed(job), "result": asdict(result)} for job, result in sets}
        with replacing(self._path) as temporary:
            temporary.write_text(json.dumps({"head": self._head, "sets": stored}), encoding="utf-8")


def _listed(job: SetJob) -> list[list[str]]:
    return [[str(file), relative.as_posix()] for file, relative in job.files]


@contextmanager
def only_run(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Lock `target` for this run, waiting for any other run to end; yield a scratch folder and the lock's file.

    Leftovers of an interrupted run are removed. The lock is an operating-system lock: a killed process releases it, and
    worker processes keep it open, so none of them is still writing when the next run starts.
    """
    target.mkdir(parents=True, exist_ok=True)
    with (target / LOCK).open("a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{target}: another run is preparing this folder; waiting for it to end", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read():  # the previous run did not finish
            _sweep(target)
        scratch = target / SCRATCH
        shutil.rmtree(scratch, ignore_errors=True)
        lock.write(b"running\n")
        lock.flush()
        scratch.mkdir()
        try:
            yield scratch, lock
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            lock.truncate(0)


def _sweep(target: Path) -> None:
    """Remove unfinished files: mug.files.replacing writes to hidden temporary files.

    In the target itself only those of a preparation are removed, since other programs write there, too.
    """
    for folder, _, names in os.walk(target):
        for name in names:
            match = UNFINISHED.fullmatch(name)
            if match and (Path(folder) != target or match[1] in (".json", ".txt")):
                Path(folder, name).unlink(missing_ok=True)
