"""Long songs are read in pieces, and are then what they are as a whole."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.checkpoints.trained_model import load_trained_model
from mug.data import long_audio
from mug.data.beat_axis import TimeSettings
from mug.errors import AudioError
from mug.generation import prepared, song_reader
from mug.generation.prepared import motifs_of
from mug.generation.silence import silent_spans
from mug.generation.song import Song
from mug.generation.song_reader import SongReader


@pytest.fixture
def reader(tiny_checkpoint) -> SongReader:
    return SongReader(load_trained_model(tiny_checkpoint))


@pytest.fixture
def song(tmp_path) -> Path:
    """Nine seconds: a burst every half second, the same four, and two seconds of silence."""
    rng = np.random.default_rng(0)
    bursts = rng.normal(0, 0.2, (4, 11025)) * np.exp(-np.arange(11025) / 900)
    samples = np.concatenate([bursts.ravel(), bursts.ravel(), np.zeros(44100), bursts.ravel()[:44100]])
    path = tmp_path / "song.wav"
    soundfile.write(path, samples, 22050)
    return path


def shorten(monkeypatch, seconds: float) -> None:
    """Call songs of more than that long."""
    for module in (song_reader, long_audio):
        monkeypatch.setattr(module, "WHOLE_SECONDS", seconds)


def test_a_long_song_is_prepared_like_others(reader, song, monkeypatch):
    reader.time = TimeSettings("beats", 8)
    known = Song(bpm=120.0, offset_ms=0.0)
    whole = reader.read(song, known)
    shorten(monkeypatch, 6.0)
    monkeypatch.setattr(song_reader, "BLOCK_FRAMES", 100)
    monkeypatch.setattr("mug.generation.silence.BLOCK_FRAMES", 77)
    parts = SongReader.read(_again(reader), song, known)
    assert isinstance(parts.spectrum.base, np.ndarray)
    np.testing.assert_allclose(parts.spectrum.astype(np.float32), whole.spectrum, rtol=1e-3, atol=1e-3)
    assert (parts.silences, parts.end_ms, parts.bpm) == (whole.silences, whole.end_ms, whole.bpm)
    assert parts.silences == [(pytest.approx(3760, abs=60), pytest.approx(6000, abs=30))]


def test_a_song_of_more_than_six_hours_is_refused(reader, song, monkeypatch):
    shorten(monkeypatch, 3.0)
    monkeypatch.setattr(song_reader, "MAX_MINUTES", 0.1)
    with pytest.raises(AudioError, match=r"song\.wav: 0\.1 minutes long; at most 0\.1 can be used\. Cut it first"):
        reader.read(song, Song())


def test_measures_repeat_others_of_their_section(reader, song, monkeypatch):
    reader.time = TimeSettings("beats", 8)
    whole = reader.read(song, Song(bpm=120.0, offset_ms=0.0))
    assert whole.motifs.models[:2] == [None, 0]
    monkeypatch.setattr(prepared, "WHOLE_LATENTS", 10)
    for measures, models in ((len(whole.motifs.models), whole.motifs.models), (1, [None] * len(whole.motifs.models))):
        monkeypatch.setattr(prepared, "SECTION_MEASURES", measures)
        found = motifs_of(whole.spectrum, whole.axis, reader.grid)
        assert (found.starts, found.models) == (whole.motifs.starts, models)


def test_a_song_is_heard_once_for_every_title(reader, song, monkeypatch):
    reader.time = TimeSettings("beats", 8)
    heard = []
    listen = song_reader.hear_timing
    monkeypatch.setattr(song_reader, "hear_timing", lambda *given: heard.append(listen(*given)) or heard[-1])
    monkeypatch.setattr(song_reader, "shipped_listener", lambda settings: None)
    timings = [reader.read(song, Song(title=title)).timing for title in ("one", "another")]
    assert [timing.points for timing in timings] == [reader.heard(song).timing_points] * 2
    assert len(heard) == 1
    song.write_bytes(song.read_bytes() + b"  ")
    reader.heard(song)
    assert len(heard) == 2


def test_silence_is_found_across_blocks(reader, song, monkeypatch):
    spectrum = reader.spectrum(song)
    spans = silent_spans(spectrum, reader.audio_settings)
    monkeypatch.setattr("mug.generation.silence.BLOCK_FRAMES", 50)
    assert silent_spans(spectrum, reader.audio_settings) == spans


def _again(reader: SongReader) -> SongReader:
    """The same reader, having read nothing."""
    reader._spectrum_of = reader._prepared_of = (None, None)
    return reader
