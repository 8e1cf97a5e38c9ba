"""Songs folders as users have them, for tests of what gathers and describes charts."""

import zipfile
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu
from mug.report import Report

FEATURES = "configs/mug/mania_beatmap_features.yaml"


class Quiet(tqdm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, disable=True)


def chart(keys=4, **changes) -> bytes:
    notes = [Note(250.0 * i, i % keys, 250.0 * i + 100 if i % 4 == 0 else None) for i in range(40)]
    return format_osu(Beatmap(keys, notes, [TimingPoint(0.0, 500.0)], **{"audio_filename": "audio.wav", **changes}))


def add_set(folder: Path, charts: dict[str, bytes], audio: str | None = "audio.wav") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in charts.items():
        (folder / name).write_bytes(data)
    if audio is not None:
        soundfile.write(str(folder / audio), np.zeros(100), 22050)
    return folder


def add_package(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)


def lines(out: Path) -> list[str]:
    return (out / "beatmap.txt").read_text(encoding="utf-8").split("\n")[:-1]


def skipped(report: Report) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for kind, message in report.skipped:
        kinds.setdefault(kind, []).append(message)
    return kinds
