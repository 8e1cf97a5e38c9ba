"""What goes into a package is music that osu! plays, and no later than the original."""

import numpy as np
import pytest
import soundfile

from mug.data.decoding import decode
from mug.data.playable import playable

SR = 44100
CLICKS = 1e-3 * np.random.default_rng(0).standard_normal((2 * SR, 2))
for at in (SR // 2, SR + 1234):
    CLICKS[at : at + 40] += 0.8


def onsets(path) -> list[float]:
    sound = decode(path)
    halves = np.array_split(np.abs(sound.samples).max(axis=1), 2)
    return [float((h.argmax() + i * len(halves[0])) / sound.sr) for i, h in enumerate(halves)]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.wav", {}),
        ("a.flac", {}),
        ("a.aiff", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS", "sr": 48000}),
        ("a.WAV", {"sr": 96000}),
        ("a.mp3", {"format": "FLAC", "sr": 22050}),
    ],
)
def test_what_osu_does_not_play_becomes_ogg_at_the_same_time(tmp_path, name, how):
    rate = how.pop("sr", SR)
    soundfile.write(tmp_path / name, CLICKS, rate, **how)
    with playable(tmp_path / name) as (file, said):
        sound = decode(file)
        assert (file.name, sound.kind) == ("a.ogg", "ogg vorbis")
        assert onsets(file) == pytest.approx(onsets(tmp_path / name), abs=0.001)
        assert len(sound.samples) / sound.sr == pytest.approx(len(CLICKS) / rate, abs=0.001)
        assert sound.sr == {96000: 44100}.get(rate, rate)
        assert said.startswith(f"{name} is ")
        assert said.endswith("which osu! does not play; the package holds it as Ogg Vorbis")
    assert not file.exists()


@pytest.mark.parametrize(("name", "how"), [("a.mp3", {}), ("a.MP3", {}), ("a.ogg", {"subtype": "VORBIS"})])
def test_what_osu_plays_stays_as_it_is(tmp_path, name, how):
    soundfile.write(tmp_path / name, CLICKS, SR, **how)
    with playable(tmp_path / name) as (file, said):
        assert (file, said) == (tmp_path / name, "")


def test_an_mp3_of_another_name_gets_its_own(tmp_path):
    soundfile.write(tmp_path / "a.wav", CLICKS, SR, format="MP3")
    with playable(tmp_path / "a.wav") as (file, said):
        assert file.name == "a.mp3"
        assert file.read_bytes() == (tmp_path / "a.wav").read_bytes()
        assert said == "a.wav is mp3; the package uses that extension"


def test_a_damaged_mp3_is_packed_as_it_was_heard(tmp_path):
    soundfile.write(tmp_path / "a.mp3", CLICKS, SR)
    whole = (tmp_path / "a.mp3").read_bytes()
    middle = len(whole) // 2
    (tmp_path / "a.mp3").write_bytes(whole[:middle] + bytes(1000) + whole[middle + 1000 :])
    with playable(tmp_path / "a.mp3") as (file, said):
        assert len(decode(file).samples) == len(decode(tmp_path / "a.mp3").samples)
        assert said.startswith("a.mp3 is damaged, joined")


def test_a_song_in_surround_becomes_mono(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.repeat(CLICKS[:, :1], 6, axis=1), SR)
    with playable(tmp_path / "a.wav") as (file, _):
        assert decode(file).samples.shape == (2 * SR, 1)


@pytest.mark.parametrize(("name", "rate", "channels"), [("a.flac", SR, 2), ("a.wav", 96000, 2), ("a.wav", SR, 6)])
def test_long_music_is_converted_in_pieces(tmp_path, monkeypatch, name, rate, channels):
    path = tmp_path / name
    soundfile.write(path, CLICKS[:, [0, 1] * (channels // 2)], rate)
    monkeypatch.setattr("mug.data.long_audio.WHOLE_SECONDS", 0.5)
    monkeypatch.setattr("mug.data.playable.decode", None)
    with playable(path) as (file, said):
        sound = decode(file)
        assert (file.name, sound.kind, said.count("osu! does not play")) == ("a.ogg", "ogg vorbis", 1)
        assert onsets(file) == pytest.approx(onsets(path), abs=0.001)
        assert (sound.sr, sound.samples.shape[1]) == (SR, 2 if channels == 2 else 1)
        assert len(sound.samples) / sound.sr == pytest.approx(len(CLICKS) / rate, abs=0.001)


def test_long_music_that_osu_plays_stays_as_it_is(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.mp3", CLICKS, SR)
    monkeypatch.setattr("mug.data.long_audio.WHOLE_SECONDS", 0.5)
    monkeypatch.setattr("mug.data.playable.decode", None)
    with playable(tmp_path / "a.mp3") as (file, said):
        assert (file, said) == (tmp_path / "a.mp3", "")
