"""features.db: notes, features and ratings of every chart of a prepared folder. A sqlite file with three tables.

Feature: one row per chart, with the values of its prompt. NULL means "not given", which is never the same as zero.
Rated: the features that depend on the rate, one row per chart and rate other than 1.
Chart: the digest of the file, the versions of what computed its record, and its notes and timing points, so that
training need not parse the file again.
A chart's key is the name of its file and the name of that file's folder.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.ratings.chart_features import RATE_FEATURES

Key = tuple[str, str]  # name, set_name
KEYS = {"Feature": ("name", "set_name"), "Rated": ("name", "set_name", "rate"), "Chart": ("name", "set_name")}
STORED = {
    "Feature": "",
    "Rated": " WITHOUT ROWID",
    "Chart": "",
}  # stored in key order: many small rows take half the space
SQL_TYPES = {"numeric": "REAL", "category": "TEXT", "bool": "INT"}
CHART_COLUMNS = {
    "digest": "TEXT",  # of the file's bytes
    "notes_by": "TEXT",  # version of what computed notes and features; see mug.prepare.describe
    "sr_by": "TEXT",
    "msd_by": "TEXT",
    "set_id": "INT",
    "version": "TEXT",  # the difficulty's name
    "audio": "TEXT",  # the file that the chart refers to
    "keys": "INT",
    "notes": "BLOB",  # see mug.prepare.chart_record
    "timing": "BLOB",
}
LISTED_COLUMNS = {  # also of Chart; for filtering and statistics, which parse the file if a database lacks them
    "artist": "TEXT",
    "title": "TEXT",
    "creator": "TEXT",
    "bpm": "REAL",
    "changes_tempo": "INT",
    "changes_scroll": "INT",
}
OFFSET_COLUMNS = {  # also of Chart; NULL where `mug offsets` measured none
    "offset_ms": "REAL",  # of the notes from the audio, NULL if that is unsure
    "offset_by": "TEXT",  # what it was measured by and from
    "shift_ms": "REAL",  # what training adds to the chart's times
}
BUSY_TIMEOUT_S = 60.0  # how long to wait for another process that is writing
RUN_AGAIN = "run `mug features` again"


class FeatureDB:
    """The database of a prepared folder; a context manager. Each `upsert` is one transaction: all or nothing.

    With `create`, a missing file, table or column is created. Without it the file is only read, and anything missing
    raises DatasetError. `spec`: the features to read or write, None for none.
    """

    def __init__(self, path: str | Path, spec: FeatureSpec | None, create: bool = False) -> None:
        self.path = Path(path)
        types = {} if spec is None else {feature.name: SQL_TYPES[feature.type] for feature in spec.features}
        self.features = list(types)
        self.rated_features = [name for name in types if name in RATE_FEATURES]
        if not create and not self.path.is_file():
            raise DatasetError(f"{path}: no such database; run `mug features` to make it")
        mode = "rwc" if create else "ro"
        try:
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            self._connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise DatasetError(f"{path}: cannot be opened ({error})") from error
        self._connection.row_factory = sqlite3.Row
        tables = {
            "Feature": types,
            "Rated": {"rate": "REAL", **{name: types[name] for name in self.rated_features}},
            "Chart": CHART_COLUMNS | LISTED_COLUMNS | OFFSET_COLUMNS if create else CHART_COLUMNS,
        }
        try:
            for table, columns in tables.items():
                self._prepare(table, columns, create)
            self._offset_columns = () if self._missing("Chart", OFFSET_COLUMNS) else tuple(OFFSET_COLUMNS)
        except DatasetError:
            self._connection.close()
            raise

    def _prepare(self, table: str, types: Mapping[str, str], create: bool) -> None:
        """Create a table or its missing columns; without `create`, report what is missing."""
        if create:
            self._execute("PRAGMA journal_mode = DELETE")  # a single file, readable on a read-only disk
            columns = ", ".join(["name TEXT, set_name TEXT", *(f'"{name}" {kind}' for name, kind in types.items())])
            key = ", ".join(KEYS[table])
            with self.transaction():  # if two runs start at once, the second one finds them
                self._execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}, PRIMARY KEY ({key})){STORED[table]}")
                for name in self._missing(table, types):
                    self._execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {types[name]}')
        found = self.columns(table)
        if not found:
            raise DatasetError(
                f"{self.path}: made by an older version, or never finished: it lacks the table {table}; {RUN_AGAIN}"
            )
        missing = self._missing(table, types)
        if missing:
            raise DatasetError(
                f"{self.path}: made for other features, or by an older version: {table} lacks {', '.join(missing)}; "
                f"{RUN_AGAIN}, with the same feature yaml as the training"
            )

    def _missing(self, table: str, types: Mapping[str, str]) -> list[str]:
        found = self.columns(table)
        return [name for name in types if name not in found]

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns; none if there is no such table."""
        return {row["name"] for row in self._execute(f"PRAGMA table_info({table})")}

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
                f"{self.path}: cannot be read ({error}); {RUN_AGAIN}; if the file is damaged, delete it first"
            ) from error

    def _write(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(statement, values)
        except sqlite3.Error as error:
            raise DatasetError(f"{self.path}: cannot be written ({error})") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything in the block when it ends, or nothing if it raises."""
        if self._connection.in_transaction:  # inside an outer transaction
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def upsert(self, rows: Sequence[Mapping[str, Any]], table: str = "Feature") -> None:
        """Write rows; each has the key's columns and some of the others.

        Columns that a row lacks, such as features that the user added, keep their values; in a new row they are NULL.
        """
        key = KEYS[table]
        with self.transaction():
            for columns in {tuple(row) for row in rows}:
                names, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" for _ in columns)
                changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
                self._write(
                    f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({', '.join(key)}) DO "
                    + (f"UPDATE SET {changes}" if changes else "NOTHING"),
                    [tuple(row.values()) for row in rows if tuple(row) == columns],
                )

    def remove(self, charts: Sequence[Key]) -> None:
        """Delete charts."""
        with self.transaction():
            for table in KEYS:
                self._write(f"DELETE FROM {table} WHERE name = ? AND set_name = ?", charts)

    def remove_rates(self, charts: Sequence[Key], low: float, high: float) -> None:
        """Delete the charts' ratings at rates below `low` or above `high`."""
        values = [(*chart, low, high) for chart in charts]
        self._write("DELETE FROM Rated WHERE name = ? AND set_name = ? AND rate NOT BETWEEN ? AND ?", values)

    def chart_keys(self) -> set[Key]:
        """Return the keys of all charts in any of the tables."""
        rows = self._execute(" UNION ".join(f"SELECT name, set_name FROM {table}" for table in KEYS))
        return {(row["name"], row["set_name"]) for row in rows}

    def all(self, columns: Sequence[str] | None = None) -> dict[Key, dict[str, Any]]:
        """Return every chart's features, or some of them."""
        return self._by_key("Feature", self.features if columns is None else columns)

    def get(self, name: str, set_name: str) -> dict[str, Any] | None:
        """Return one chart's features, None if it has no row."""
        return next(iter(self._by_key("Feature", self.features, (name, set_name)).values()), None)

    def versions(self) -> dict[Key, dict[str, Any]]:
        """Return what every chart's record was computed from and by: `digest`, `set_id` and the `_by` columns."""
        return self._by_key("Chart", [name for name in CHART_COLUMNS if name.endswith(("digest", "_id", "_by"))])

    def chart(self, key: Key) -> dict[str, Any] | None:
        """Return one chart's row of Chart, with OFFSET_COLUMNS if the database has them; None if it has none."""
        return self._by_key("Chart", [*CHART_COLUMNS, *self._offset_columns], key).get(key)

    def charts(self) -> dict[Key, dict[str, Any]]:
        """Return every chart's row as `chart` does, with LISTED_COLUMNS; nothing if the database lacks these."""
        if self._missing("Chart", LISTED_COLUMNS):
            return {}
        return self._by_key("Chart", [*CHART_COLUMNS, *LISTED_COLUMNS, *self._offset_columns])

    @property
    def is_aligned(self) -> bool:
        """Whether training shifts any chart."""
        return bool(self._offset_columns and self._execute("SELECT 1 FROM Chart WHERE shift_ms != 0 LIMIT 1"))

    def rated(self, key: Key) -> dict[float, dict[str, Any]]:
        """Return one chart's features that depend on the rate, by rate other than 1."""
        names = self._names(["rate", *self.rated_features])
        rows = self._execute(f"SELECT {names} FROM Rated WHERE name = ? AND set_name = ?", key)
        return {row["rate"]: {name: row[name] for name in self.rated_features} for row in rows}

    def _by_key(self, table: str, columns: Sequence[str], key: Key | None = None) -> dict[Key, dict[str, Any]]:
        """Rows of a table by chart: all, or those of one chart."""
        where = "" if key is None else " WHERE name = ? AND set_name = ?"
        names = self._names(["name", "set_name", *columns])
        rows = self._execute(f"SELECT {names} FROM {table}{where}", key or ())
        return {(row[0], row[1]): dict(zip(columns, tuple(row)[2:], strict=True)) for row in rows}

    def _names(self, columns: Iterable[str]) -> str:
        return ", ".join(f'"{column}"' for column in columns)
