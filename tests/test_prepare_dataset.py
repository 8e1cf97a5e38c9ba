"""One command from a Songs folder to a list that training takes."""

import sys

import pytest

from mug.commands import prepare as prepare_dataset
from mug.features import FeatureSpec
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.feature_db import FeatureDB
from tests.data.small_library import FEATURES, click_notes, write_set


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def prepare() -> str:
        arguments = ["-s", str(tmp_path / "songs"), "-o", str(tmp_path / "out")]
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
