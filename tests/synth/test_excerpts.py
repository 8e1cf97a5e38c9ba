"""Excerpts: ten seconds of each song from its chorus on, and one picture of their charts."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.synth.excerpts import write_excerpts


def song(folder: Path, seconds: float, preview_ms: int) -> Path:
    """A set folder with three charts, and audio that says the time."""
    folder.mkdir()
    samples = np.arange(seconds * 1000, dtype=np.float32) / 100_000
    soundfile.write(folder / "audio.flac", np.stack([samples, samples], axis=1), 1000)
    for n_notes in (3, 5, 40):
        notes = [Note(100 * i, i % 4) for i in range(n_notes)]
        chart = Beatmap(keys=4, notes=notes, timing_points=[TimingPoint(0, 500)], audio_filename="audio.flac")
        chart.preview_ms, chart.version = preview_ms, str(n_notes)
        chart.metadata = {"Tags": "synthesised jazz"}
        write_osu(chart, folder / f"{n_notes}.osu")
    return folder


def test_excerpts_start_at_the_chorus_or_fit_in(tmp_path: Path) -> None:
    songs = [song(tmp_path / "long", 30, 12_000), song(tmp_path / "late", 30, 25_000), song(tmp_path / "tiny", 4, 0)]
    written = write_excerpts(songs, tmp_path / "out")
    assert [path.name for path in written] == ["01.flac", "02.flac", "03.flac"]
    for path, starts_s, lasts_s in zip(written, (12, 20, 0), (10, 10, 4), strict=True):
        samples, sample_rate = soundfile.read(path)
        assert len(samples) == lasts_s * sample_rate
        assert samples[1000, 0] == pytest.approx((starts_s + 1) / 100, abs=1e-3)
        assert samples[0, 0] == samples[-1, 0] == 0
    sheet = np.asarray(Image.open(tmp_path / "out" / "charts.png"))
    assert sheet.shape[0] > 1000


def test_ten_excerpts_are_enough(tmp_path: Path) -> None:
    songs = [song(tmp_path / str(i), 11, 0) for i in range(12)]
    assert len(write_excerpts(songs, tmp_path / "out")) == 10
