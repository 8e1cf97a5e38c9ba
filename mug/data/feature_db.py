"""features.db: one row a chart, saying what a prompt for it would say. sqlite, table Feature.

A NULL is "not given", which is never the same as zero.
"""

import sqlite3
from collections.abc import Iterable, Mapping
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
        self._connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S)
        self._connection.row_factory = sqlite3.Row
        try:
            if create:
                types = "".join(f', "{feature.name}" {SQL_TYPES[feature.type]}' for feature in spec.features)
                self._connection.execute("PRAGMA journal_mode = WAL")
                columns = f"name TEXT, set_name TEXT{types}, PRIMARY KEY (name, set_name)"
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS Feature ({columns})")
            found = [row["name"] for row in self._connection.execute("PRAGMA table_info(Feature)")]
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise DatasetError(f"{path}: not a readable database ({error}); delete it and prepare it again") from error
        missing = [column for column in self.columns if column not in found]
        if missing:
            self._connection.close()
            raise DatasetError(
                f"{path}: made for other features, it lacks {', '.join(missing)}; delete it and run "
                f"scripts/prepare_beatmap_features.py with the same feature yaml as the training"
            )

    def __enter__(self) -> "FeatureDB":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def upsert(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows with the keys name, set_name and every feature, replacing those of the same chart."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        places = ", ".join("?" for _ in self.columns)
        values = [[row[column] for column in self.columns] for row in rows]
        with self._connection:
            self._connection.executemany(f"INSERT OR REPLACE INTO Feature ({names}) VALUES ({places})", values)

    def all(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every chart's features, by (name, set_name)."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        rows = self._connection.execute(f"SELECT {names} FROM Feature")
        return {(row["name"], row["set_name"]): {column: row[column] for column in self.columns[2:]} for row in rows}

    def get(self, name: str, set_name: str) -> dict[str, Any] | None:
        """Return one chart's features, None where it has no row."""
        names = ", ".join(f'"{column}"' for column in self.columns[2:])
        query = f"SELECT {names} FROM Feature WHERE name = ? AND set_name = ?"
        row = self._connection.execute(query, (name, set_name)).fetchone()
        return None if row is None else dict(row)
