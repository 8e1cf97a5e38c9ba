"""The pages of a long download, saved as they arrive, so that a killed run resumes where it stopped.

One JSON line per page, after a first line that says what is downloaded. A line counts once it is complete: a truncated
last line is dropped.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from mug.errors import DatasetError

Cursor = dict[str, Any] | None
MAX_BYTES = 2**30


class Journal:
    """A context manager; `job` describes the download, as JSON values.

    Raises DatasetError for the file of another job, a damaged file, and one that another run is writing.
    """

    def __init__(self, path: Path, job: dict[str, Any]) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise DatasetError(f"{path}: another run is writing it; wait for it to end") from error
        try:
            self._pages = self._read(job)
        except DatasetError:
            self._file.close()
            raise

    def _read(self, job: dict[str, Any]) -> dict[str, list[tuple[list[Any], Cursor]]]:
        self._file.seek(0)
        data = self._file.read(MAX_BYTES)
        whole = data.rfind(b"\n") + 1
        self._file.truncate(whole)
        pages: dict[str, list[tuple[list[Any], Cursor]]] = {}
        try:
            lines = [json.loads(line) for line in data[:whole].splitlines()]
            for line in lines[1:]:
                pages.setdefault(line["step"], []).append((line["rows"], line["cursor"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{self.path}: damaged ({error}); delete it to start over") from error
        if not lines:
            self._append(job)
        elif lines[0] != job:
            raise DatasetError(
                f"{self.path}: from an unfinished run with other options, {json.dumps(lines[0])}; use the same ones, "
                f"or delete the file to start over"
            )
        return pages

    def pages(self, step: str, fetch: Callable[[Cursor], tuple[list[Any], Cursor]]) -> Iterator[list[Any]]:
        """Yield the rows of all pages of a step: the saved ones, then those that `fetch(cursor)` returns.

        The first cursor is None; so is the one returned with the last page.
        """
        kept = self._pages.get(step, [])
        for rows, _ in kept:
            yield rows
        cursor = kept[-1][1] if kept else None
        if kept and cursor is None:
            return
        while True:
            rows, cursor = fetch(cursor)
            self._append({"step": step, "rows": rows, "cursor": cursor})
            yield rows
            if cursor is None:
                return

    def _append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
