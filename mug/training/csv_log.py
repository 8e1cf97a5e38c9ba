"""metrics.csv: every logged value of a run, one row per log call."""

import csv
import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from mug.files import replacing

FILE = "metrics.csv"


class CSVLog(Logger):
    """Writes each row at once, so that a killed run loses none, and continues from the row that a checkpoint names.

    Lightning's own logger overwrites a resumed run's file, and buffers up to a hundred steps. A new name adds a column.
    Raises OSError that names the file if it cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.path = Path(folder) / FILE
        self.columns: list[str] = []
        self.n_rows = 0

    @property
    def name(self) -> str:
        return ""

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        pass  # they are saved in configs/

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        row = {"step": "" if step is None else step, **metrics}
        new = [name for name in row if name not in self.columns]
        with _naming(self.path):
            if new:
                self._rewrite([*self.columns, *new])
            with self.path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self.columns).writerow(row)
        self.n_rows += 1

    @rank_zero_only
    def keep(self, n_rows: int) -> None:
        """Continue the existing file after its first `n_rows` rows; the rest will be logged again."""
        if not self.path.is_file():
            return
        with _naming(self.path):
            with self.path.open(newline="", encoding="utf-8") as file:
                self.columns = next(csv.reader(file), [])
            self.n_rows = n_rows
            self._rewrite(self.columns)

    def _rewrite(self, columns: Sequence[str]) -> None:
        """Rewrite the first `n_rows` rows with these columns; n_rows is 0 for a file from before this start."""
        rows = 0
        with replacing(self.path) as temporary, temporary.open("w", newline="", encoding="utf-8") as target:
            writer = csv.DictWriter(target, columns)
            writer.writeheader()
            if self.n_rows:
                with self.path.open(newline="", encoding="utf-8") as source:
                    for row in islice(csv.DictReader(source), self.n_rows):
                        writer.writerow(row)
                        rows += 1
        self.columns, self.n_rows = list(columns), rows


@contextmanager
def _naming(path: Path) -> Any:
    """Add the file name to an OSError; Python leaves it out when writing fails."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error
