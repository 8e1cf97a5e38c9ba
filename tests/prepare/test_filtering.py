"""A list loses what nobody wants to train on, and says of each chart why, and which one stays instead."""

import csv
import random
import sys
from pathlib import Path

import numpy as np
import pytest

import mug.commands.filter as script
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu
from mug.errors import ConfigError, DatasetError
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.filtering import filter_beatmap
from mug.prepare.limits import Limits
from tests.prepare.song_folders import Quiet, lines, skipped


def song(seed: int, version="Hard", rate=1.0, shift=0.0, n=80, set_id=-1) -> bytes:
    times = np.cumsum(np.random.default_rng(seed).integers(100, 400, n)) / rate + shift
    notes = [Note(float(round(time)), i % 4) for i, time in enumerate(times)]
    return format_osu(
        Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title="Song", version=version, beatmap_set_id=set_id)
    )


@pytest.fixture
def prepared(tmp_path) -> Path:
    charts = {
        "1 Song/Hard.osu": song(1, set_id=1),
        "1 Song/Hard 1.1x.osu": song(1, "Hard 1.1x", 1.1, set_id=1),
        "2 Reupload/Hard.osu": song(1, shift=731, set_id=2),
        "2 Reupload/Other.osu": song(2, set_id=2),
        "3 Rates/0,9x.osu": song(3, "[0,9x]", set_id=3),
        "4 Short/Easy.osu": song(4, n=49),
        "5 Broken/Hard.osu": b"osu file format v14\n",
    }
    for name, data in charts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    write_beatmap_txt(tmp_path / "beatmap.txt", charts)
    return tmp_path


def reasons(path: Path) -> dict[str, tuple[str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["chart"]: (row["kind"], row["reason"], row["stays"])
            for row in csv.DictReader(file, dialect="excel-tab")
        }


def run_filter(folder: Path, out="out.txt", limits=None, **options):
    return filter_beatmap(folder / "beatmap.txt", folder / out, limits or Limits(), tqdm_class=Quiet, **options)


def test_each_chart_stays_or_is_left_out_for_its_reason(prepared):
    report = run_filter(prepared)
    assert (prepared / "out.txt").read_text() == "1 Song/Hard.osu\n2 Reupload/Other.osu\n"
    assert report.done == 2
    assert {kind: len(messages) for kind, messages in skipped(report).items()} == {
        "unusable": 1,
        "too few notes": 1,
        "duplicate": 2,
        "rate edit": 1,
    }
    found = reasons(prepared / "out.dropped.tsv")
    assert found["1 Song/Hard 1.1x.osu"][::2] == ("duplicate", "1 Song/Hard.osu")
    assert found["1 Song/Hard 1.1x.osu"][1].endswith("1 Song/Hard.osu, 1.1 times as fast")
    assert found["2 Reupload/Hard.osu"][::2] == ("duplicate", "1 Song/Hard.osu")
    assert found["3 Rates/0,9x.osu"] == ("rate edit", "its name says 0.9 times the song's speed", "")
    assert found["4 Short/Easy.osu"] == ("too few notes", "49 notes", "")
    assert found["5 Broken/Hard.osu"][0] == "unusable"
    assert len(found) == 5


def test_ranked_charts_are_kept_over_older_ones_and_rate_edits(prepared):
    run_filter(prepared, statuses={2: "ranked", 1: "loved"})
    assert "2 Reupload/Hard.osu" in (prepared / "out.txt").read_text()
    (prepared / "beatmap.txt").write_text("1 Song/Hard 1.1x.osu\n2 Reupload/Hard.osu\n")
    run_filter(prepared, statuses={1: "ranked"})
    assert (prepared / "out.txt").read_text() == "2 Reupload/Hard.osu\n"


def test_a_chart_with_its_audio_stays_before_any_other(prepared):
    (prepared / "2 Reupload" / "audio.mp3").write_bytes(b"sound")
    run_filter(prepared, statuses={1: "ranked"})
    assert reasons(prepared / "out.dropped.tsv")["1 Song/Hard.osu"][2] == "2 Reupload/Hard.osu"


def test_a_folder_is_no_list_to_write(prepared):
    with pytest.raises(DatasetError, match="is a folder"):
        run_filter(prepared, out="1 Song")
    assert not (prepared / "1 Song.dropped.tsv").exists()


def test_rate_edits_may_stay_but_one_of_a_chart(prepared):
    run_filter(prepared, keep_rate_edits=True)
    assert (prepared / "out.txt").read_text() == "1 Song/Hard.osu\n2 Reupload/Other.osu\n3 Rates/0,9x.osu\n"


def test_a_chart_outside_the_limits_takes_nobodys_place(prepared):
    (prepared / "1 Song" / "Hard.osu").write_bytes(song(1, set_id=1) + b"64,192,900000,1,0,0:0:0:0:\n")
    run_filter(prepared)
    assert (prepared / "out.txt").read_text() == "2 Reupload/Hard.osu\n2 Reupload/Other.osu\n"
    assert reasons(prepared / "out.dropped.tsv")["1 Song/Hard.osu"][0] == "a stray note"


def test_the_order_of_the_list_does_not_change_what_stays(prepared):
    names = lines(prepared)
    kept = set()
    for seed in range(6):
        random.Random(seed).shuffle(names)
        write_beatmap_txt(prepared / "beatmap.txt", [*names, names[0]])  # one of them twice
        run_filter(prepared)
        stays = (prepared / "out.txt").read_text().splitlines()
        assert stays == [name for name in names if name in stays]
        kept.add(frozenset(stays))
    assert len(kept) == 1


def test_processes_share_the_work_and_agree(prepared):
    for i in range(70):
        (prepared / f"{i}.osu").write_bytes(song(i % 35))
    write_beatmap_txt(prepared / "beatmap.txt", [f"{i}.osu" for i in range(70)])
    assert run_filter(prepared, "one.txt", jobs=1).done == run_filter(prepared, "two.txt", jobs=2).done == 35
    assert (prepared / "one.txt").read_bytes() == (prepared / "two.txt").read_bytes()


def test_a_list_elsewhere_leads_to_the_same_charts(prepared):
    (prepared / "lists").mkdir()
    run_filter(prepared, "lists/out.txt")
    assert (prepared / "lists" / "out.txt").read_text().splitlines()[0] == "../1 Song/Hard.osu"
    absolute = prepared / "1 Song" / "Hard.osu"
    (prepared / "beatmap.txt").write_text(f"{absolute}\n")
    run_filter(prepared)
    assert run_filter(prepared, "out.txt").done == 1
    assert (prepared / (prepared / "out.txt").read_text().strip()).samefile(absolute)


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["filter_beatmap.py", *map(str, arguments)])
    script.main()


def test_the_command(prepared, monkeypatch, capsys):
    before = (prepared / "beatmap.txt").read_bytes()
    (prepared / "ranked.txt").write_text("2 ranked\n")
    source = prepared / "beatmap.txt"
    command(
        monkeypatch, "-b", source, "--ranked_map_path", prepared / "ranked.txt", "--min_notes", 20, "--min_seconds", 2
    )
    printed = capsys.readouterr().out
    assert "3 charts, 4 skipped: 1 unusable, 2 duplicate, 1 rate edit" in printed
    kept = (prepared / "beatmap_filtered.txt").read_text()
    assert kept == "2 Reupload/Hard.osu\n2 Reupload/Other.osu\n4 Short/Easy.osu\n"
    assert source.read_bytes() == before
    with pytest.raises(DatasetError, match="--in_place"):
        command(monkeypatch, "-b", source, "-o", prepared / "1 Song" / ".." / "beatmap.txt")
    assert source.read_bytes() == before
    with pytest.raises(DatasetError, match=r"no chart is left.*6 other key count"):
        command(monkeypatch, "-b", source, "--in_place", "--keys", 7)
    assert source.read_bytes() == before
    command(monkeypatch, "-b", source, "--in_place")
    assert source.read_text() == "1 Song/Hard.osu\n2 Reupload/Other.osu\n"
    assert len(reasons(prepared / "beatmap.dropped.tsv")) == 5


def test_real_charts(shared, tmp_path):
    folder = shared / "data" / "charts"
    write_beatmap_txt(tmp_path / "beatmap.txt", [str(path) for path in sorted(folder.rglob("*.osu"))])
    report = run_filter(tmp_path)
    found = {
        Path(chart).name: (kind, Path(stays).name)
        for chart, (kind, _, stays) in reasons(tmp_path / "out.dropped.tsv").items()
    }
    assert report.done == 241
    assert {kind: len(messages) for kind, messages in skipped(report).items()} == {
        "unusable": 3,
        "too few notes": 33,
        "too short": 5,
        "too dense": 1,
        "duplicate": 22,
        "rate edit": 3,
    }
    love = "Haddaway_-_What_Is_Love_H4chyk0_{}_don_t_hurt_me_no_more.osu"
    for rate in ("0.8x", "1.1x", "1.3x", "1.4x"):  # rounded to whole milliseconds by whoever made them
        assert found[love.format(rate)] == ("duplicate", love.format("1.0x"))
    assert found["tribalOut.osu"] == ("duplicate", "TribalTrialEXH.osu")
    assert found["planetshaper.osu"] == ("duplicate", "PLANETSHAPER.osu")  # twice as fast, with no word about it
    assert "DJ_Sharpnel_-_World_Sound_Night_Bunny_7_LN_Challenge.osu" not in found  # heads of another, tails of its own


def test_a_limit_that_is_no_number_is_named():
    with pytest.raises(ConfigError, match="min_stars: nan is not a limit"):
        Limits(min_stars=float("nan"))
