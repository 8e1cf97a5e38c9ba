"""Measures the offsets of many songs' charts from their audio files, in several processes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.data.audio import load_audio
from mug.data.chart_offset import SETTINGS, SongOffset, song_offset
from mug.errors import AudioError
from mug.parallel import parallel_map

SONGS_A_PROCESS = 4


@dataclass(frozen=True, slots=True)
class ChartedSong:
    """An audio file, and the times of the notes in each of its charts, in ms."""

    audio: Path
    charts_ms: tuple[np.ndarray, ...]


def measure_offsets(
    songs: Sequence[ChartedSong], jobs: int | None = None, tqdm_class: Callable[..., Any] = tqdm
) -> Iterator[SongOffset | str]:
    """Yield the offset of each song, or the reason if its audio cannot be decoded. `jobs`: None for one per core."""
    return parallel_map(_measure, songs, jobs, tqdm_class, items_a_process=SONGS_A_PROCESS, desc="offsets", unit="song")


def _measure(song: ChartedSong) -> SongOffset | str:
    try:
        return song_offset(song.charts_ms, load_audio(song.audio, SETTINGS))
    except AudioError as error:
        return str(error)
