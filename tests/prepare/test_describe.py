"""Every chart of a list gets its row in features.db, or is named with the reason why not."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu, parse_osu
from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.prepare import chart_record, describe
from mug.prepare.describe import prepare_features, read_ranked_map
from mug.prepare.feature_db import FeatureDB
from mug.prepare.gather import prepare_beatmap
from mug.ratings.chart_features import features_at
from tests.prepare.song_folders import FEATURES, Quiet, add_set, chart, skipped


def test_features_are_rated_and_unknown_ones_not_given(tmp_path):
    add_set(tmp_path / "songs" / "7 Song", {"a.osu": chart(beatmap_set_id=7), "b.osu": chart(beatmap_set_id=8)})
    prepare_beatmap(tmp_path / "songs", tmp_path / "out", tqdm_class=Quiet)
    (tmp_path / "ranked.txt").write_text("7 ranked\n\n9 loved\n")
    list_path = tmp_path / "out" / "beatmap.txt"
    report = prepare_features(list_path, FEATURES, tmp_path / "ranked.txt", tqdm_class=Quiet)
    assert (report.done, report.skipped) == (2, [])
    with FeatureDB(tmp_path / "out" / "features.db", FeatureSpec.from_yaml(FEATURES)) as database:
        first, second = database.get("a.osu", "7 Song"), database.get("b.osu", "7 Song")
    assert first["sr"] == pytest.approx(1.0, abs=0.9)
    assert first["sr"] > 0
    assert (first["ln_ratio"], first["rc"], first["hb"], first["ln"]) == (0.25, 0, 1, 0)
    assert (first["rank_status"], second["rank_status"]) == ("ranked", None)
    assert first["ett"] > 0
    assert first["stream"] == 1


def test_features_may_be_computed_twice(tmp_path):
    folder = add_set(tmp_path / "s", {"a.osu": chart(), "b.osu": chart()})
    list_path = tmp_path / "beatmap.txt"
    list_path.write_text("s/a.osu\ns/b.osu\n")
    prepare_features(list_path, FEATURES, tqdm_class=Quiet)
    (folder / "a.osu").write_bytes(format_osu(Beatmap(4, [Note(100.0 * i, i % 4) for i in range(9)], [])))
    with ThreadPoolExecutor(2) as pool:  # at once, too
        reports = list(pool.map(lambda _: prepare_features(list_path, FEATURES, tqdm_class=Quiet), range(6)))
    assert [(report.done, report.skipped) for report in reports] == [(2, [])] * 6
    with FeatureDB(tmp_path / "features.db", FeatureSpec.from_yaml(FEATURES)) as database:
        assert {name: row["ln_ratio"] for (name, _), row in database.all().items()} == {"a.osu": 0.0, "b.osu": 0.25}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["beatmap.txt", "features.db", "s"]


def test_charts_without_features_are_reported(tmp_path):
    add_set(tmp_path, {"a.osu": chart(), "bad.osu": b"nothing"})
    (tmp_path / "beatmap.txt").write_text("a.osu\nbad.osu\ngone.osu\n")
    report = prepare_features(tmp_path / "beatmap.txt", FEATURES, tqdm_class=Quiet)
    assert report.done == 1
    assert sorted(message.split(":")[0].rpartition("/")[2] for _, message in report.skipped) == ["bad.osu", "gone.osu"]


@pytest.mark.parametrize("text", ["seven ranked", "7", "7 ranked now", "-7 ranked", "7 famous", "9" * 5000 + " ranked"])
def test_a_wrong_line_of_the_ranked_list_is_named(tmp_path, text):
    add_set(tmp_path, {"a.osu": chart()})
    (tmp_path / "beatmap.txt").write_text("a.osu\n")
    (tmp_path / "ranked.txt").write_text(f"1 loved\n{text}\n")
    with pytest.raises(DatasetError, match=r"ranked\.txt, line 2"):
        prepare_features(tmp_path / "beatmap.txt", FEATURES, tmp_path / "ranked.txt", tqdm_class=Quiet)


def test_a_missing_ranked_list_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.txt"):
        read_ranked_map(tmp_path / "none.txt", FeatureSpec.from_yaml(FEATURES))


def stream(gap_ms: float, **changes) -> bytes:
    notes = [Note(gap_ms * i, i * 3 % 4) for i in range(300)]
    return format_osu(Beatmap(4, notes, [], **changes))


@pytest.fixture
def three(tmp_path):
    """A list of three charts in two sets."""
    add_set(tmp_path / "one", {"a.osu": stream(90), "b.osu": stream(120, beatmap_set_id=7)})
    add_set(tmp_path / "two", {"a.osu": stream(150)})
    (tmp_path / "beatmap.txt").write_text("one/a.osu\none/b.osu\ntwo/a.osu\n")
    return tmp_path / "beatmap.txt"


@pytest.fixture
def described(monkeypatch):
    """What was computed, as (chart, first letters of the parts), in order."""
    calls = []

    def describe_chart(task):
        calls.append((f"{task.path.parent.name}/{task.path.name}", "".join(part[0] for part in task.parts)))
        return chart_record.describe_chart(task)

    monkeypatch.setattr(describe, "describe_chart", describe_chart)
    return calls


def run(beatmap_txt, features=FEATURES, **params):
    return prepare_features(beatmap_txt, features, tqdm_class=Quiet, **params)


def contents(beatmap_txt, features=FEATURES):
    with FeatureDB(beatmap_txt.parent / "features.db", FeatureSpec.from_yaml(features)) as database:
        charts = {key: database.chart(key) for key in sorted(database.chart_keys())}
        return database.all(), {key: database.rated(key) for key in charts}, charts


def test_a_second_run_does_nothing_and_says_so(three, described):
    first = run(three)
    assert (first.new, first.unchanged, str(first)) == (3, 0, "3 charts\n3 new")
    before, described[:] = (three.parent / "features.db").read_bytes(), []
    second = run(three)
    assert described == []
    assert (second.done, second.unchanged) == (3, 3)
    assert str(second) == "3 charts\n3 unchanged; nothing to do"
    assert (three.parent / "features.db").read_bytes() == before


def test_what_changed_is_described_and_what_is_not_listed_goes(three, described):
    run(three)
    folder, described[:] = three.parent, []
    add_set(folder / "two", {"new.osu": stream(100)})
    (folder / "one" / "a.osu").write_bytes(stream(200))
    (folder / "two" / "a.osu").touch()  # another time is no other chart
    three.write_text("two/a.osu\none/a.osu\ntwo/new.osu\n")
    report = run(three)
    assert described == [("one/a.osu", "nsm"), ("two/new.osu", "nsm")]
    assert (report.new, report.changed, report.unchanged, report.removed) == (1, 1, 1, 1)
    assert str(report) == "3 charts\n1 new, 1 changed, 1 unchanged, 1 removed"
    incremental = contents(three)
    (folder / "features.db").unlink()
    run(three)
    assert incremental == contents(three)


def test_a_chart_that_broke_loses_its_rows(three):
    run(three)
    (three.parent / "one" / "a.osu").write_bytes(b"osu file format v14")
    (three.parent / "one" / "b.osu").unlink()
    report = run(three)
    assert (report.done, report.unchanged, report.removed) == (1, 1, 2)
    assert {kind: len(messages) for kind, messages in skipped(report).items()} == {"unreadable": 1, "unusable": 1}
    assert all(set(table) == {("a.osu", "two")} for table in contents(three))


def test_ratings_at_every_rate_are_kept(three):
    run(three, rates=(0.9, 1.1))
    data = (three.parent / "one" / "a.osu").read_bytes()
    rates = (0.9, 0.95, 1.05, 1.1)
    expected = dict(zip(rates, features_at(parse_osu(data, "a.osu"), data, rates), strict=True))
    features, rated, _ = contents(three)
    assert rated["a.osu", "one"] == expected
    assert expected[1.1]["sr"] > features["a.osu", "one"]["sr"] > expected[0.9]["sr"]


def test_other_rates_replace_those_that_were_kept(three, described):
    run(three, rates=(0.9, 1.1))
    described.clear()
    report = run(three, rates=(1.0, 1.2))
    assert [parts for _, parts in described] == ["sm"] * 3
    assert list(contents(three)[1]["a.osu", "one"]) == [1.05, 1.1, 1.15, 1.2]
    assert (report.done, report.new, report.unchanged) == (3, 0, 0)
    assert "3 charts: star rating recomputed with rosu-pp-py" in str(report)


@pytest.mark.parametrize(
    ("what", "parts", "said"),
    [
        ("calculator_version", "m", "MSD recomputed with other, features"),
        ("star_rating_version", "s", "star rating recomputed with other, features"),
    ],
)
def test_another_calculator_computes_its_own_part_anew(three, described, monkeypatch, what, parts, said):
    run(three)
    described.clear()
    before = contents(three)
    monkeypatch.setattr(describe, what, lambda: "other")
    report = run(three)
    assert described == [("one/a.osu", parts), ("one/b.osu", parts), ("two/a.osu", parts)]
    assert str(report).startswith(f"3 charts\n3 updated\n3 charts: {said}")
    assert contents(three)[:2] == before[:2]  # it was the same calculator after all
    assert run(three).unchanged == 3


def test_other_features_are_computed_and_no_others(three, described, tmp_path):
    few = tmp_path / "few.yaml"
    few.write_text("- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}\n- {name: ln, type: bool}\n")
    run(three, features=few)
    assert [parts for _, parts in described] == ["ns"] * 3
    (three.parent / "one" / "a.osu").write_bytes(stream(80))
    described.clear()
    run(three)
    assert described == [("one/a.osu", "nsm"), ("one/b.osu", "nm"), ("two/a.osu", "nm")]
    grown = contents(three)
    (three.parent / "features.db").unlink()
    run(three)
    assert grown == contents(three)


def test_unrequested_msd_is_not_kept_for_a_changed_chart(three, tmp_path):
    few = tmp_path / "few.yaml"
    few.write_text("- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}\n")
    run(three)
    (three.parent / "one" / "a.osu").write_bytes(stream(80))
    run(three, features=few)
    run(three)
    grown = contents(three)
    (three.parent / "features.db").unlink()
    run(three)
    assert grown == contents(three)


@pytest.mark.parametrize("asked", ["sr", "ett"])
def test_no_feature_of_a_changed_chart_stays_what_it_was(three, tmp_path, asked):
    few = tmp_path / "few.yaml"
    few.write_text(f"- {{name: {asked}, type: numeric, min: 1, max: 35, interval: 1}}\n")
    run(three)
    before = contents(three)[0]["a.osu", "one"]
    (three.parent / "one" / "a.osu").write_bytes(stream(60))
    run(three, features=few)
    after = contents(three)[0]["a.osu", "one"]
    assert all(after[name] != before[name] for name in ("sr", "ett", "stream_ett"))
    assert (after["stream_ett"] is None) == (asked == "sr")


def test_other_bins_change_nothing(three, described, tmp_path):
    run(three)
    described.clear()
    other = tmp_path / "other.yaml"
    other.write_text(Path(FEATURES).read_text().replace("max: 8, interval: 0.2", "max: 9, interval: 0.5"))
    assert run(three, features=other).unchanged == 3
    assert described == []


def test_the_users_own_features_stay(three, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(Path(FEATURES).read_text() + "- {name: fun, type: numeric, min: 0, max: 10, interval: 1}\n")
    run(three)
    run(three, features=own)
    with sqlite3.connect(three.parent / "features.db") as connection:
        connection.execute("UPDATE Feature SET fun = 7.0 WHERE set_name = 'two'")
    connection.close()
    (three.parent / "two" / "a.osu").write_bytes(stream(80))
    assert run(three, features=own).changed == 1
    assert {key: row["fun"] for key, row in contents(three, own)[0].items()} == {
        ("a.osu", "one"): None,
        ("b.osu", "one"): None,
        ("a.osu", "two"): 7.0,
    }


def test_another_rank_status_rates_nothing(three, described, tmp_path):
    run(three)
    described.clear()
    (tmp_path / "ranked.txt").write_text("7 loved\n8 ranked\n")
    report = run(three, ranked_map=tmp_path / "ranked.txt")
    assert (described, report.statuses, report.unchanged) == ([], 1, 3)
    assert str(report) == "3 charts\n3 unchanged\n1 charts: another rank status"
    assert [row["rank_status"] for row in contents(three)[0].values()] == [None, "loved", None]
    assert run(three, ranked_map=tmp_path / "ranked.txt").statuses == 0
    assert run(three).statuses == 1
    assert {row["rank_status"] for row in contents(three)[0].values()} == {None}


def test_a_rank_status_that_stays_is_not_counted(three, tmp_path):
    (tmp_path / "ranked.txt").write_text("7 loved\n")
    assert str(run(three, ranked_map=tmp_path / "ranked.txt")) == "3 charts\n3 new"
    (three.parent / "one" / "b.osu").write_bytes(stream(80, beatmap_set_id=7))
    assert str(run(three, ranked_map=tmp_path / "ranked.txt")) == "3 charts\n1 changed, 2 unchanged"
    assert contents(three)[0]["b.osu", "one"]["rank_status"] == "loved"


def test_charts_with_equal_names_and_folders_keep_their_rows(tmp_path):
    for parent, gap in (("first", 100), ("second", 140), ("copy", 100)):
        add_set(tmp_path / parent / "set", {"a.osu": stream(gap)})
    beatmap_txt = tmp_path / "beatmap.txt"
    beatmap_txt.write_text("first/set/a.osu\nsecond/set/a.osu\ncopy/set/a.osu\nfirst/set/a.osu\n")
    report = run(beatmap_txt)
    kinds = skipped(report)
    assert report.done == 1
    assert list(kinds) == ["same name and folder", "there twice"]
    [message] = kinds["same name and folder"]
    assert f"{tmp_path}/second/set/a.osu: {tmp_path}/first/set/a.osu" in message
    assert len(kinds["there twice"]) == 1
    digest = contents(beatmap_txt)[2]["a.osu", "set"]["digest"]
    assert digest == chart_record.digest_of((tmp_path / "first" / "set" / "a.osu").read_bytes())


def test_a_chart_that_changes_during_reading_waits_for_a_rerun(three, monkeypatch):
    def describe_chart(task):
        task.path.write_bytes(stream(77))
        return chart_record.describe_chart(task)

    monkeypatch.setattr(describe, "describe_chart", describe_chart)
    three.write_text("one/a.osu\n")
    assert skipped(run(three)) == {"unusable": [f"{three.parent}/one/a.osu: changed during the run; run this again"]}
    monkeypatch.undo()
    assert run(three).new == 1
