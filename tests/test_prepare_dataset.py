"""One command from a Songs folder to a list that training takes."""

import sys

import pytest

from mug.commands import offsets
from mug.commands import prepare as prepare_dataset
from mug.features import FeatureSpec
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.feature_db import FeatureDB
from tests.data.drums import write_drum_chart, write_drums
from tests.data.small_library import FEATURES, click_notes, write_set


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def prepare(*options: str) -> str:
        arguments = ["-s", str(tmp_path / "songs"), "-o", str(tmp_path / "out"), *options]
        monkeypatch.setattr(sys, "argv", ["prepare_dataset.py", *arguments])
        prepare_dataset.main()
        return capsys.readouterr().out

    return prepare


def test_songs_become_a_described_list_without_copies(tmp_path, run):
    notes = click_notes(30.0)
    write_set(tmp_path / "songs" / "song", 1, notes, seconds=30.0)
    write_set(tmp_path / "songs" / "copy", 2, notes, seconds=30.0)
    write_set(tmp_path / "songs" / "short", 3, seconds=3.0)
    printed = run()
    assert "3 new" in printed
    assert "1 charts, 2 skipped" in printed
    assert "the notes of" in printed
    kept = beatmap_paths(tmp_path / "out" / "beatmap_filtered.txt")
    assert [path.parent.name for path in kept] == ["song"]
    with FeatureDB(tmp_path / "out" / "features.db", FeatureSpec.from_yaml(FEATURES)) as database:
        assert database.get("Easy.osu", "song")["ett"] > 1
    again = run()
    assert "nothing new" in again
    assert "3 unchanged; nothing to do" in again


def test_align_shifts_the_charts_until_it_is_undone(tmp_path, run):
    (tmp_path / "songs" / "song").mkdir(parents=True)
    write_drums(tmp_path / "songs" / "song" / "audio.wav")
    write_drum_chart(tmp_path / "songs" / "song", "Hard", early_ms=30)
    assert "offsets" not in run()
    assert "not aligned" in run("--offsets")
    assert "aligned: training shifts notes and red lines of 1 charts" in run("--align")
    assert "1 songs (0 measured now)" in run()  # as it was aligned, songs that are new now must be, too
    beatmap_txt = str(tmp_path / "out" / "beatmap_filtered.txt")
    offsets.main(["-b", beatmap_txt])
    with FeatureDB(tmp_path / "out" / "features.db", None) as database:
        assert not database.is_aligned
