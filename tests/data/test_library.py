"""The charts of a split: what is taken is right, and whatever is not is named, counted and skipped."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.charts.osu import parse_osu
from mug.data import library
from mug.data.audio import AudioSettings
from mug.data.audio_cache import AudioCache
from mug.data.library import load_entries
from mug.data.split import SplitSpec
from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.prepare.chart_record import pack_notes
from mug.prepare.describe import prepare_features
from mug.prepare.feature_db import FeatureDB
from mug.ratings.chart_features import NOTE_FEATURES, RATE_FEATURES, features_at
from tests.data.small_library import AUDIO, FEATURES, list_charts, write_library, write_set

SPEC = FeatureSpec.from_yaml(FEATURES)
ALL = SplitSpec(0.0, 0.0)


def load(*beatmap_txts, split="train", division=ALL, cache=True, rates=(1.0,)):
    folder = beatmap_txts[0].parent
    spectra = AudioCache(folder / "cache", AudioSettings(**AUDIO)) if cache else None
    return load_entries([str(path) for path in beatmap_txts], SPEC, 4, split, division, spectra, rates)


def change(chart, old, new):
    data = chart.read_bytes()
    assert old in data
    chart.write_bytes(data.replace(old, new))


def test_an_entry_is_the_chart_its_prompt_and_its_spectrum(tmp_path):
    charts = write_set(tmp_path / "song", 77, [Note(500.0, 2), Note(250.0, 1, 900.0)], seconds=2.0, versions=("Hard",))
    [entry], report = load(list_charts(tmp_path, charts))
    assert (entry.path, entry.audio) == (charts[0], tmp_path / "song" / "audio.wav")
    assert (entry.version, entry.set_id) == ("Hard", 77)
    assert sorted(zip(*entry.notes(), strict=True)) == [(1, 250, 900), (2, 500, 500)]
    assert (entry.prompt["ln_ratio"], entry.prompt["hb"]) == (0.5, 1)
    np.testing.assert_array_equal(entry.ids, [SPEC.encode(entry.prompt)])
    assert np.load(entry.spectrum).shape == (32, entry.audio_frames) == (32, 345)  # 1 + 44100 // 128
    assert (report.done, report.skipped) == (1, [])


def test_a_new_feature_is_a_function_and_a_yaml_entry(tmp_path, monkeypatch):
    notes = [Note(250.0, 0), Note(500.0, 2), Note(750.0, 0), Note(1000.0, 0)]
    beatmap_txt = list_charts(tmp_path, write_set(tmp_path / "song", 1, notes))  # without it
    left_share = "- {name: left_share, type: numeric, min: 0, max: 1, interval: 0.25}"
    (tmp_path / "more.yaml").write_text(f"{Path(FEATURES).read_text()}\n{left_share}\n")
    monkeypatch.setitem(NOTE_FEATURES, "left_share", lambda chart: np.mean([n.column < 2 for n in chart.notes]).item())
    prepare_features(beatmap_txt, tmp_path / "more.yaml", tqdm_class=lambda items, **_: items)
    spec = FeatureSpec.from_yaml(tmp_path / "more.yaml")
    [entry], _ = load_entries([str(beatmap_txt)], spec, 4, "train", ALL, None)
    assert entry.prompt["left_share"] == 0.75
    np.testing.assert_array_equal(entry.ids[0, :-1], SPEC.encode({n: entry.prompt[n] for n in SPEC.names}))
    assert entry.ids[0, -1] == SPEC.n_rows + 4  # "not given", and the bins from 0, 0.25, 0.5, 0.75


def test_without_audio_none_is_decoded(tmp_path):
    beatmap_txt = write_library(tmp_path)
    (tmp_path / "song 1" / "audio.wav").write_bytes(b"no music")
    [entry], _ = load(beatmap_txt, cache=False)
    assert entry.audio_frames == 0
    assert not (tmp_path / "cache").exists()


def test_everything_unusable_is_named_with_its_reason(tmp_path):
    names = [
        "good",
        "seven",
        "std",
        "cut",
        "empty",
        "gone",
        "silent",
        "noise",
        "escape",
        "unrated",
        "odd row",
        "edited",
    ]
    charts = {
        name: write_set(tmp_path / name, i, keys=7 if name == "seven" else 4)[0] for i, name in enumerate(names, 1)
    }
    change(charts["escape"], b"AudioFilename: audio.wav", b"AudioFilename: ../good/audio.wav")
    beatmap_txt = list_charts(tmp_path, list(charts.values()))
    change(charts["std"], b"Mode: 3", b"Mode: 0")
    data = charts["cut"].read_bytes()
    charts["cut"].write_bytes(data[: data.index(b"[HitObjects]")])
    charts["empty"].write_bytes(data[: data.index(b"[HitObjects]")] + b"[HitObjects]\r\n")
    charts["gone"].unlink()
    (tmp_path / "silent" / "audio.wav").unlink()
    (tmp_path / "noise" / "audio.wav").write_bytes(b"no music")
    change(charts["edited"], b"Title", b"TitleUnicode")
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute("DELETE FROM Feature WHERE set_name = 'unrated'")
        connection.execute("UPDATE Feature SET rank_status = 'famous' WHERE set_name = 'odd row'")
    entries, report = load(beatmap_txt)
    assert [entry.path for entry in entries] == [charts["good"]]
    assert report.done == 1
    reasons = {
        "seven": ("other key count", "7K, but the configuration has keys: 4"),
        "std": ("unusable", "Mode is 0"),
        "cut": ("unusable", "cut off"),
        "empty": ("unusable", "no notes"),
        "gone": ("unusable", "cannot be read"),
        "silent": ("without audio", "'audio.wav' is missing"),
        "noise": ("undecodable audio", "audio.wav: not decodable"),
        "escape": ("unusable", "leads out of this folder"),
        "unrated": ("without features", "run `mug features` again"),
        "odd row": ("other features", "famous"),
        "edited": ("changed", "another chart of this name and folder; run `mug features` again"),
    }
    assert len(report.skipped) == len(reasons)
    for name, (kind, reason) in reasons.items():
        [(found_kind, message)] = [skip for skip in report.skipped if str(charts[name]) in skip[1]]
        assert found_kind == kind
        assert reason in message
    assert str(report).startswith("1 charts, 11 skipped: ")


def test_without_audio_none_is_missed(tmp_path):
    beatmap_txt = write_library(tmp_path)
    (tmp_path / "song 1" / "audio.wav").unlink()
    [entry], report = load(beatmap_txt, cache=False)
    assert (entry.audio, report.skipped) == (Path(), [])


def test_prompts_at_other_rates_are_looked_up(tmp_path, monkeypatch):
    stream = [Note(100.0 * i, i * 3 % 4) for i in range(300)]
    beatmap_txt = list_charts(tmp_path, write_set(tmp_path / "song", 1, stream, seconds=31.0))
    prepare_features(beatmap_txt, FEATURES, rates=(0.75, 1.5), tqdm_class=lambda items, **_: items)
    with FeatureDB(tmp_path / "features.db", SPEC) as database:
        rated = database.rated(("Easy.osu", "song"))
    monkeypatch.setattr(library, "parallel_map", None)  # nothing is computed
    monkeypatch.setattr(library, "read_osu", None)  # nor read
    [entry], _ = load(beatmap_txt, cache=False, rates=(1.0, 0.75, 1.5))
    expected = [entry.prompt, {**entry.prompt, **rated[0.75]}, {**entry.prompt, **rated[1.5]}]
    np.testing.assert_array_equal(entry.ids, [SPEC.encode(prompt) for prompt in expected])
    assert len({ids.tobytes() for ids in entry.ids}) == 3
    assert entry.ids.dtype == np.int32


def test_ratings_that_are_not_there_are_computed_and_kept(tmp_path, monkeypatch):
    stream = [Note(100.0 * i, i * 3 % 4) for i in range(200)]
    beatmap_txt = list_charts(tmp_path, write_set(tmp_path / "song", 1, stream, seconds=21.0))
    [entry], _ = load(beatmap_txt, cache=False, rates=(1.0, 2.0, 1.5))
    data = entry.path.read_bytes()
    [fast] = features_at(parse_osu(data, "fast"), data, [2.0])
    np.testing.assert_array_equal(entry.ids[1], SPEC.encode({**entry.prompt, **fast}))
    assert (entry.ids[1] != entry.ids[2]).any()
    monkeypatch.setattr(library, "describe_chart", None)
    [again], _ = load(beatmap_txt, cache=False, rates=(1.0, 2.0, 1.5))
    np.testing.assert_array_equal(again.ids, entry.ids)


def test_what_is_kept_serves_other_features_too(tmp_path):
    beatmap_txt = write_library(tmp_path)
    few = tmp_path / "few.yaml"
    few.write_text("- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}\n")
    load_entries([str(beatmap_txt)], FeatureSpec.from_yaml(few), 4, "train", ALL, None, (1.0, 1.5))
    with FeatureDB(tmp_path / "features.db", SPEC) as database:
        [rated] = database.rated(("Easy.osu", "song 1")).values()
    assert None not in rated.values()
    assert rated.keys() == set(RATE_FEATURES)


def test_ratings_of_bytes_that_are_no_more_are_not_kept(tmp_path, monkeypatch):
    beatmap_txt = write_library(tmp_path)

    def meanwhile(function, tasks, **_):
        with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
            connection.execute("UPDATE Chart SET digest = 'of other bytes'")
        return map(function, tasks)

    monkeypatch.setattr(library, "parallel_map", meanwhile)
    load(beatmap_txt, cache=False, rates=(1.0, 1.5))
    with FeatureDB(tmp_path / "features.db", SPEC) as database:
        assert database.rated(("Easy.osu", "song 1")) == {}


@pytest.mark.parametrize("column", ["sr_by", "msd_by"])
def test_ratings_of_two_calculators_are_not_mixed(tmp_path, column):
    beatmap_txt = write_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute(f"UPDATE Chart SET {column} = 'mug-0, features 0'")
    assert len(load(beatmap_txt, cache=False)[0]) == 1
    with pytest.raises(DatasetError, match=r"rated by mug-0.*run `mug features` again"):
        load(beatmap_txt, cache=False, rates=(1.0, 1.5))
    prepare_features(beatmap_txt, FEATURES, tqdm_class=lambda items, **_: items)
    assert len(load(beatmap_txt, cache=False, rates=(1.0, 1.5))[0]) == 1


def test_a_note_beyond_the_keys_is_damage(tmp_path):
    beatmap_txt = write_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        notes = pack_notes(np.array([4]), np.array([100.0]), np.array([100.0]))
        connection.execute("UPDATE Chart SET notes = ?", (notes,))
    with pytest.raises(DatasetError, match=r"features\.db.*Easy\.osu: has a note in column 5 of 4; delete"):
        load(beatmap_txt, cache=False)


def test_ratings_need_not_be_kept(tmp_path, monkeypatch):
    beatmap_txt = write_library(tmp_path)
    before = (tmp_path / "features.db").read_bytes()

    class ReadOnly(FeatureDB):
        def __init__(self, path, spec, create=False):
            if create:
                raise DatasetError("a disk that is read-only")
            super().__init__(path, spec)

    monkeypatch.setattr(library, "FeatureDB", ReadOnly)
    [entry], report = load(beatmap_txt, cache=False, rates=(1.0, 1.5))
    assert (len(entry.ids), report.skipped) == (2, [])
    assert (tmp_path / "features.db").read_bytes() == before


def test_what_is_not_given_at_rate_1_is_not_given_at_any(tmp_path):
    beatmap_txt = write_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute("UPDATE Feature SET sr = NULL, stream = NULL")
    [entry], _ = load(beatmap_txt, cache=False, rates=(1.0, 1.5))
    for ids in entry.ids:
        assert not {"sr", "stream"} & SPEC.decode(ids).keys()
        assert {"stream_ett", "ett"} <= SPEC.decode(ids).keys()


def test_charts_described_without_what_is_asked_for_are_named(tmp_path):
    beatmap_txt = write_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute("UPDATE Chart SET msd_by = NULL")
    entries, report = load(beatmap_txt, cache=False)
    assert entries == []
    assert [kind for kind, _ in report.skipped] == ["without features"]
    assert "described without ett" in report.skipped[0][1]


def test_damaged_notes_name_the_chart_and_the_database(tmp_path):
    beatmap_txt = write_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute("UPDATE Chart SET notes = 'abc'")
    with pytest.raises(DatasetError, match=r"features\.db: .*Easy\.osu: its notes are damaged.*delete"):
        load(beatmap_txt)


def test_audio_of_another_case_is_found(tmp_path):
    beatmap_txt = write_library(tmp_path)
    folder = tmp_path / "song 1"
    (folder / "audio.wav").rename(folder / "Audio.WAV")
    assert [entry.audio.name for entry in load(beatmap_txt)[0]] == ["Audio.WAV"]


def test_a_song_of_many_charts_is_decoded_once(tmp_path):
    entries, _ = load(write_library(tmp_path, versions=("Easy", "Hard", "Insane")))
    assert len({entry.spectrum for entry in entries}) == 1
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1


def test_splits_are_by_set_and_share_nothing(tmp_path):
    beatmap_txt = write_library(tmp_path, n_sets=9, seconds=1.0, versions=("Easy", "Hard"))
    charts = write_set(tmp_path / "song 5", 0, seconds=1.0, versions=("Not uploaded",))  # states no id
    list_charts(tmp_path, [*(tmp_path / line for line in beatmap_txt.read_text().splitlines()), *charts])
    splits = {}
    for split in ("train", "valid", "test"):
        entries, _ = load(beatmap_txt, split=split, division=SplitSpec(0.3, 0.3), cache=False)
        splits[split] = [(entry.path.parent.name, entry.version) for entry in entries]
    assert {name: len(charts) for name, charts in splits.items()} == {"train": 8, "valid": 7, "test": 4}
    assert len({chart for charts in splits.values() for chart in charts}) == 19
    folders = [{folder for folder, _ in charts} for charts in splits.values()]
    assert sum(map(len, folders)) == 9


def test_the_order_is_that_of_the_lists(tmp_path):
    one, two = (write_library(tmp_path / name, n_sets=2, seconds=1.0) for name in "ba")
    entries, _ = load(one, two, cache=False)
    names = [str(entry.path.relative_to(tmp_path)) for entry in entries]
    assert names == ["b/song 1/Easy.osu", "b/song 2/Easy.osu", "a/song 1/Easy.osu", "a/song 2/Easy.osu"]


def test_copies_of_a_set_in_two_lists_stay_in_one_split(tmp_path):
    one = write_library(tmp_path / "one", n_sets=5, seconds=1.0)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for i in range(1, 6):
        (tmp_path / "two" / f"song {i}").rename(tmp_path / "two" / f"copy {i}")
    two = list_charts(tmp_path / "two", sorted((tmp_path / "two").rglob("*.osu")))
    for split in ("train", "valid", "test"):
        entries, _ = load(one, two, split=split, division=SplitSpec(0.3, 0.3), cache=False)
        ids = [entry.set_id for entry in entries]
        assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]


def test_a_missing_list_or_database_names_the_command(tmp_path):
    with pytest.raises(DatasetError, match=r"run `mug gather`"):
        load(tmp_path / "beatmap.txt")
    beatmap_txt = write_library(tmp_path)
    (tmp_path / "features.db").unlink()
    with pytest.raises(DatasetError, match=r"run `mug features`"):
        load(beatmap_txt)
