"""Long songs: piece by piece, they have the spectrum that they have as a whole."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.data import long_audio
from mug.data.audio import AudioSettings, load_audio
from mug.data.long_audio import in_file, is_long, load_long_audio
from mug.errors import AudioError

SETTINGS = AudioSettings(n_mels=16)


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_audio, "BLOCK_SECONDS", 1)


def song(path: Path, sr: int, seconds: float = 4.3) -> Path:
    """A stereo file of noise that swells."""
    n = int(sr * seconds)
    samples = np.random.default_rng(0).normal(0, 0.1, (n, 2)) * np.linspace(0, 1, n)[:, None]
    soundfile.write(path, samples, sr)
    return path


@pytest.mark.parametrize(("name", "sr"), [("a.wav", 22050), ("a.flac", 44100), ("a.ogg", 48000), ("a.mp3", 44100)])
@pytest.mark.parametrize("kind", ["mel", "stft"])
def test_pieces_have_the_spectrum_of_the_whole(tmp_path: Path, name: str, sr: int, kind: str) -> None:
    settings = AudioSettings(kind=kind, n_mels=16)
    path = song(tmp_path / name, sr)
    whole, pieces = load_audio(path, settings), load_long_audio(path, settings, 60)
    assert pieces.dtype == np.float16
    assert pieces.shape == whole.shape
    np.testing.assert_allclose(pieces.astype(np.float32), whole.astype(np.float32), atol=2e-3)
    if sr == 22050:  # nothing is resampled, so not even rounding differs
        assert np.array_equal(pieces, whole)


def test_an_array_in_a_file_needs_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pieces = [np.arange(6).reshape(2, 3), np.arange(4).reshape(2, 2)]
    joined = in_file(pieces, (2,), np.float32)
    assert joined.tolist() == np.concatenate(pieces, axis=1).tolist()
    assert list(tmp_path.iterdir()) == []


def test_a_song_that_is_too_long_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"a\.wav: 0\.1 minutes long; at most 0.* can be used\. Cut it first"):
        load_long_audio(song(tmp_path / "a.wav", 22050), SETTINGS, 2)


def test_a_file_that_is_cut_off_ends_early(tmp_path: Path) -> None:
    path = song(tmp_path / "a.flac", 22050)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(UserWarning, match=r"damaged; the last \d\.\d s could not be decoded"):
        spectrum = load_long_audio(path, SETTINGS, 60)
    assert 1.0 < spectrum.shape[-1] * 128 / 22050 < 3.5


def test_what_holds_no_sound_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 22050)
    with pytest.raises(AudioError, match="holds no sound"):
        load_long_audio(tmp_path / "empty.wav", SETTINGS, 60)
    (tmp_path / "text.wav").write_text("RIFF, but no music")
    with pytest.raises(AudioError, match="not decodable"):
        load_long_audio(tmp_path / "text.wav", SETTINGS, 60)
    soundfile.write(tmp_path / "nan.wav", np.full(22050, np.nan, np.float32), 22050, subtype="FLOAT")
    with pytest.raises(AudioError, match="contains NaN samples"):
        load_long_audio(tmp_path / "nan.wav", SETTINGS, 60)


def test_long_songs_that_libsndfile_reads_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = song(tmp_path / "a.mp3", 44100)
    assert not is_long(path)
    monkeypatch.setattr(long_audio, "WHOLE_SECONDS", 4.0)
    assert is_long(path)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    assert not is_long(tmp_path / "a.m4a")
    assert not is_long(tmp_path / "missing.wav")
