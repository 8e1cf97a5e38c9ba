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

N_CHARTS, N_KILLS = 300, 5
RATES = ("--rates", "0.9", "1.1")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The prepared folder of a run that nothing disturbs, and how many seconds it took."""
    folder = write_charts(tmp_path_factory.mktemp("undisturbed"))
    started = time.monotonic()
    assert f"{N_CHARTS} new" in finish(start(folder))
    return folder, time.monotonic() - started


def write_charts(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    lines = []
    for i in range(N_CHARTS):
        times = np.cumsum(rng.integers(60, 200, 300))
        notes = [Note(float(at), int(column)) for at, column in zip(times, rng.integers(4, size=300), strict=True)]
        lines.append(f"set {i // 5}/{i}.osu")
        write_osu(Beatmap(4, notes, [TimingPoint(0, 500)], beatmap_set_id=i), folder / lines[-1])
    (folder / "beatmap.txt").write_text("".join(f"{line}\n" for line in lines))
    return folder


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "scripts/prepare_beatmap_features.py", "-b", str(folder / "beatmap.txt"), *RATES]
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


def rows(folder: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(folder / "features.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in tables}


def test_killed_five_times_and_then_left_alone(tmp_path, undisturbed):
    expected, seconds = rows(undisturbed[0]), undisturbed[1]
    assert {table: len(found) for table, found in expected.items()} == {
        "Feature": N_CHARTS,
        "Rated": 4 * N_CHARTS,
        "Chart": N_CHARTS,
    }
    folder = write_charts(tmp_path)
    partial = set()
    for i in range(N_KILLS):
        process = start(folder)
        time.sleep(seconds * (i + 0.5) / N_KILLS)
        kill(process)
        if (folder / "features.db").exists():
            with closing(sqlite3.connect(folder / "features.db")) as connection:
                tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'Chart'").fetchone()[0]
                partial.add(connection.execute("SELECT count(*) FROM Chart").fetchone()[0] if tables else 0)
    assert len(partial) > 1, "every kill came before or after the work"
    finish(start(folder))
    assert rows(folder) == expected
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["beatmap.txt", "features.db"]
    assert f"{N_CHARTS} unchanged; nothing to do" in finish(start(folder))


def test_two_at_once(tmp_path, undisturbed):
    folder = write_charts(tmp_path)
    for process in [start(folder) for _ in range(2)]:
        finish(process)
    assert rows(folder) == rows(undisturbed[0])
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["beatmap.txt", "features.db"]
