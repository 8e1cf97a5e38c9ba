"""Excerpts of songs to listen to, and a picture of their charts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from mug.charts.osu import read_osu
from mug.pictures.sheet import Excerpt, draw_sheet

MOST, SECONDS, FADE_S = 10, 10.0, 0.05
SHEET = "charts.png"


def write_excerpts(songs: Sequence[Path], folder: str | Path) -> list[Path]:
    """Write 10 s of each composed song (the first ten) as "01.flac" and so on, and their charts as "charts.png".

    `songs` are set folders of `write_songs`. An excerpt begins at the song's preview (its first chorus), or earlier if
    the song is too short, and its chart is the one with the median number of notes. Returns the audio files.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    charts: list[Excerpt] = []
    for number, song in enumerate(songs[:MOST], 1):
        beatmaps = sorted((read_osu(path) for path in sorted(song.glob("*.osu"))), key=lambda chart: len(chart.notes))
        chart = beatmaps[len(beatmaps) // 2]
        samples, sample_rate = soundfile.read(song / chart.audio_filename, dtype="float32")
        n_samples = round(SECONDS * sample_rate)
        start = max(min(chart.preview_ms * sample_rate // 1000, len(samples) - n_samples), 0)
        excerpt = samples[start : start + n_samples]
        ramp = np.linspace(0, 1, round(FADE_S * sample_rate), dtype=np.float32)[:, None]
        excerpt[: len(ramp)] *= ramp
        excerpt[-len(ramp) :] *= ramp[::-1]
        written.append(folder / f"{number:02d}.flac")
        soundfile.write(written[-1], excerpt, sample_rate)
        genre = " ".join(tag for tag in chart.metadata["Tags"].split()[1:] if not tag.startswith("soundfont-"))
        charts.append(Excerpt(f"{number:02d} {genre}", chart, start / sample_rate * 1000))
    draw_sheet(charts, SECONDS * 1000).save(folder / SHEET)
    return written
