"""Every chart of a list gets its row in features.db, or is named with the reason why not."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mug.data.beatmap import Beatmap, Note
from mug.data.describe import prepare_features, read_ranked_map
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.gather import prepare_beatmap
from mug.data.osu import format_osu
from mug.errors import DatasetError
from tests.data.song_folders import FEATURES, Quiet, add_set, chart


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
    assert [message.split(":")[0].rpartition("/")[2] for _, message in report.skipped] == ["bad.osu", "gone.osu"]


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
