import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from mug.metrics import report
from mug.metrics.bootstrap import Estimate
from mug.metrics.profile import profile_of
from mug.metrics.report import LINES, Line, as_json, cell, markdown, markdown_table, text_table, versions_of
from mug.metrics.scoreboard import Pair, Summary, summary_of
from tests.metrics.hand_charts import rows

NAN = float("nan")


@pytest.fixture(scope="module")
def summaries() -> dict[str, Summary]:
    charts = [profile_of(rows(*kind * 20)) for kind in (["x...", ".x.."], ["xx..", "..xx"], ["x..x", ".x.."])]
    pairs = [Pair(f"{i}.osu", f"song {i}", chart, replace(chart), {"sr": 2.0}) for i, chart in enumerate(charts)]
    return {"generated": summary_of(pairs), "random notes": summary_of(pairs[:1])}


def test_cells_counted_by_hand():
    assert cell(Estimate(0.666, 0.5, 0.75, 3), Line("a", "a")) == "0.67 [0.50, 0.75]"
    assert cell(Estimate(0.666, 0.5, 0.75, 3), Line("a", "a", percent=True)) == "66.6% [50.0%, 75.0%]"
    assert cell(Estimate(123.4, NAN, NAN, 3), Line("a", "a", digits=0)) == "123"
    assert cell(Estimate(NAN, NAN, NAN, 0), Line("a", "a")) == cell(None, Line("a", "a")) == "-"


def test_the_table_has_what_somebody_has(summaries):
    table = report.rows_of(summaries)
    assert table[0] == ["", "generated", "random notes"]
    assert table[1] == ["charts / songs", "3 / 3", "1 / 1"]
    labels = [row[0] for row in table]
    assert "onset F1, 50 ms ↑" in labels
    assert not any("Frechet" in label or "long notes, length" in label for label in labels)  # nobody has these
    assert next(row for row in table if row[0] == "onset F1, 50 ms ↑")[1:] == ["1.00 [1.00, 1.00]", "1.00"]


def test_levels_counted_by_hand(summaries):
    pairs, rows_ = list(summaries["generated"].pairs), [dict(row) for row in summaries["generated"].rows]
    for i, (stars, at_20, at_50) in enumerate([(2.7, 0.1, 0.5), (3.9, 0.2, 1.0), (5.3, 0.3, 0.4)]):
        pairs[i] = replace(pairs[i], reference=replace(pairs[i].reference, features={"sr": stars}))
        rows_[i] |= {"onset_f1_20ms": at_20, "onset_f1_50ms": at_50}
    summary = replace(summaries["generated"], pairs=pairs, rows=rows_)
    one = replace(summary, pairs=pairs[2:], rows=rows_[2:])
    assert report.level_rows({"a": summary, "b": one}) == [
        ["onset F1, 20 / 50 ms (charts)", "a", "b"],
        ["Hard", "0.15 / 0.75 (2)", "-"],
        ["Expert", "0.30 / 0.40 (1)", "0.30 / 0.40 (1)"],
    ]


def test_every_line_is_a_figure_that_there_is(summaries):
    known = {*summaries["generated"].estimates, "latent_frechet", "training_overlap", "near_duplicates"}
    assert {line.name for line in LINES} <= known


def test_tables_as_text_and_as_markdown():
    cells = [["", "a"], ["one", "1"], ["  t|o", "22"]]
    assert text_table(cells) == "        a\n---------\none     1\n  t|o  22"
    assert markdown_table(cells) == "|  | a |\n|---|---|\n| one | 1 |\n| t/o | 22 |"


def test_names_of_files_do_not_leave_their_block(summaries):
    text = markdown(summaries, None, "python x", "```\n# evil\n```")
    assert text.count("```") == 4


def test_json_has_no_number_that_is_none(summaries):
    plain = as_json(summaries, {"all": {"rose": Estimate(0.5, NAN, NAN, 2)}}, {"command": "x"}, [("kind", "why")])
    again = json.loads(json.dumps(plain, default=float, allow_nan=False))
    assert again["flags"] == {"all": {"rose": {"value": 0.5, "low": None, "high": None, "charts": 2}}}
    assert again["skipped"] == ["why"]
    generated = again["sources"]["generated"]
    assert generated["metrics"]["flags_obeyed"]["value"] is None
    assert [row["reference"] for row in generated["rows"]] == ["0.osu", "1.osu", "2.osu"]
    assert generated["rows"][0]["notes"] == 40
    assert math.isclose(sum(generated["snaps"].values()), 1)


def test_versions_know_the_model_by_its_bytes(tmp_path):
    (tmp_path / "placement").mkdir()
    for name in ("README.md", "model.safetensors", "placement/model.safetensors"):
        (tmp_path / name).write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of abc, FIPS 180-2
    of_folder = {"model.safetensors": digest, "placement/model.safetensors": digest}
    assert versions_of(str(tmp_path))["sha256"] == of_folder
    assert versions_of(str(tmp_path / "model.safetensors"))["sha256"] == of_folder
    (tmp_path / "last.ckpt").write_bytes(b"abc")
    assert versions_of(str(tmp_path / "last.ckpt"))["sha256"] == {"last.ckpt": digest}
    assert "sha256" not in versions_of(None)


def test_plots_of_a_model_and_of_baselines_alone(summaries, tmp_path):
    pytest.importorskip("matplotlib")
    from mug.metrics.plots import draw_f1, draw_shares, draw_stars, write_plots

    paths = write_plots(summaries, tmp_path)
    assert [path.name for path in paths] == ["f1_by_stars.png", "stars.png", "snaps_and_chords.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert [p.name for p in write_plots({"random notes": summaries["random notes"]}, Path(tmp_path))] == [
        "f1_by_stars.png"
    ]
    (f1,) = draw_f1(summaries).axes
    assert f1.collections[0].get_offsets()[:, 1].tolist() == [1.0, 1.0, 1.0]
    (stars,) = draw_stars(summaries["generated"]).axes
    assert stars.collections[0].get_offsets()[:, 0].tolist() == [2.0, 2.0, 2.0]
    chords = draw_shares(summaries["generated"]).axes[1]
    # one at a time: all of the first, none of the second, half of the third
    assert [round(bar.get_height(), 4) for bar in chords.patches] == [0.5, 0.5, 0.5, 0.5]
