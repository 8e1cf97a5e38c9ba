"""The command that rates charts: files and folders in, a table and a CSV out, broken files named."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.ratings.msd.table import COLUMNS, RatedChart, rate_file, text_table, write_csv
from mug.ratings.stars import star_rating

STEPMANIA = """#TITLE:Two;
#OFFSET:0.000;
#BPMS:0.000=120.000;
#NOTES:
     dance-single:
     :
     Easy:
     3:
     0,0,0,0,0:
1000
0100
0010
0001
,
1000
0100
0010
0001
;
#NOTES:
     dance-single:
     :
     Hard:
     9:
     0,0,0,0,0:
1010
0101
1010
0101
,
1000
0100
0010
0001
;
"""


def chart(keys: int = 4, gap_ms: float = 100.0, count: int = 400) -> bytes:
    columns = np.random.default_rng(0).integers(0, keys, count).tolist()
    notes = [Note(gap_ms * i, columns[i], gap_ms * i + 60 if i % 4 == 0 else None) for i in range(count)]
    return format_osu(Beatmap(keys, notes, []))


@pytest.fixture
def run(run_mug):
    return partial(run_mug, "rate")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_with_all_there_may_be(run, tmp_path):
    folder = tmp_path / "songs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.osu").write_bytes(chart())
    (folder / "deep" / "seven.osu").write_bytes(chart(keys=7))
    (folder / "two.sm").write_text(STEPMANIA)
    (folder / "broken.osu").write_bytes(b"nothing")
    (folder / "other.txt").write_bytes(b"nothing")
    done = run(folder, "--csv", tmp_path / "out.csv")
    assert done.returncode == 1, done.stderr
    assert "4 charts, 1 skipped: 1 broken" in done.stdout
    assert "broken.osu" in done.stdout.split("skipped")[1]
    assert "MSD by mug-" in done.stdout
    rows = table(tmp_path / "out.csv")
    assert tuple(rows[0]) == COLUMNS == (
        "path", "keys", "n_notes", "n_long_notes", "rate", "sr", "ln_ratio",
        "overall", "stream", "jumpstream", "handstream", "stamina", "jackspeed", "chordjack", "technical",
    )  # fmt: skip
    names = [row["path"].removeprefix(f"{folder}/") for row in rows]
    assert names == ["a.osu", "deep/seven.osu", "two.sm#Easy 3", "two.sm#Hard 9"]
    assert [row["keys"] for row in rows] == ["4", "7", "4", "4"]
    assert (rows[0]["n_notes"], rows[0]["n_long_notes"], rows[0]["ln_ratio"]) == ("400", "100", "0.2500")
    assert float(rows[0]["sr"]) == pytest.approx(star_rating(chart()), abs=1e-4)
    assert [rows[1][name] for name in COLUMNS[7:]] == [""] * 8
    assert float(rows[3]["overall"]) > float(rows[2]["overall"]) > 0
    seven = next(line for line in done.stdout.splitlines() if line.endswith("seven.osu"))
    assert seven.split()[2:10] == ["-"] * 8
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_rate(run, tmp_path):
    (tmp_path / "a.osu").write_bytes(chart(count=1500))
    assert run(tmp_path / "a.osu", "--csv", tmp_path / "one.csv").returncode == 0
    assert run(tmp_path / "a.osu", "--rate", "1.5", "--csv", tmp_path / "fast.csv").returncode == 0
    (one,), (fast,) = table(tmp_path / "one.csv"), table(tmp_path / "fast.csv")
    assert (one["rate"], fast["rate"]) == ("1", "1.5")
    for name in ("sr", "overall", "jackspeed"):
        assert float(fast[name]) > 1.1 * float(one[name])
    assert fast["ln_ratio"] == one["ln_ratio"]


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "1000", "fast"])
def test_rates_that_are_none(run, tmp_path, rate):
    (tmp_path / "a.osu").write_bytes(chart())
    done = run(tmp_path, f"--rate={rate}", "--csv", tmp_path / "out.csv")
    assert done.returncode == 2
    assert "--rate" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_nothing_to_rate(run, tmp_path):
    for arguments, message in (([tmp_path], "no charts in"), ([tmp_path / "gone"], "no such file")):
        done = run(*arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_that_is_there_twice_is_rated_once(run, tmp_path):
    (tmp_path / "a.osu").write_bytes(chart())
    assert "1 charts" in run(tmp_path, tmp_path / "a.osu").stdout


def test_a_chart_too_dense_for_a_star_rating(tmp_path):
    notes = [Note(i // 2, i % 4) for i in range(20_000)]
    (tmp_path / "attack.osu").write_bytes(format_osu(Beatmap(4, notes, [])))
    (rated,), errors, _ = rate_file(tmp_path / "attack.osu", 1.0)
    assert errors == []
    assert rated.sr is None
    assert rated.cells()[5] == ""
    assert rated.msd == (0.0,) * 8  # too many rows in half a second


def test_what_is_left_out_of_a_chart_is_said(tmp_path):
    notes = "".join(f"- Lane: {i % 5 + 1}\n  StartTime: {200 * i}\n" for i in range(60))
    text = f"Mode: Keys5\nHitObjects:\n{notes}- Lane: 5\n  StartTime: 10\n  Type: Mine\n"
    (tmp_path / "mines.qua").write_text(text)
    (rated,), skipped, remarks = rate_file(tmp_path / "mines.qua", 1.0)
    assert (rated.keys, rated.n_notes, skipped) == (5, 60, [])
    assert remarks == [f"{tmp_path / 'mines.qua'}: mines left out: 1"]


def test_bad_lines_and_stray_characters_change_no_rating(tmp_path):
    (tmp_path / "bad.osu").write_bytes(b"\x7f" + chart() + b"garbage line\n")
    (tmp_path / "good.osu").write_bytes(chart())
    (bad,), _, remarks = rate_file(tmp_path / "bad.osu", 1.0)
    (good,), _, _ = rate_file(tmp_path / "good.osu", 1.0)
    assert bad._replace(path="") == good._replace(path="")
    assert len(remarks) == 1


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "folder.osu").mkdir()
    charts, ((kind, message),), _ = rate_file(tmp_path / "folder.osu", 1.0)
    assert charts == []
    assert kind == "broken"
    assert "folder.osu" in message


def test_charts_of_other_styles_are_no_fault(run, tmp_path):
    (tmp_path / "song.sm").write_text(STEPMANIA.replace("dance-single", "pump-single", 1))
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 charts, 1 skipped: 1 another mode" in done.stdout
    assert "pump-single" in done.stdout


def test_names_cannot_move_the_cursor():
    rated = RatedChart("a\x1b[2J\n.osu", 4, 1, 0, 1.0, 1.0, 0.0, (0.0,) * 8)
    (line,) = text_table([rated]).splitlines()[1:]
    assert line.endswith(r"a\x1b[2J\n.osu")


def test_a_table_that_cannot_be_written(run, tmp_path):
    (tmp_path / "a.osu").write_bytes(chart())
    done = run(tmp_path / "a.osu", "--csv", tmp_path / "a.osu" / "out.csv")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("out.csv: cannot be written: File exists")
    assert "MSD by mug-" in done.stdout  # the work is not lost


def test_names_of_any_bytes_in_the_table(tmp_path):
    path = b'caf\xe9, "x".osu'.decode("utf-8", "surrogateescape")
    write_csv(tmp_path / "out.csv", [RatedChart(path, 7, 1, 1, 1.2, None, 1.0, None)])
    written = (tmp_path / "out.csv").read_bytes()
    assert b'"caf\xe9, ""x"".osu",7,1,1,1.2,,1.0000,,,,,,,,' in written
