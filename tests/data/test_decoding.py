"""Music files that are damaged, joined, of a wrong length or in another format are heard to their end."""

import io
import re
import struct
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from mug.data.audio import decode_audio
from mug.data.decoding import decode
from mug.errors import AudioError

SR = 22050
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 0.1, (4 * SR, 1)) + 0.3 * np.sin(np.arange(4 * SR) / 5)[:, None]


def encoded(samples=NOISE, sr=SR, **how) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, sr, **(how or {"format": "MP3"}))
    return buffer.getvalue()


MP3 = encoded()
OGG = encoded(format="OGG", subtype="VORBIS")
HALF, BYTES_S = len(MP3) // 2, len(MP3) / 4
INFO = MP3.index(b"Info") if b"Info" in MP3 else MP3.index(b"Xing")


def stated(n_frames: int) -> bytes:
    return MP3[: INFO + 8] + struct.pack(">I", n_frames) + MP3[INFO + 12 :]


def heard(path, content: bytes):
    path.write_bytes(content)
    return decode(path)


@pytest.mark.parametrize(
    ("content", "seconds", "lost_s", "as_it_is"),
    [
        (MP3, 4.0, 0.0, True),
        (MP3 + b"TAG" + bytes(125), 4.0, 0.0, True),
        (MP3 + bytes(3000), 4.0, 0.0, True),
        (bytes(3000) + MP3, 4.0, 0.0, True),
        (MP3[:HALF] + bytes(2000) + MP3[HALF + 2000 :], 4 - 2000 / BYTES_S, 2000 / BYTES_S, False),
        (MP3[:HALF] + MP3[HALF + 2000 :], 4 - 2000 / BYTES_S, 0.0, False),
        (MP3[:HALF], 1.9, 2.0, False),
        (stated(20), 4.0, 0.0, False),
        (stated(100_000), 4.0, 0.0, False),
        (MP3 + MP3, 8.0, 0.0, False),
        (MP3 + b"ID3\4\0\0\0\0\0\20" + bytes(16) + encoded(NOISE[:, [0, 0]], 44100), 6.0, 0.0, False),
    ],
    ids=["whole", "tag", "tail", "lead", "zeroed", "removed", "cut", "short", "long", "joined", "formats"],
)
def test_an_mp3_is_heard_to_its_end(tmp_path, capfd, content, seconds, lost_s, as_it_is):
    sound = heard(tmp_path / "a.mp3", content)
    assert len(sound.samples) / SR == pytest.approx(seconds, abs=0.15)
    assert sound.lost_s == pytest.approx(lost_s, abs=0.15)
    assert (sound.sr, sound.kind, sound.as_it_is) == (SR, "mp3", as_it_is)
    assert np.abs(sound.samples[-SR // 4 :]).max() > 0.2
    assert capfd.readouterr().err == ""


def test_a_whole_mp3_is_decoded_as_ever(tmp_path):
    (tmp_path / "a.mp3").write_bytes(MP3)
    with soundfile.SoundFile(tmp_path / "a.mp3") as file:
        expected = file.read(dtype="float32", always_2d=True)
    for content in (MP3, MP3 + bytes(3000), bytes(3000) + MP3):
        np.testing.assert_array_equal(heard(tmp_path / "b.mp3", content).samples, expected)


def test_the_length_of_an_mp3_without_a_header_is_found(tmp_path):
    quiet_first = np.concatenate([np.zeros((SR, 1)), NOISE])  # the first frames are small, and the length is a guess
    whole = encoded(quiet_first, format="MP3", bitrate_mode="VARIABLE")
    header = re.search(rb"Info|Xing", whole).start()
    start = whole.index(whole[:2], header)
    assert len(heard(tmp_path / "a.mp3", whole[start:]).samples) / SR == pytest.approx(5.0, abs=0.1)


def test_what_is_lost_is_said(tmp_path):
    (tmp_path / "a.mp3").write_bytes(MP3[:HALF] + bytes(2000) + MP3[HALF + 2000 :])
    with pytest.warns(UserWarning, match=r"a\.mp3: damaged; about 0\.\d s could not be decoded"):
        decode_audio(tmp_path / "a.mp3", SR)


def test_the_case_of_a_damaged_mp3(shared, capfd):
    with pytest.warns(UserWarning, match="about 0.7 s"):
        assert len(decode_audio(shared / "cases" / "mp3_with_damage_in_the_middle.mp3", SR)) / SR > 5.25
    assert capfd.readouterr().err == ""


def test_chained_streams_are_one_song(tmp_path):
    other = encoded(np.repeat(NOISE, 2, axis=0), 44100, format="OGG", subtype="VORBIS")
    for content in (OGG + OGG, OGG + other, b"junk" + OGG + other):
        sound = heard(tmp_path / "a.ogg", content)
        assert (len(sound.samples), sound.sr, sound.kind, sound.as_it_is) == (8 * SR, SR, "ogg vorbis", False)


def test_a_damaged_ogg_is_heard_to_its_end(tmp_path):
    third = OGG.index(b"OggS", len(OGG) // 2)
    sound = heard(tmp_path / "a.ogg", OGG[: third + 40] + bytes(9) + OGG[third + 49 :])
    assert sound.lost_s > 0.2
    assert len(sound.samples) / SR + sound.lost_s == pytest.approx(4.0)
    assert not sound.as_it_is


def test_a_length_that_cannot_be_is_not_said(tmp_path):
    flac = bytearray(encoded(format="FLAC"))
    number = int.from_bytes(flac[18:26], "big")
    flac[18:26] = (number >> 36 << 36).to_bytes(8, "big")  # 0 samples: how many there are is not known
    pytest.importorskip("av")
    assert len(heard(tmp_path / "a.flac", bytes(flac)).samples) == 4 * SR


def test_a_recording_that_was_not_closed_is_heard(tmp_path):
    pytest.importorskip("av")
    wav = bytearray(encoded(format="WAV"))
    at = wav.index(b"data") + 4
    wav[at : at + 4] = bytes(4)
    assert len(heard(tmp_path / "a.wav", bytes(wav)).samples) == 4 * SR


def test_damaged_flac_is_heard_to_its_end(tmp_path):
    pytest.importorskip("av")
    flac = encoded(format="FLAC")
    sound = heard(tmp_path / "a.flac", flac[:20_000] + bytes(500) + flac[20_500:])
    assert len(sound.samples) / SR == pytest.approx(4.0, abs=0.5)
    assert not sound.as_it_is


def test_aac_by_any_name(tmp_path, shared, capfd):
    pytest.importorskip("av")
    sound = decode(shared / "cases" / "aac_called_mp3.mp3")
    assert (sound.kind, sound.sr, sound.as_it_is) == ("aac", 44100, True)
    assert len(sound.samples) / sound.sr == pytest.approx(6.0, abs=0.05)
    assert capfd.readouterr().err == ""


def test_a_click_stays_where_it_is_in_m4a(tmp_path):
    av = pytest.importorskip("av")
    clicks = np.zeros((1, 44100), np.float32)
    clicks[0, 22050:22090] = 0.8
    with av.open(str(tmp_path / "a.m4a"), "w") as file:
        stream = file.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(clicks, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    sound = decode(tmp_path / "a.m4a")
    assert np.abs(sound.samples[:, 0]).argmax() / 44100 == pytest.approx(0.5, abs=0.002)


def test_a_playlist_is_no_music(tmp_path):
    (tmp_path / "list.mp3").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(AudioError, match=r"list\.mp3: not decodable"):
        decode(tmp_path / "list.mp3")


def test_a_long_song_is_refused_by_its_header_with_advice(tmp_path, monkeypatch):
    for name, content in (("a b.mp3", MP3), ("a.ogg", OGG), ("a.wav", encoded(format="WAV"))):
        (tmp_path / name).write_bytes(content)
        monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("decoded"))
        with pytest.raises(AudioError, match=r"0\.1 minutes long; at most 0.* can be used\. Cut it first.* -t 2 -c"):
            decode(tmp_path / name, max_seconds=2.0)
