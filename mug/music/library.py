"""A library of pieces: one sqlite file with the notes of each, in a format that cannot contain code.

A piece is written whole or not at all, so that preparing goes on where it stopped. It uses sqlite's oldest journal
mode: a single file, also on a read-only disk.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import numpy as np

from mug.errors import DatasetError
from mug.music.note import NOTE, Music

COLUMNS = (
    "name TEXT PRIMARY KEY",  # of the file in its folder, or of the score or composition
    "digest TEXT",  # of what it was read from, so that it is read again if that changes
    "work TEXT",  # pieces of one work are in one split
    "problem TEXT",  # why it is left out; NULL for a piece that is used
    "notes_digest TEXT",
    "notes BLOB",  # NOTE [N]
    "meters TEXT",  # JSON
)
MAX_NOTES = 1_000_000  # of a piece that is read back
PREPARE = "run `mug prepare-midi`"


@dataclass(frozen=True)
class Piece:
    """A piece of a library. work: what it is a part of, the same in all its movements."""

    name: str
    work: str
    music: Music


class PieceLibrary:
    """The library at `path`; a context manager. Without `create` the file is only read.

    Raises DatasetError for a file that is missing, damaged or none of ours.
    """

    def __init__(self, path: str | Path, create: bool = False) -> None:
        self.path = Path(path)
        if create:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        elif not self.path.is_file():
            raise DatasetError(f"{path}: no such library of pieces; {PREPARE}")
        try:
            uri = f"{self.path.resolve().as_uri()}?mode={'rwc' if create else 'ro'}"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            if create:
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS Piece ({', '.join(COLUMNS)})")
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def __enter__(self) -> "PieceLibrary":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def known(self) -> dict[str, str]:
        """The digest of each piece that was added, also of those that were left out, by name."""
        return dict(self._rows("SELECT name, digest FROM Piece"))

    def add(self, name: str, digest: str, work: str, music: Music) -> str | None:
        """Add or replace a piece, in one transaction; return why it is left out: None, or that it is there already."""
        notes_digest = _notes_digest(music.notes)
        same = self._rows(
            "SELECT name FROM Piece WHERE notes_digest = ? AND problem IS NULL AND name != ?", notes_digest, name
        )
        problem = f"the same notes as {same[0][0]}" if same else None
        notes = np.ascontiguousarray(music.notes, NOTE).tobytes()
        self._insert(name, digest, work, problem, notes_digest, notes, json.dumps(music.meters))
        return problem

    def leave_out(self, name: str, digest: str, problem: str) -> None:
        """Note why a piece cannot be used, so that it is not read again."""
        self._insert(name, digest, "", problem, None, None, None)

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces that are used, by name."""
        for name, work, notes, meters in self._rows(
            "SELECT name, work, notes, meters FROM Piece WHERE problem IS NULL ORDER BY name"
        ):
            try:
                table = np.frombuffer(notes, NOTE)
                given = tuple((float(beat), float(length)) for beat, length in json.loads(meters))
            except (TypeError, ValueError) as error:
                raise self._damaged(error) from error
            finite = np.isfinite(table["start_ms"]).all() and np.isfinite(table["end_ms"]).all()
            if not len(table) or len(table) > MAX_NOTES or not finite:
                raise self._damaged(ValueError(f"{name}: no table of notes"))
            yield Piece(name, work, Music(table, given))

    def problems(self) -> list[tuple[str, str]]:
        """The pieces that are left out, by name, with the reason."""
        return self._rows("SELECT name, problem FROM Piece WHERE problem IS NOT NULL ORDER BY name")

    def _rows(self, query: str, *values: str) -> list[tuple]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _insert(self, *values: str | bytes | None) -> None:
        try:
            self._connection.execute("INSERT OR REPLACE INTO Piece VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DatasetError:
        return DatasetError(f"{self.path}: not a library of pieces ({error}); delete it and {PREPARE} again")


def _notes_digest(notes: np.ndarray) -> str:
    """A digest that is the same for the same notes, however the piece is transposed or where its first note begins."""
    first = notes[0]
    shape = np.stack(
        [
            np.rint((notes["start_ms"] - first["start_ms"]) / 10),
            np.where(notes["drum"], notes["pitch"], notes["pitch"].astype(int) - int(notes["pitch"].min())),
        ]
    )
    return blake2b(shape.astype("<i4").tobytes(), digest_size=16).hexdigest()
