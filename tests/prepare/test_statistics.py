"""What is in a set is counted as anybody would count it, and fits a terminal."""

import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu
from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.chart_record import digest_of
from mug.prepare.feature_db import FeatureDB
from mug.prepare.statistics import read_statistics
from mug.prepare.statistics_text import columns, fitted, padded, statistics_text
from tests.prepare.song_folders import FEATURES, Quiet, add_set


def song(title="Song", creator="Ann", keys=4, n=61, shift=0.0, long_every=0, **changes) -> bytes:
    """A note a second: 61 of them last a minute."""
    notes = [
        Note(1000.0 * i + shift, i % keys, 1000.0 * i + shift + 500 if long_every and i % long_every == 0 else None)
        for i in range(n)
    ]
    names = {"title": title, "artist": "Artist", "creator": creator, "audio_filename": "audio.wav", **changes}
    return format_osu(Beatmap(keys, notes, [TimingPoint(0.0, 500.0)], **names))


FLAGS = ("stamina", "stream", "jumpstream", "handstream", "jackspeed", "chordjack", "technical")


def row(path: str, **features) -> dict:
    set_name, _, name = path.rpartition("/")
    flags = dict.fromkeys(FLAGS, 0) | {f"{f}_ett": 10.0 for f in FLAGS}
    return {"name": name, "set_name": set_name, **flags, "sr": 2.0, "ett": 12.0, "ln_ratio": 0.0, **features}


@pytest.fixture
def prepared(tmp_path) -> Path:
    folder = tmp_path / "mine"
    add_set(folder / "1 a", {"a.osu": song(beatmap_set_id=1), "copy.osu": song(shift=70, creator="", beatmap_set_id=1)})
    add_set(folder / "2 b", {"7.osu": song("Other 1.1x", keys=7, n=121, long_every=4, beatmap_set_id=2)}, audio=None)
    add_set(folder / "3 c", {"bad.osu": b"nothing"})
    names = ["1 a/a.osu", "1 a/copy.osu", "2 b/7.osu", "3 c/bad.osu", "3 c/gone.osu"]
    write_beatmap_txt(folder / "beatmap.txt", names)
    with FeatureDB(folder / "features.db", FeatureSpec.from_yaml(FEATURES), create=True) as database:
        database.upsert(
            [
                row(names[0], sr=2.0, ett=10.0, stream=1, rank_status="loved"),
                row(names[1], sr=3.0, ett=None, stream=None, stamina=None),
                row(names[2], sr=4.0, ett=14.0, ln_ratio=0.25, stream=1, technical=1),
            ]
        )
    (folder / "SOURCES.tsv").write_text("path\trepo_licence\n1 a\tMIT (LICENSE)\n2 b/7.osu\tCC0\nshort\n")
    (folder / "ranked.txt").write_text("1 ranked\n2 ranked\n")
    return folder


def read(folder: Path, **options):
    return read_statistics(folder / "beatmap.txt", tqdm_class=Quiet, **options)


def test_charts_are_counted_as_by_hand(prepared):
    statistics = read(prepared)
    assert statistics.headline() == "3 charts of 2 songs by 1 mapper, 4 minutes, 243 notes"
    assert statistics.keys == Counter({4: 2, 7: 1})
    assert statistics.statuses == Counter({"loved": 1, "not known": 2})
    assert statistics.creators == Counter({"Ann": 2, "not known": 1})
    assert statistics.licences == Counter({"MIT": 2, "CC0": 1})
    assert statistics.measured("sr").tolist() == [2.0, 3.0, 4.0]
    assert statistics.measured("ett").tolist() == [10.0, 14.0]  # not given is not zero
    assert statistics.measured("ln_ratio").tolist() == [0.0, 0.0, 0.25]
    assert statistics.measured("bpm").tolist() == [120.0, 120.0, 120.0]
    assert statistics.measured("minutes").tolist() == [1.0, 1.0, pytest.approx(2.0083, abs=1e-3)]
    assert statistics.measured("n_notes").tolist() == [61.0, 61.0, 121.0]
    assert statistics.measured("notes_per_s").tolist() == pytest.approx([61 / 60, 61 / 60, 121 / 120.5])
    assert statistics.pattern_shares == {**dict.fromkeys(FLAGS, 0.0), "stream": 1.0, "technical": 0.5}
    assert statistics.remarks == {
        "cannot be used": 2,
        "without audio": 1,
        "not in features.db": 2,
        "copies of other charts": 1,
        "at other speeds by name": 1,
        "of changing tempo": 0,
        "of changing scroll speed": 0,
    }


def test_measured_offsets_that_training_does_not_remove(prepared):
    paths = [prepared / name for name in ("1 a/a.osu", "1 a/copy.osu", "2 b/7.osu")]
    offsets = [(-33.0, 0.0), (33.2, 33.0), (None, 0.0)]
    with FeatureDB(prepared / "features.db", None, create=True) as database:
        rows = [
            {"name": path.name, "set_name": path.parent.name, "digest": digest_of(path.read_bytes())} for path in paths
        ]
        for chart, (offset_ms, shift_ms) in zip(rows, offsets, strict=True):
            database.upsert([{**chart, "offset_ms": offset_ms, "shift_ms": shift_ms}], "Chart")
    statistics = read(prepared)
    assert statistics.remarks["over 10 ms off the audio"] == 1
    assert "over 10 ms off the audio       1" in statistics_text(statistics)


def test_a_chart_without_timing_has_no_tempo(prepared):
    path = prepared / "1 a" / "a.osu"
    path.write_bytes(path.read_bytes().replace(b"[TimingPoints]", b"[Colours]"))
    assert read(prepared).measured("bpm").tolist() == [120.0, 120.0]


def test_a_list_of_ranked_sets_says_what_features_db_does_not(prepared):
    assert read(prepared, ranked_map=prepared / "ranked.txt").statuses == Counter({"loved": 1, "ranked": 2})


def test_what_features_db_lacks_is_computed(prepared):
    (prepared / "features.db").unlink()
    (prepared / "SOURCES.tsv").write_bytes(b"\xff no table")
    statistics = read(prepared)
    assert statistics.remarks["not in features.db"] == 5
    assert statistics.measured("ln_ratio").tolist() == [0.0, 0.0, pytest.approx(31 / 121)]
    assert statistics.measured("sr").min() > 0
    assert statistics.licences == Counter()


def test_a_set_without_a_usable_chart_is_an_error(prepared):
    write_beatmap_txt(prepared / "beatmap.txt", ["3 c/bad.osu"])
    with pytest.raises(DatasetError, match=r"none of its 1 charts can be used.*bad\.osu"):
        read(prepared)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_text_fits_the_terminal(prepared, width):
    (prepared / "1 a" / "a.osu").write_bytes(song("曲" * 30, creator="作者の名前はとても長いのでここで切る\x1b[31m"))
    text = statistics_text(read(prepared), width)
    assert max(map(columns, text.split("\n"))) <= width
    assert "\x1b" not in text
    assert "star rating             2.00    2.20    3.00    3.80    4.00" in text
    assert "  4 keys                     66.7%  ████████████████████████\n" in text
    assert "  stream                    100.0%" in text
    assert "  CC0                        33.3%" in text
    assert "  cannot be used                 2" in text


def test_the_name_of_a_set_is_cut_and_harmless(prepared):
    text = statistics_text(replace(read(prepared), name="\x1b[31m" + "曲" * 100), 60)
    assert text.split("\n")[0] == "\\x1b[31m" + "曲" * 25 + "…"


def test_text_is_cut_by_the_columns_that_it_takes():
    assert columns("aé曲") == 4
    assert columns(unicodedata.normalize("NFD", "é")) == 1
    assert fitted("曲曲曲", 6) == "曲曲曲"
    assert fitted("曲曲曲", 5) == "曲曲…"
    assert padded("曲", 4) == "曲  "
    assert columns(padded("曲曲曲", 4)) == 4


def test_processes_agree(prepared):
    for i in range(70):
        (prepared / f"{i}.osu").write_bytes(song(n=30 + i))
    write_beatmap_txt(prepared / "beatmap.txt", [f"{i}.osu" for i in range(70)])
    one, two = (read(prepared, jobs=jobs) for jobs in (1, 2))
    assert [chart.path for chart in one.charts] == [chart.path for chart in two.charts]
    assert np.array_equal(one.measured("sr"), two.measured("sr"))


@pytest.mark.slow
def test_real_charts(shared, tmp_path):
    folder = shared / "data" / "charts"
    (tmp_path / "charts").symlink_to(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.osu"))
    write_beatmap_txt(tmp_path / "beatmap.txt", [f"charts/{name}" for name in names])
    statistics = read(tmp_path)
    assert (len(statistics.charts), len(statistics.unusable)) == (305, 3)
    assert statistics.headline() == "305 charts of 166 songs by 125 mappers, 14.7 hours, 736,701 notes"
    assert (statistics.keys[4], statistics.keys[7], statistics.keys[18]) == (217, 45, 1)
    assert statistics.remarks["without audio"] == 305
    assert statistics.remarks["copies of other charts"] == 22
    assert statistics.remarks["at other speeds by name"] == 15
