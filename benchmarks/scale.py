"""Does preparation take twice as long for twice as many charts, and what memory do all charts take in a training?

Rows of steps are processor seconds a chart, of a tenth of the charts and of all of them: equal where the time is
linear. The last row is the memory of all loaded charts of 1500 notes: as arrays, and as a training keeps them.
"""

import resource
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.measure import Row, Settings, parse, report, settings_of
from benchmarks.preparation import FEATURES, describe, gather, quiet, write_songs
from mug.data.dataset import OsuTrainDataset
from mug.prepare.chart_record import pack_notes
from mug.prepare.filtering import filter_beatmap
from mug.prepare.limits import Limits

TITLE = "Many charts"
N_CHARTS, PARTS = 20_000, 10
NOTES, NOTES_IN_MEMORY = 60, 1500  # rating 20,000 charts of 1500 notes would take ten minutes, loading them does not
LINEAR, SMALLER = 0.8, 3.0


def rows(settings: Settings) -> list[Row]:
    """Songs of three charts each, from a folder to a data set."""
    n_charts = 60 if settings.quick else N_CHARTS
    with tempfile.TemporaryDirectory() as name:
        some, every = (prepared(Path(name) / str(n), n) for n in (n_charts // PARTS, n_charts))
        found = [
            Row(f"{step}: {n_charts:,} charts", some[step] / (n_charts // PARTS), every[step] / n_charts, "s", LINEAR)
            for step in every
        ]
        longer(Path(name) / str(n_charts) / "out" / "features.db")
        before = resident()
        data = opened(Path(name) / str(n_charts) / "out")
        arrays = sum(times.nbytes for entry in data.entries for times in entry.notes())
        packed = sum(len(entry.packed_notes) for entry in data.entries)
        ours = max(resident() - before, packed)  # a few charts fit into memory that was used before
        process = f"memory of {n_charts:,} charts; the process {resident() / 1e6:.0f} MB"
        found.append(Row(process, ours - packed + arrays, ours, "B", SMALLER))
    return found


def prepared(folder: Path, n_charts: int) -> dict[str, float]:
    """Make songs, gather, describe, filter and load their charts; return the seconds of each step."""
    songs, out = folder / "songs", folder / "out"
    write_songs(songs, n_charts, NOTES, audio_bytes=1000)
    steps: dict[str, Callable[[], object]] = {
        "gathered": lambda: gather(songs, out),
        "described": lambda: describe(out, (1.0, 1.0)),
        "described again": lambda: describe(out, (1.0, 1.0)),
        "filtered": lambda: filter_beatmap(
            out / "beatmap.txt", out / "beatmap_filtered.txt", Limits(min_seconds=None), {}, jobs=1, tqdm_class=quiet
        ),
        "loaded": lambda: opened(out),
    }
    seconds = {}
    for name, step in steps.items():
        start = used_seconds()
        step()
        seconds[name] = used_seconds() - start
    shutil.rmtree(songs)
    return seconds


def used_seconds() -> float:
    """Processor seconds of this process and of the worker processes that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def opened(out: Path) -> OsuTrainDataset:
    """All charts as a training loads them, without their audio, of which it only holds names."""
    lists, cache = str(out / "beatmap.txt"), str(out / "cache")
    return OsuTrainDataset(
        lists, FEATURES, audio={}, cache_dir=cache, valid_fraction=0.0, test_fraction=0.0, with_audio=False
    )


def longer(database: Path) -> None:
    """Give every chart of a features.db notes as people's charts have them: at whole milliseconds, some held."""
    rng = np.random.default_rng(0)
    with closing(sqlite3.connect(database)) as connection, connection:
        for (row,) in connection.execute("SELECT rowid FROM Chart").fetchall():
            start_ms = np.cumsum(rng.choice([75.0, 76.0, 150.0, 151.0, 301.0], NOTES_IN_MEMORY))
            last_ms = start_ms + np.where(rng.random(NOTES_IN_MEMORY) < 0.2, 150.0, 0.0)
            notes = pack_notes(rng.integers(0, 4, NOTES_IN_MEMORY), start_ms, last_ms)
            connection.execute("UPDATE Chart SET notes = ? WHERE rowid = ?", (notes, row))


def resident() -> int:
    """The memory of this process, in bytes; on systems without /proc, its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return pages * 4096


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings, other="a tenth; arrays")


if __name__ == "__main__":
    main()
