"""Drum hits at known times, and a chart's worth of them."""

from pathlib import Path

import numpy as np
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.data.chart_offset import SETTINGS

SECONDS = 20
RHYTHM = (0, 1, 2, 4, 6, 7, 8, 9, 12, 14)  # sixteenths of a measure; not the same forwards from any of them
SIXTEENTH_MS = 83.0
HITS_MS = np.array([500 + (16 * bar + at) * SIXTEENTH_MS for bar in range(14) for at in RHYTHM])


def drums(times_ms: np.ndarray, loudness: float = 0.3) -> np.ndarray:
    """Bursts of noise that die away within 60 ms, at these times in ms: float32 [S]."""
    rng = np.random.default_rng(7)
    samples = np.zeros(SECONDS * SETTINGS.sr)
    length = SETTINGS.sr // 10
    fading = np.exp(-np.arange(length) / SETTINGS.sr / 0.015)
    for time_ms in times_ms:
        first = round(time_ms / 1000 * SETTINGS.sr)
        samples[first : first + length] += loudness * fading * rng.standard_normal(length)
    return samples.astype(np.float32)


def write_drums(path: Path) -> Path:
    """A file of hits at HITS_MS."""
    soundfile.write(path, drums(HITS_MS), SETTINGS.sr)
    return path


def write_drum_chart(folder: Path, version: str, early_ms: float, every: int = 1) -> Path:
    """A chart of the hits in `folder/audio.wav`, or of some of them, with its red line on the first, all this early."""
    notes = [Note(float(time), i % 4) for i, time in enumerate(HITS_MS[::every] - early_ms)]
    path = folder / f"{version}.osu"
    names = {"title": folder.name, "artist": "Drums", "version": version, "audio_filename": "audio.wav"}
    write_osu(Beatmap(4, notes, [TimingPoint(500.0 - early_ms, 332.0)], **names), path)
    return path
