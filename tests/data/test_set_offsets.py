"""A prepared folder's charts measured against their audio, and shifted for training without changing a file."""

import os

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.data import set_offsets
from mug.data.dataset import OsuTrainDataset
from mug.data.library import load_entries
from mug.data.set_offsets import update_offsets
from mug.data.split import SplitSpec
from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.prepare.feature_db import FeatureDB
from tests.data.drums import write_drum_chart, write_drums
from tests.data.small_library import AUDIO, FEATURES, list_charts


def quiet(items, **_):
    return items


@pytest.fixture
def prepared(tmp_path):
    """A song whose charts are 30 ms early but for one that is 20 ms late, and a song without an offset."""
    (tmp_path / "late").mkdir()
    (tmp_path / "fine").mkdir()
    write_drums(tmp_path / "late" / "audio.wav")
    write_drums(tmp_path / "fine" / "audio.wav")
    charts = [
        write_drum_chart(tmp_path / "late", "Hard", 30),
        write_drum_chart(tmp_path / "late", "Easy", 30, every=2),
        write_drum_chart(tmp_path / "late", "Other", -20),
        write_drum_chart(tmp_path / "fine", "Hard", 0),
    ]
    return list_charts(tmp_path, charts)


def entries(beatmap_txt):
    spec = FeatureSpec.from_yaml(FEATURES)
    return load_entries([str(beatmap_txt)], spec, 4, "train", SplitSpec(0.0, 0.0), None)[0]


def test_offsets_are_measured_reported_and_kept(prepared):
    report = update_offsets(prepared, tqdm_class=quiet)
    assert (report.done, report.skipped, report.new_songs, report.shifted) == (4, [], 2, 0)
    offsets = {audio.parent.name: round(offset) for audio, offset in report.songs.items()}
    assert offsets["late"] == pytest.approx(30, abs=2)
    assert offsets["fine"] == pytest.approx(0, abs=2)
    assert len(report.disagreeing) == 1
    assert "Other.osu, its song +" in report.disagreeing[0]
    text = str(report)
    assert "2 songs (2 measured now), 0 unsure: median +" in text
    assert "more than 10 ms off (+: the audio is late): 1" in text
    assert "not aligned" in text
    assert all(entry.shift_ms == 0 for entry in entries(prepared))


def test_aligned_charts_move_in_training_but_not_on_disk(prepared):
    files = {path: path.read_bytes() for path in prepared.parent.rglob("*.osu")}
    plain = {entry.path: entry for entry in entries(prepared)}
    assert "aligned: training shifts" in str(update_offsets(prepared, align=True, tqdm_class=quiet))
    for entry in entries(prepared):
        expected = {"late/Hard": 30, "late/Easy": 30, "late/Other": -20, "fine/Hard": 0}
        moved = expected[f"{entry.path.parent.name}/{entry.path.stem}"]
        assert entry.shift_ms == pytest.approx(moved, abs=2)
        assert entry.shift_ms == round(entry.shift_ms)
        was = plain[entry.path]
        for times_ms, were_ms in zip(entry.notes()[1:], was.notes()[1:], strict=True):
            np.testing.assert_array_equal(times_ms, were_ms + entry.shift_ms)
        assert entry.points == (TimingPoint(was.points[0].time_ms + entry.shift_ms, 332.0),)
    assert {path: path.read_bytes() for path in files} == files
    update_offsets(prepared, align=False, tqdm_class=quiet)
    assert all(entry.shift_ms == 0 for entry in entries(prepared))


def test_latents_of_charts_before_they_were_aligned_do_not_fit(prepared):
    def notes_depend_on():
        params = {"features": FEATURES, "audio": AUDIO, "valid_fraction": 0.0, "test_fraction": 0.0}
        return OsuTrainDataset(str(prepared), with_audio=False, **params).notes_depend_on()

    before = notes_depend_on()
    update_offsets(prepared, tqdm_class=quiet)
    assert notes_depend_on() == before
    update_offsets(prepared, align=True, tqdm_class=quiet)
    assert notes_depend_on() != before


def test_only_new_songs_are_measured_again(prepared, monkeypatch):
    update_offsets(prepared, tqdm_class=quiet)
    with monkeypatch.context() as patch:
        patch.setattr(set_offsets, "measure_offsets", None)  # whoever calls it fails
        again = update_offsets(prepared, align=True, tqdm_class=quiet)
        assert (again.done, again.new_songs, again.shifted) == (4, 0, 3)
    os.utime(prepared.parent / "fine" / "audio.wav", (1, 1))
    assert update_offsets(prepared, tqdm_class=quiet).new_songs == 1


def test_a_changed_chart_loses_its_shift_and_is_reported(prepared):
    update_offsets(prepared, align=True, tqdm_class=quiet)
    write_drum_chart(prepared.parent / "late", "Other", 0)
    report = update_offsets(prepared, align=True, tqdm_class=quiet)
    assert [kind for kind, _ in report.skipped] == ["without features"]
    list_charts(prepared.parent, sorted(prepared.parent.rglob("*.osu")))
    shifts = {entry.path.stem: entry.shift_ms for entry in entries(prepared) if entry.path.parent.name == "late"}
    assert shifts["Other"] == 0
    assert shifts["Hard"] != 0


def test_audio_that_is_missing_or_broken_is_reported(prepared):
    (prepared.parent / "late" / "audio.wav").write_bytes(b"no sound")
    (prepared.parent / "fine" / "audio.wav").unlink()
    report = update_offsets(prepared, tqdm_class=quiet)
    assert sorted(kind for kind, _ in report.skipped) == ["undecodable audio", "without audio"]
    assert report.songs == {}
    assert update_offsets(prepared, tqdm_class=quiet).new_songs == 1  # tried again, in case it is mended


def test_a_folder_without_features_says_what_to_run(tmp_path):
    with pytest.raises(DatasetError, match="run `mug features`"):
        update_offsets(tmp_path / "beatmap.txt")


def test_an_impossible_shift_is_refused(prepared):
    with FeatureDB(prepared.parent / "features.db", None, create=True) as database:
        database.upsert([{"name": "Hard.osu", "set_name": "fine", "shift_ms": 1e6}], "Chart")
    with pytest.raises(DatasetError, match=r"its shift is damaged \(1000000.0 ms\)"):
        entries(prepared)
