"""The data of osu!lazer is named for what it is, and how to get charts out of it."""

import pytest

from mug.errors import DatasetError
from mug.prepare.gather import prepare_beatmap
from tests.prepare.song_folders import Quiet, add_package, add_set, chart, lines, skipped

HASH = "ab" * 32


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "osu"
    (folder / "files" / "a" / "ab").mkdir(parents=True)
    (folder / "files" / "a" / "ab" / HASH).write_bytes(chart())
    (folder / "client.realm").write_bytes(b"realm")
    return folder


@pytest.mark.parametrize("inside", ["", "files"])
def test_its_folder_is_refused_with_the_way_out(tmp_path, data, inside):
    with pytest.raises(DatasetError, match=r"osu!lazer keeps its songs here under hashes.*Export them in the game"):
        prepare_beatmap(data / inside, tmp_path / "out", tqdm_class=Quiet)


def test_what_was_exported_is_taken(tmp_path, data):
    add_package(data / "exports" / "song.osz", {"a.osu": chart()})
    report = prepare_beatmap(data, tmp_path / "out", tqdm_class=Quiet)
    assert lines(tmp_path / "out") == ["exports/song/a.osu"]
    assert [message.partition(":")[0] for message in skipped(report)["osu!lazer data"]] == [str(data)]


def test_folders_of_one_letter_are_songs(tmp_path):
    add_set(tmp_path / "songs" / "a", {"a.osu": chart()})
    assert prepare_beatmap(tmp_path / "songs", tmp_path / "out", tqdm_class=Quiet).skipped == []
