"""features.db: one row a chart, saying what a prompt for it would say. sqlite, table Feature.

A NULL is "not given", which is never the same as zero.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from mug.data.features import FeatureSpec
from mug.errors import DatasetError

SQL_TYPES = {"numeric": "REAL", "category": "TEXT", "bool": "INT"}
BUSY_TIMEOUT_S = 60.0  # how long to wait for another process that is writing


class FeatureDB:
    """The database of a prepared folder; a context manager. Each `upsert` is one transaction: all of it, or nothing.

    `create` makes the file where there is none; without it a missing file raises DatasetError.
    """

    def __init__(self, path: str | Path, spec: FeatureSpec, create: bool = False) -> None:
        self.path = Path(path)
        self.columns = ["name", "set_name", *spec.names]
        if not create and not self.path.is_file():
            raise DatasetError(f"{path}: no such database; run scripts/prepare_beatmap_features.py to make it")
        mode = "rwc" if create else "ro"
        try:
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            self._connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)
        except sqlite3.Error as error:
            raise DatasetError(f"{path}: cannot be opened ({error})") from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._check_columns(spec, create)
        except DatasetError:
            self._connection.close()
            raise

    def _check_columns(self, spec: FeatureSpec, create: bool) -> None:
        if create:
            types = "".join(f', "{feature.name}" {SQL_TYPES[feature.type]}' for feature in spec.features)
            columns = f"name TEXT, set_name TEXT{types}, PRIMARY KEY (name, set_name)"
            self._execute("PRAGMA journal_mode = DELETE")  # one file, which is readable on a disk that is read-only
            self._execute(f"CREATE TABLE IF NOT EXISTS Feature ({columns})")
        found = [row["name"] for row in self._execute("PRAGMA table_info(Feature)")]
        missing = [column for column in self.columns if column not in found]
        if missing:
            raise DatasetError(
                f"{self.path}: made for other features, it lacks {', '.join(missing)}; delete it and run "
                f"scripts/prepare_beatmap_features.py with the same feature yaml as the training"
            )

    def __enter__(self) -> "FeatureDB":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run one statement and return all its rows. Raises DatasetError for a damaged database."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise DatasetError(
                f"{self.path}: cannot be read ({error}); where it is damaged, delete it and run "
                f"scripts/prepare_beatmap_features.py again"
            ) from error

    def upsert(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows with the keys name, set_name and features, replacing those of the same charts.

        A feature that a row lacks, which is one of the user's own that nothing here computes, is not given.
        """
        names = ", ".join(f'"{column}"' for column in self.columns)
        places = ", ".join("?" for _ in self.columns)
        values = [[row["name"], row["set_name"], *map(row.get, self.columns[2:])] for row in rows]
        try:
            with self._connection:
                self._connection.executemany(f"INSERT OR REPLACE INTO Feature ({names}) VALUES ({places})", values)
        except sqlite3.DatabaseError as error:
            raise DatasetError(f"{self.path}: cannot be written ({error})") from error

    def all(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every chart's features, by (name, set_name)."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        rows = self._execute(f"SELECT {names} FROM Feature")
        return {(row["name"], row["set_name"]): {column: row[column] for column in self.columns[2:]} for row in rows}

    def get(self, name: str, set_name: str) -> dict[str, Any] | None:
        """Return one chart's features, None where it has no row."""
        names = ", ".join(f'"{column}"' for column in self.columns[2:])
        query = f"SELECT {names} FROM Feature WHERE name = ? AND set_name = ?"
        rows = self._execute(query, (name, set_name))
        return dict(rows[0]) if rows else None
