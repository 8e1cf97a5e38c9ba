"""Digests are those of the content, whatever the index remembers, and a broken index is none."""

import json
import os

import pytest

from mug.data import audio_index
from mug.data.audio_index import AudioIndex, digest_of_file
from mug.errors import AudioError

OLD_NS = 10**18


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(b"la la la")
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


@pytest.fixture
def hashed(monkeypatch):
    files = []
    monkeypatch.setattr(audio_index, "digest_of_file", lambda path: (files.append(path), digest_of_file(path))[1])
    return files


def remember(tmp_path, *songs):
    index = AudioIndex(tmp_path / "index.json")
    for song in songs:
        index.digest(song)
    index.save()


def test_an_unchanged_file_is_read_once(tmp_path, song, hashed):
    remember(tmp_path, song)
    assert AudioIndex(tmp_path / "index.json").digest(song) == "dc07a7e629a0acd81e2476649cd1fba9"
    assert hashed == [song]


@pytest.mark.parametrize(
    ("content", "time_ns"), [(b"la la lu", OLD_NS + 1), (b"la la la la", OLD_NS), (b"la la la", OLD_NS + 1)]
)
def test_another_size_or_time_is_read_again(tmp_path, song, hashed, content, time_ns):
    remember(tmp_path, song)
    song.write_bytes(content)
    os.utime(song, ns=(time_ns, time_ns))
    assert AudioIndex(tmp_path / "index.json").digest(song) == digest_of_file(song)
    assert hashed == [song, song]


def test_a_replaced_file_of_equal_size_and_time_is_read_again(tmp_path, song):
    remember(tmp_path, song)
    (tmp_path / "other.mp3").write_bytes(b"la la lu")
    os.utime(tmp_path / "other.mp3", ns=(OLD_NS, OLD_NS))
    os.replace(tmp_path / "other.mp3", song)
    assert AudioIndex(tmp_path / "index.json").digest(song) == digest_of_file(song)


def test_a_file_that_was_just_written_is_not_remembered(tmp_path, song, hashed):
    os.utime(song)
    remember(tmp_path, song)
    assert not (tmp_path / "index.json").exists()
    remember(tmp_path, song)
    assert hashed == [song, song]


def test_two_runs_keep_what_both_know(tmp_path, song):
    other = tmp_path / "曲\udcff.mp3"
    other.write_bytes(b"do re mi")
    os.utime(other, ns=(OLD_NS, OLD_NS))
    first, second = (AudioIndex(tmp_path / "index.json") for _ in range(2))
    first.digest(song)
    second.digest(other)
    first.save()
    second.save()
    assert set(json.loads((tmp_path / "index.json").read_text(errors="surrogatepass"))) == {str(song), str(other)}


@pytest.mark.parametrize(
    "entry",
    [["8", OLD_NS, "CTIME", "@"], [8, OLD_NS, "CTIME", "../../x"], [8, OLD_NS, "CTIME", "../@"], [8, OLD_NS], 7, None],
)
def test_entries_that_are_none_are_left_out(tmp_path, song, entry):
    digest = digest_of_file(song)
    ctime = str(song.stat().st_ctime_ns)
    (tmp_path / "index.json").write_text(json.dumps({str(song): entry}).replace("@", digest).replace('"CTIME"', ctime))
    assert AudioIndex(tmp_path / "index.json").digest(song) == digest


@pytest.mark.parametrize("text", ["", "[]", "{", "nothing", "[" * 100_000])
def test_a_broken_index_is_an_empty_one(tmp_path, song, text):
    (tmp_path / "index.json").write_text(text)
    remember(tmp_path, song)
    assert list(json.loads((tmp_path / "index.json").read_text())) == [str(song)]


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path, song):
    (tmp_path / "file").write_bytes(b"")
    index = AudioIndex(tmp_path / "file" / "index.json")
    index.digest(song)
    index.save()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioError, match=r"none\.mp3"):
        AudioIndex(tmp_path / "index.json").digest(tmp_path / "none.mp3")
