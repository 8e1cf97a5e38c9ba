"""Spectra on disk: found again by content and settings, whole or computed anew."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from tqdm import tqdm

from mug.data import audio_cache, audio_index
from mug.data.audio import AudioSettings, load_audio, seconds_of
from mug.data.audio_cache import AudioCache
from mug.errors import AudioError, DatasetError

SR = 22050
SETTINGS = AudioSettings(n_mels=32)


class Quiet(tqdm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, disable=True)


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal(5000), SR)
    return path


@pytest.fixture
def decoded(monkeypatch):
    """The files that were decoded, in order."""
    files = []

    def load(path, settings):
        files.append(path)
        return load_audio(path, settings)

    monkeypatch.setattr(audio_cache, "load_audio", load)
    return files


def test_a_song_is_decoded_once_and_mapped_read_only(tmp_path, song, decoded):
    cache = AudioCache(tmp_path / "cache", SETTINGS)
    first = cache.get(song)
    again = AudioCache(tmp_path / "cache", SETTINGS).get(song)
    assert decoded == [song]
    assert isinstance(again, np.memmap)
    assert again.dtype == np.float16
    np.testing.assert_array_equal(first, load_audio(song, SETTINGS))
    np.testing.assert_array_equal(again, first)
    with pytest.raises(ValueError, match="read-only"):
        again[0, 0] = 1


def test_content_and_settings_decide_what_is_the_same(tmp_path, song, decoded):
    cache = AudioCache(tmp_path / "cache", SETTINGS)
    moved = tmp_path / "elsewhere" / "other name.wav"
    moved.parent.mkdir()
    moved.write_bytes(song.read_bytes())
    cache.get(song)
    cache.get(moved)
    assert decoded == [song]
    for settings in (
        AudioSettings(n_mels=64),
        AudioSettings(n_mels=32, sr=11025),
        AudioSettings(n_mels=32, n_fft=1024),
        AudioSettings(kind="stft"),
    ):
        assert AudioCache(tmp_path / "cache", settings).path_of(song) != cache.path_of(song)
    # the length of a training item changes nothing about a song's own spectrum
    shorter = AudioSettings(n_mels=32, max_audio_frame=64)
    assert AudioCache(tmp_path / "cache", shorter).path_of(song) == cache.path_of(song)
    soundfile.write(song, np.zeros(5000), SR)
    assert cache.get(song).max() == 0


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", None])
def test_a_damaged_file_is_computed_anew(tmp_path, song, damage):
    cache = AudioCache(tmp_path / "cache", SETTINGS)
    path = cache.make(song)
    path.write_bytes(path.read_bytes()[:200] if damage is None else damage)
    with pytest.raises(AudioError, match="damaged"):
        cache.open(path)
    assert cache.get(song).shape == (32, 40)
    assert list(path.parent.iterdir()) == [path]


def test_a_build_reports_what_cannot_be_decoded(tmp_path, song):
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music" * 100)
    missing = tmp_path / "missing.ogg"
    cache = AudioCache(tmp_path / "cache", SETTINGS)
    there, failed = cache.build([song, broken, missing, song], tqdm_class=Quiet)
    assert there == {song: cache.path_of(song)}
    assert there[song].is_file()
    assert "broken.mp3" in failed[broken]
    assert "missing.ogg" in failed[missing]


def test_a_build_shows_progress_over_what_it_computes(tmp_path, song):
    totals = []

    class Counting(Quiet):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            totals.append(self.total)

    second = tmp_path / "second.wav"
    soundfile.write(second, np.zeros(3000), SR)
    cache = AudioCache(tmp_path / "cache", SETTINGS)
    cache.make(song)
    there, failed = cache.build([song, second], tqdm_class=Counting)
    assert (list(there), failed, totals) == ([second, song], {}, [1])
    assert cache.build([song, second], tqdm_class=Counting) == (there, {})
    there[song].write_bytes(b"damaged")
    assert cache.build([song, second], tqdm_class=Counting) == (there, {})
    assert totals == [1, 1]


def test_nothing_half_written_stays_behind(tmp_path, song, monkeypatch):
    def fail(file, array):
        file.write(b"half of it")
        raise OSError("disk full")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(DatasetError, match=r"cache: cannot be written \(disk full\); make room.*cache_dir"):
        AudioCache(tmp_path / "cache", SETTINGS).get(song)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_build_says_how_large_it_will_get(tmp_path, song):
    said = []

    class Saying(Quiet):
        def __init__(self, *args, desc, **kwargs):
            super().__init__(*args, **kwargs)
            said.append(desc)

    long = tmp_path / "long.wav"
    soundfile.write(long, np.zeros(60 * SR), SR)
    AudioCache(tmp_path / "cache", AudioSettings()).build([song, long], tqdm_class=Saying)
    assert said[0].startswith("audio to spectra, 0.0027 of ")  # GB: 60.2 s of 172.3 frames of 128 float16


def test_what_it_says_is_the_size_of_what_it_makes(tmp_path, song):
    for settings in (SETTINGS, AudioSettings(kind="stft", n_fft=2048)):
        expected = np.asarray(AudioCache(tmp_path / "cache", settings).get(song)).nbytes
        assert settings.spectrum_bytes(seconds_of(song)) == expected


def test_a_disk_without_room_is_an_error_before_the_first_song(tmp_path, song, decoded, monkeypatch):
    monkeypatch.setattr(audio_cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=2000))
    with pytest.raises(DatasetError, match=r"cache: the spectra of 1 songs take about 0\.0 GB.*cache_dir"):
        AudioCache(tmp_path / "cache", SETTINGS).build([song], tqdm_class=Quiet)
    assert decoded == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, song):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"file/cache: cannot be written \(Not a directory\).*cache_dir"):
        AudioCache(tmp_path / "file" / "cache", SETTINGS).build([song], tqdm_class=Quiet)


def test_songs_of_the_same_content_are_decoded_once(tmp_path, song, decoded):
    copy = tmp_path / "copy.wav"
    copy.write_bytes(song.read_bytes())
    there, _ = AudioCache(tmp_path / "cache", SETTINGS).build([song, copy], tqdm_class=Quiet)
    assert there[song] == there[copy]
    assert len(decoded) == 1


def test_a_second_build_reads_no_file(tmp_path, song, monkeypatch):
    os.utime(song, (1e9, 1e9))
    there, _ = AudioCache(tmp_path / "cache", SETTINGS).build([song], tqdm_class=Quiet)
    monkeypatch.setattr(audio_cache, "load_audio", None)
    monkeypatch.setattr(audio_index, "digest_of_file", None)
    assert AudioCache(tmp_path / "cache", SETTINGS).build([song], tqdm_class=Quiet) == (there, {})


@pytest.mark.slow
def test_processes_that_share_a_build_make_the_same(tmp_path):
    songs = []
    for i in range(8):
        songs.append(tmp_path / f"{i}.wav")
        soundfile.write(songs[-1], 0.1 * np.random.default_rng(i).standard_normal(5000 + i), SR)
    songs[3].write_bytes(b"no music")
    there, failed = AudioCache(tmp_path / "cache", SETTINGS).build(songs, tqdm_class=Quiet)
    assert list(failed) == [songs[3]]
    assert "not decodable" in failed[songs[3]]
    assert list(there) == [song for song in songs if song != songs[3]]
    for song, path in there.items():
        np.testing.assert_array_equal(np.load(path), load_audio(song, SETTINGS))
    assert sorted(path for path in (tmp_path / "cache").iterdir() if path.suffix == ".npy") == sorted(there.values())
