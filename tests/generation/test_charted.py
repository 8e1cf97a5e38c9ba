"""A batch knows its charted songs by their files and by what was asked for."""

import pytest

from mug.errors import ConfigError
from mug.generation.charted import Charted


def test_a_song_is_charted_while_its_package_is_there_and_nothing_changed(tmp_path):
    song, package = tmp_path / "song.mp3", tmp_path / "out" / "song.osz"
    song.write_bytes(b"music")
    package.parent.mkdir()
    package.touch()
    done = Charted(package.parent, {"seed": "0"})
    assert not done.has(song)
    done.add(song, package)
    assert done.has(song)
    assert Charted(package.parent, {"seed": "0"}).has(song)
    assert not Charted(package.parent, {"seed": "1"}).has(song)
    assert not done.has(tmp_path / "other.mp3")
    song.write_bytes(b"other music")
    assert not done.has(song)
    done.add(song, package)
    package.unlink()
    assert not done.has(song)


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / "charted.json").write_text("{")
    with pytest.raises(ConfigError, match=r"charted\.json: damaged .*delete it, and all songs are charted again"):
        Charted(tmp_path, {})
