"""Charts without their constant offset from the audio, so that figures do not measure how a file was encoded.

The offset of a person's chart is measured against the audio, never against the chart that it is compared with.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.data.chart_offset import ChartOffset, SongOffset
from mug.data.song_offsets import ChartedSong, measure_offsets
from mug.metrics.references import Reference

ABOUT = "offsets of the references from their audio"


def reference_offsets(
    references: Sequence[Reference], everyone: Sequence[Reference], tqdm_class: Callable[..., Any] = tqdm
) -> dict[Path, ChartOffset]:
    """Measure the offset of each reference and of the other charts of its song, all of which vote; by path.

    Charts without audio, or whose audio cannot be decoded, are left out.
    """
    wanted = {reference.song for reference in references}
    songs: dict[tuple[str, Path], list[Reference]] = {}
    for reference in everyone:
        if reference.song in wanted and reference.audio is not None:
            songs.setdefault((reference.song, reference.audio), []).append(reference)
    charted = [
        ChartedSong(audio, tuple(np.array([note.start_ms for note in r.chart.notes]) for r in charts))
        for (_, audio), charts in songs.items()
    ]
    found: dict[Path, ChartOffset] = {}
    for charts, offset in zip(songs.values(), measure_offsets(charted, tqdm_class=tqdm_class), strict=True):
        if isinstance(offset, SongOffset):
            found |= {reference.path: offset.of(i) for i, reference in enumerate(charts)}
    return found


def shift_ms(offset: ChartOffset | None) -> float:
    """What to add to a chart's notes to remove its offset: 0 if that is unsure, or not measured."""
    return offset.offset_ms if offset is not None and offset.is_sure else 0.0


def offsets_text(offsets: Iterable[ChartOffset]) -> str:
    """A line about the offsets of charts: median, quartiles, and how many are unsure."""
    measured = list(offsets)
    sure = [offset.offset_ms for offset in measured if offset.is_sure]
    if not measured:
        return f"{ABOUT}: not measured"
    unsure = len(measured) - len(sure)
    parts = [f"{unsure} of {len(measured)} charts unsure, taken as 0"] if unsure else []
    if sure:
        low, median, high = np.quantile(sure, (0.25, 0.5, 0.75)).round().astype(int)
        parts.insert(0, f"median {median:+d} ms, half of them from {low:+d} to {high:+d} ms")
    return f"{ABOUT}: {'; '.join(parts)}"


def offsets_json(offsets: Mapping[Path, ChartOffset]) -> dict[str, dict[str, Any]]:
    """The offset of each chart as JSON values."""
    return {
        str(path): {"offset_ms": round(offset.offset_ms, 1), "confidence": round(offset.confidence, 1)}
        for path, offset in offsets.items()
    }
