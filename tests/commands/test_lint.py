"""`mug lint` says what is wrong with charts, repairs them in place, and has an exit status for CI."""

import json
import zipfile

from tests.charts.foreign_charts import EXAMPLES

NOTES = b"64,192,0,1,2,0:0:0:9:\n192,192,250,1,0,0:0:0:0:\n320,192,500,1,0,0:0:0:0:\n448,192,500,1,0,0:0:0:0:\n"
CLEAN = EXAMPLES[".osu"].partition(b"64,192")[0] + NOTES
STACKED = CLEAN + b"64,192,0,1,0,0:0:0:0:\n"


def test_a_chart_is_checked_and_repaired(tmp_path, run_mug):
    path = tmp_path / "a.osu"
    path.write_bytes(STACKED)
    done = run_mug("lint", path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        str(path),
        "  00:00:000 (0|0,0|0) - problem: two notes in one place [stacked-notes]",
    ]
    assert done.stdout.splitlines()[-1] == "1 charts: 1 problem, 1 warning, 3 hints"
    assert path.read_bytes() == STACKED
    repaired = run_mug("lint", path, "--fix")
    assert (repaired.returncode, path.read_bytes()) == (0, CLEAN)
    assert "  fixed: notes removed from under another one: 1 (at 0 ms)" in repaired.stdout
    assert [run_mug("lint", path, *more).returncode for more in ([], ["--strict"])] == [0, 1]


def test_packages_and_other_formats_are_checked_but_not_repaired(tmp_path, run_mug):
    with zipfile.ZipFile(tmp_path / "a.osz", "w") as package:
        package.writestr("b.osu", STACKED)
    (tmp_path / "a.qua").write_bytes(EXAMPLES[".qua"])
    before = (tmp_path / "a.osz").read_bytes()
    done = run_mug("lint", tmp_path, "--fix")
    assert (done.returncode, (tmp_path / "a.osz").read_bytes()) == (1, before)
    assert f"{tmp_path}/a.osz/b.osu\n" in done.stdout
    assert "fixed" not in done.stdout
    assert "  2 charts left as they are: --fix repairs .osu files only, outside of packages\n" in done.stdout
    assert "[hp-od]" not in done.stdout  # a .qua has neither HP nor OD


def test_findings_as_json(tmp_path, run_mug):
    (tmp_path / "a.osu").write_bytes(STACKED)
    (tmp_path / "broken.osu").write_text("no chart")
    done = run_mug("lint", tmp_path, "--json")
    told = json.loads(done.stdout)
    assert told["findings"][0] == {
        "chart": str(tmp_path / "a.osu"),
        "rule": "stacked-notes",
        "severity": "problem",
        "message": "two notes in one place",
        "time": "00:00:000 (0|0,0|0)",
        "notes": [[0.0, 0], [0.0, 0]],
    }
    assert (done.returncode, len(told["unread"])) == (1, 1)
