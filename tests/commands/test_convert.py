"""`mug convert` writes charts of one game as those of another, and says what was left out."""

import pytest

from mug.charts.chart_files import read_charts
from tests.charts.foreign_charts import EXAMPLES


@pytest.mark.parametrize(("to", "name"), [("sm", "a - T.sm"), ("osu", "A - T (C) [V].osu")])
def test_a_chart_becomes_one_of_another_game(tmp_path, run_mug, to, name):
    (tmp_path / "a.osu").write_bytes(EXAMPLES[".osu"].replace(b"Artist:A", b"Artist:a" if to == "sm" else b"Artist:A"))
    done = run_mug("convert", tmp_path / "a.osu", "--to", to, "--outdir", tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    assert (done.returncode, done.stdout) == (0, f"{folder}\n1 charts\n")
    assert [len(chart.notes) for chart in read_charts(folder / name)] == [4]


def test_what_is_left_out_is_said_and_sets_the_exit_status(tmp_path, run_mug):
    (tmp_path / "a.osu").write_bytes(EXAMPLES[".osu"].replace(b"CircleSize:4", b"CircleSize:2"))
    (tmp_path / "b.sm").write_bytes(EXAMPLES[".sm"])
    done = run_mug("convert", tmp_path / "a.osu", tmp_path / "b.sm", "--to", "ssc", "--outdir", tmp_path / "out")
    assert done.returncode == 1
    assert f"{tmp_path / 'a.osu'}: 'V': StepMania has no style of 2 keys" in done.stdout
    assert done.stdout.count("\n  ") == 1
    (tmp_path / "taiko.osu").write_bytes(EXAMPLES[".osu"].replace(b"Mode: 3", b"Mode: 1"))
    other_mode = run_mug("convert", tmp_path / "taiko.osu", "--to", "sm", "--outdir", tmp_path / "out")
    assert (other_mode.returncode, "1 of another mode" in other_mode.stdout) == (0, True)
    nothing = run_mug("convert", tmp_path / "none.osu", "--to", "sm")
    assert (nothing.returncode, "no such file or folder" in nothing.stderr) == (2, True)
    (tmp_path / "empty").mkdir()
    empty = run_mug("convert", tmp_path / "empty", "--to", "sm")
    assert (empty.returncode, empty.stderr) == (2, f"error: no charts in {tmp_path / 'empty'}\n")
