"""The human charts used as references: from a dataset's split, or from a folder of songs."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import files_under
from mug.charts.osu import parse_osu, read_osu
from mug.data.library import load_entries
from mug.data.split import SplitSpec
from mug.errors import ChartError, DatasetError
from mug.features import FeatureSpec
from mug.files import file_beside
from mug.ratings.chart_features import chart_features
from mug.ratings.stars import star_rating
from mug.report import Report

MIN_NOTES = 2
AI_MODE = "AIMode"  # metadata entry naming the program that wrote a chart


@dataclass(frozen=True)
class Reference:
    """A human's chart, its audio (None if missing) and its features."""

    path: Path  # absolute
    song: str  # the same for all charts of one song
    chart: Beatmap
    audio: Path | None
    features: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stars(self) -> float:
        return float(self.features["sr"])


def references_in(
    folders: Sequence[Path],
    keys: int | None = None,
    needs_audio: bool = True,
    tqdm_class: Callable[..., Any] = tqdm,
) -> tuple[list[Reference], Report]:
    """Read the .osu charts under folders, and report which were skipped and why.

    keys: key count of all charts, None for that of the first. Raises DatasetError if none can be used.
    """
    for folder in folders:
        if not folder.is_dir():
            raise DatasetError(f"{folder}: no such folder of songs")
    report = Report()
    found: list[Reference] = []
    files = sorted({path for folder in folders for path in files_under(_absolute(folder), (".osu",))})
    for path in tqdm_class(files, desc="charts", unit="chart", disable=None):
        try:
            data = path.read_bytes()
            chart = parse_osu(data, str(path))
            if keys is None:
                keys = chart.keys
            if chart.keys != keys:
                report.skip("other key count", f"{path}: {chart.keys}K, but this evaluation is of {keys}K")
                continue
            audio = file_beside(path, chart.audio_filename)
            if needs_audio and audio is None:
                report.skip("without audio", f"{path}: its audio file '{chart.audio_filename}' is missing")
                continue
            features = chart_features(chart, data)
        except OSError as error:
            report.skip("unreadable", f"{path}: cannot be read: {error.strerror}")
            continue
        except ChartError as error:
            report.skip("unusable", str(error) if str(path) in str(error) else f"{path}: {error}")
            continue
        _add(found, Reference(path, _song(path, chart), chart, audio, features), report)
    report.done = len(found)
    if not found:
        names = ", ".join(map(str, folders))
        raise DatasetError(f"{names}: no usable chart; give a folder with .osu files\n{report}")
    return found, report


def references_of(
    beatmap_txt: Path, spec: FeatureSpec, keys: int, splits: Iterable[str], division: SplitSpec
) -> tuple[list[Reference], Report]:
    """Read the charts of some splits of a prepared dataset, with their features from features.db beside the list.

    division: how training divided the song sets. Raises DatasetError if no chart is left.
    """
    splits = list(splits)
    report = Report()
    found: list[Reference] = []
    for split in splits:
        entries, loaded = load_entries([str(beatmap_txt)], spec, keys, split, division, None)
        report.skipped += loaded.skipped
        for entry in entries:
            path = _absolute(entry.path)
            try:
                chart = read_osu(path)
                audio = file_beside(path, chart.audio_filename)
                if audio is None:
                    report.skip("without audio", f"{path}: its audio file '{chart.audio_filename}' is missing")
                    continue
                stars = entry.prompt.get("sr")  # a model may have been trained without stars
                features = {**entry.prompt, "sr": star_rating(chart) if stars is None else stars}
            except ChartError as error:
                report.skip("unusable", str(error) if str(path) in str(error) else f"{path}: {error}")
                continue
            _add(found, Reference(path, _song(path, chart), chart, audio, features), report)
    report.done = len(found)
    if not found:
        raise DatasetError(
            f"{beatmap_txt}: no usable chart in the split {', '.join(splits)}; give another --split, or the "
            f"fractions used in training\n{report}"
        )
    return found, report


def chosen(references: Sequence[Reference], per_song: int | None, limit: int | None) -> list[Reference]:
    """Return at most `per_song` charts of each song, spread evenly over its difficulties, and `limit` in all.

    A single chart is the one of middle difficulty. If there are too many, songs lose one chart in turn, the last ones
    first.
    """
    by_song: dict[str, list[Reference]] = {}
    for reference in sorted(references, key=lambda reference: (reference.song, reference.stars, reference.path)):
        by_song.setdefault(reference.song, []).append(reference)
    kept = {song: spread(charts, per_song) for song, charts in by_song.items()}
    turns = sorted((turn, song) for song, charts in kept.items() for turn in range(len(charts)))
    stays: dict[str, int] = {}
    for _, song in turns[:limit]:
        stays[song] = stays.get(song, 0) + 1
    return [reference for song, count in stays.items() for reference in spread(kept[song], count)]


def spread(charts: Sequence[Reference], count: int | None) -> list[Reference]:
    """Return `count` charts evenly spread from easiest to hardest; the middle one if count is 1."""
    if count is None or count >= len(charts):
        return list(charts)
    places = [len(charts) // 2] if count == 1 else np.linspace(0, len(charts) - 1, count).round().astype(int).tolist()
    return [charts[place] for place in places]


def _song(path: Path, chart: Beatmap) -> str:
    return f"{path.parent}/{chart.audio_filename.casefold()}"


def _absolute(path: Path) -> Path:
    """Make a path absolute, so that its folder has a name even for "." or ".."; links are not resolved."""
    return Path(os.path.abspath(path))


def _add(found: list[Reference], reference: Reference, report: Report) -> None:
    if AI_MODE in reference.chart.metadata:
        report.skip("by a program", f"{reference.path}: not by a human, according to its {AI_MODE}")
        return
    if len({note.start_ms for note in reference.chart.notes}) < MIN_NOTES:
        report.skip("too short", f"{reference.path}: all its notes are at one time; nothing can be compared")
        return
    found.append(reference)
