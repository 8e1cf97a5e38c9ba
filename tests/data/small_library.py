"""Prepared folders of a few short songs with a click at every note, for tests of what reads such folders."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.config import PROJECT_ROOT
from mug.prepare.describe import prepare_features

SR = 22050
FEATURES = str(PROJECT_ROOT / "configs" / "mug" / "mania_beatmap_features.yaml")
AUDIO = {"n_mels": 32, "max_audio_frame": 256}  # items of 1.49 s, 32 note frames


def click_notes(seconds: float, seed: int = 0, keys: int = 4) -> list[Note]:
    """Plain notes at irregular times, at least 180 ms apart."""
    rng = np.random.default_rng(seed)
    gaps = rng.uniform(180, 300, int(seconds * 1000 / 240))
    times = np.round(100 + np.cumsum(gaps))
    return [Note(float(time), int(rng.integers(keys))) for time in times if time < seconds * 1000 - 100]


def write_clicks(path: Path, times_ms: list[float], seconds: float) -> Path:
    """Silence, with one loud sample at each time."""
    samples = np.zeros(int(seconds * SR), dtype=np.float32)
    samples[[round(time / 1000 * SR) for time in times_ms]] = 0.9
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SR)
    return path


def write_set(
    folder: Path,
    set_id: int,
    notes: list[Note] | None = None,
    seconds: float = 3.0,
    versions: tuple[str, ...] = ("Easy",),
    keys: int = 4,
) -> list[Path]:
    """A song's folder with its audio and charts; return the charts."""
    notes = click_notes(seconds, set_id, keys) if notes is None else notes
    write_clicks(folder / "audio.wav", [note.start_ms for note in notes], seconds)
    charts = []
    for version in versions:
        names = {"title": folder.name, "artist": "Clicks", "creator": "test", "version": version}
        chart = Beatmap(keys, notes, [TimingPoint(0, 500)], audio_filename="audio.wav", beatmap_set_id=set_id, **names)
        charts.append(folder / f"{version}.osu")
        write_osu(chart, charts[-1])
    return charts


def write_library(folder: Path, n_sets: int = 1, **params: Any) -> Path:
    """A prepared folder of sets 1, 2, 3...: charts, audio, features.db and the beatmap.txt that is returned."""
    charts = [chart for i in range(1, n_sets + 1) for chart in write_set(folder / f"song {i}", i, **params)]
    return list_charts(folder, charts)


def list_charts(folder: Path, charts: list[Path]) -> Path:
    """Write the beatmap.txt and the features.db of these charts."""
    beatmap_txt = folder / "beatmap.txt"
    beatmap_txt.write_text("".join(f"{chart.relative_to(folder).as_posix()}\n" for chart in charts), encoding="utf-8")
    prepare_features(beatmap_txt, FEATURES, tqdm_class=lambda items, **_: items)
    return beatmap_txt
