"""features.db of a run that is killed again and again, or that has company, is that of an undisturbed one."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.config import PROJECT_ROOT
from mug.features import FEATURES_YAML
from mug.prepare.describe import BATCH_CHARTS, FeatureReport, prepare_features

N_CHARTS = 3 * BATCH_CHARTS + 8
RATES = (0.95, 1.05)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What is in features.db after a run that nothing disturbs."""
    folder = write_charts(tmp_path_factory.mktemp("undisturbed"))
    assert describe(folder).new == N_CHARTS
    return rows(folder)


def write_charts(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    lines = []
    for i in range(N_CHARTS):
        times = np.cumsum(rng.integers(60, 200, 60))
        notes = [Note(float(at), int(column)) for at, column in zip(times, rng.integers(4, size=60), strict=True)]
        lines.append(f"set {i // 5}/{i}.osu")
        write_osu(Beatmap(4, notes, [TimingPoint(0, 500)], beatmap_set_id=i), folder / lines[-1])
    (folder / "beatmap.txt").write_text("".join(f"{line}\n" for line in lines))
    return folder


def describe(folder: Path) -> FeatureReport:
    """Describe the charts in this process."""
    return prepare_features(folder / "beatmap.txt", FEATURES_YAML, rates=RATES, jobs=1, tqdm_class=lambda it, **_: it)


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "scripts/prepare_beatmap_features.py", "-b", str(folder / "beatmap.txt")]
    command += ["--jobs", "2", "--rates", *map(str, RATES)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # in a process group of its own, so that the processes that it starts can be told from others
    return subprocess.Popen(command, cwd=PROJECT_ROOT, text=True, start_new_session=True, **pipes)


def finish(process: subprocess.Popen) -> str:
    said, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint
    return said


def kill(process: subprocess.Popen) -> None:
    """kill -9 the run; the processes that it started end by themselves."""
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    raise AssertionError("processes of a killed run live on")


def n_done(folder: Path) -> int | None:
    """How many charts are described, None without a features.db."""
    if not (folder / "features.db").exists():
        return None
    with closing(sqlite3.connect(folder / "features.db")) as connection:
        has_charts = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'Chart'").fetchone()[0]
        return connection.execute("SELECT count(*) FROM Chart").fetchone()[0] if has_charts else 0


def rows(folder: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(folder / "features.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in tables}


@pytest.mark.slow
def test_killed_three_times_and_then_left_alone(tmp_path, undisturbed):
    assert {table: len(found) for table, found in undisturbed.items()} == {
        "Feature": N_CHARTS,
        "Rated": 2 * N_CHARTS,
        "Chart": N_CHARTS,
    }
    folder = write_charts(tmp_path)
    partial = []
    for wait_s in (0.0, 0.0, 0.02):  # as soon as the file is there; after the first batch; in the middle of the next
        process, before = start(folder), n_done(folder)
        while n_done(folder) == before:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        time.sleep(wait_s)
        kill(process)
        partial.append(n_done(folder))
    assert 0 < partial[1] < partial[2] < N_CHARTS, "a kill came before or after the work"
    assert describe(folder).new == N_CHARTS - partial[2]
    assert rows(folder) == undisturbed
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["beatmap.txt", "features.db"]
    assert str(describe(folder)).endswith(f"{N_CHARTS} unchanged; nothing to do")


def test_two_at_once(tmp_path, undisturbed):
    folder = write_charts(tmp_path)
    for process in [start(folder) for _ in range(2)]:
        finish(process)
    assert rows(folder) == undisturbed
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["beatmap.txt", "features.db"]
