"""SoundFonts: damaged ones are refused before the player sees them, and good ones play notes of any length."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from mug.errors import ConfigError
from mug.synth import soundfont
from mug.synth.sound import SAMPLE_RATE
from mug.synth.soundfont import DRUM_BANK, SoundFont
from tests.synth.tiny_soundfont import tiny_soundfont


def test_a_font_knows_its_presets_and_its_contents(tmp_path: Path) -> None:
    font = SoundFont.read(tiny_soundfont(tmp_path / "tiny.sf2"))
    assert font.presets == {(0, 0), (DRUM_BANK, 0)}
    assert len(font.digest) == 8
    assert font.digest == SoundFont.read(tiny_soundfont(tmp_path / "again.sf2")).digest


def test_a_note_has_its_pitch_and_length(tmp_path: Path) -> None:
    pytest.importorskip("tinysoundfont")
    font = SoundFont.read(tiny_soundfont(tmp_path / "tiny.sf2"))
    for bank, pitch, hz in ((0, 60, 500), (0, 72, 1000), (DRUM_BANK, 60, 500)):
        sound = font.note(bank, 0, pitch, 100, 0.2, 0.05)
        assert len(sound) == round(0.25 * SAMPLE_RATE)
        assert np.abs(np.fft.rfft(sound)).argmax() * 4 == pytest.approx(hz, abs=8)
    assert np.array_equal(sound, font.note(DRUM_BANK, 0, 60, 100, 0.2, 0.05))


def test_a_soundfont_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such SoundFont"):
        SoundFont.read(tmp_path / "none.sf2")
    (tmp_path / "text.sf2").write_text("RIFF, but a text")
    (tmp_path / "empty.sf2").touch()
    for name in ("text.sf2", "empty.sf2"):
        with pytest.raises(ConfigError, match=f"{name}: not a SoundFont"):
            SoundFont.read(tmp_path / name)
    huge = tiny_soundfont(tmp_path / "huge.sf2")
    os.truncate(huge, 2**31 + 1)
    with pytest.raises(ConfigError, match=r"2\.0 GiB is too big"):
        SoundFont.read(huge)


def test_a_damaged_font_is_refused(tmp_path: Path) -> None:
    path = tiny_soundfont(tmp_path / "tiny.sf2")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(ConfigError, match="cut off"):
        SoundFont.read(path)
    path.write_bytes(whole.replace(b"shdr", b"none"))
    with pytest.raises(ConfigError, match="damaged"):
        SoundFont.read(path)
    for damage in ({"first_bag": 7}, {"first_bag": 2}):
        with pytest.raises(ConfigError, match="damaged"):
            SoundFont.read(tiny_soundfont(path, **damage))
    with pytest.raises(ConfigError, match="compressed SoundFont"):
        SoundFont.read(tiny_soundfont(path, sample_type=0x11))


def test_a_sound_past_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    path = tiny_soundfont(tmp_path / "tiny.sf2")
    whole = bytearray(path.read_bytes())
    end = whole.index(b"tone") + 24
    whole[end : end + 4] = (10**9).to_bytes(4, "little")
    path.write_bytes(whole)
    with pytest.raises(ConfigError, match="damaged"):
        SoundFont.read(path)


def test_without_the_player_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinysoundfont", None)
    soundfont._player.cache_clear()
    font = SoundFont.read(tiny_soundfont(tmp_path / "tiny.sf2"))
    with pytest.raises(ConfigError, match="pip install"):
        font.note(0, 0, 60, 100, 0.1, 0.1)
