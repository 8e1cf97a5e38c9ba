"""Reference ratings (MSD) to fit and check the estimate: a folder with msd/, charts/ and songs/."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mug.charts.osu import read_osu
from mug.errors import DatasetError
from mug.ratings.msd.rating import MSD_NAMES

SYNTHETIC, RATED, REAL = "synthetic", "rated", "real"
NAME_LETTERS = 6
SOURCES = (SYNTHETIC, RATED, REAL)


class Reference(NamedTuple):
    """One chart at one rate with the calculator's ratings."""

    column: np.ndarray  # [N]
    start_ms: np.ndarray  # [N] at 1.0x
    rate: float
    msd: np.ndarray  # [8]
    source: str
    group: str  # similar charts; groups are held out as a whole
    kind: str


def read_reference(folder: str | Path) -> list[Reference]:
    """Return all charts of known rating: synthetic ones, these at other rates, and real ones. Raises DatasetError."""
    folder = Path(folder)
    try:
        return _synthetic(folder / "msd" / "msd_synthetic.npz") + _real(folder, folder / "msd" / "msd_real.csv")
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{folder}: cannot read reference ratings: {error}") from error


def _synthetic(path: Path) -> list[Reference]:
    with np.load(path, allow_pickle=False) as arrays:
        offsets, times, columns = arrays["offsets"], arrays["notes_ms"].astype(np.float64), arrays["columns"]
        rated = zip(arrays["rated_index"], arrays["rated_rate"], arrays["rated_msd"], strict=True)
        cases = [(index, 1.0, msd, SYNTHETIC) for index, msd in enumerate(arrays["msd"])]
        cases += [(int(index), round(float(rate), 3), msd, RATED) for index, rate, msd in rated]
        kinds = arrays["kind"]
    references = []
    for index, rate, msd, source in cases:
        notes = slice(offsets[index], offsets[index + 1])
        chart = (columns[notes].astype(np.int64), times[notes])
        references.append(Reference(*chart, rate, msd, source, f"{SYNTHETIC} {index}", str(kinds[index])))
    return references


def _real(folder: Path, path: Path) -> list[Reference]:
    with path.open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    references = []
    for row in rows:
        chart = read_osu(folder / row["path"])
        column = np.array([note.column for note in chart.notes], dtype=np.int64)
        start_ms = np.array([note.start_ms for note in chart.notes], dtype=np.float64)
        msd = np.array([float(row[name]) for name in MSD_NAMES], dtype=np.float32)
        references.append(Reference(column, start_ms, 1.0, msd, REAL, "", row["path"]))
    groups = same_song(references)
    return [reference._replace(group=f"{REAL} {group}") for reference, group in zip(references, groups, strict=True)]


def same_song(references: list[Reference]) -> list[str]:
    """Return for each chart the first path with the same column sequence, or the same folder and start of its name.

    This groups a chart with its copies at other rates, its other difficulties, and much of the same artist or pack.
    """
    first: dict[str, str] = {}
    joined: dict[str, str] = {}

    def root(path: str) -> str:
        while path in joined:
            path = joined[path]
        return path

    for reference in references:
        path = Path(reference.kind)
        letters = re.sub(r"[^a-z]", "", path.stem.lower())[:NAME_LETTERS] or path.stem
        in_order = np.lexsort((reference.column, reference.start_ms))
        columns = reference.column[in_order].astype(np.uint8).tobytes().hex()
        for key in (columns, f"{path.parent}/{'' if path.parts[0] == 'songs' else letters}"):
            other, own = root(first.setdefault(key, reference.kind)), root(reference.kind)
            if other != own:
                joined[own] = other
    return [root(reference.kind) for reference in references]


def folds_of(references: list[Reference], count: int) -> np.ndarray:
    """Return [items] the fold of each: by source, whole groups go to the smallest fold, the largest first."""
    folds: dict[str, int] = {}
    for prefix in (SYNTHETIC, REAL):
        sizes: dict[str, int] = {}
        for reference in references:
            if reference.group.startswith(prefix):
                sizes[reference.group] = sizes.get(reference.group, 0) + 1
        groups = sorted(sizes)
        np.random.default_rng(0).shuffle(groups)
        load = np.zeros(count)
        for group in sorted(groups, key=lambda name: -sizes[name]):
            folds[group] = int(load.argmin())
            load[folds[group]] += sizes[group]
    return np.array([folds[reference.group] for reference in references])
