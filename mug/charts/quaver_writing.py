"""Write Quaver's .qua files (YAML). Notes lie on whole milliseconds; bars have three or four beats."""

import json
from collections.abc import Iterator

import numpy as np

from mug.charts.beat_grid import placed
from mug.charts.beatmap import Beatmap
from mug.charts.foreign_text import one_line
from mug.charts.osu_edit import completed
from mug.charts.osu_lines import decimal
from mug.charts.quaver import KEYS
from mug.charts.remarks import Remarks
from mug.errors import ChartError

MODE_OF = {keys: mode for mode, keys in KEYS.items()}
DIGITS = 10  # of a tempo


def format_quaver(chart: Beatmap, remarks: Remarks) -> bytes:
    """Return a chart as a .qua file. Raises ChartError for more keys than Quaver has (1 to 10), and for no notes."""
    if chart.keys not in MODE_OF:
        raise ChartError(f"'{chart.version}': Quaver has no mode of {chart.keys} keys; it has 1 to {max(MODE_OF)}")
    if not chart.notes:
        raise ChartError(f"'{chart.version}' has no notes to write")
    return "\n".join([*_head(chart), *_points(chart, remarks), *_notes(chart, remarks), ""]).encode()


def _head(chart: Beatmap) -> Iterator[str]:
    texts: dict[str, object] = {
        "AudioFile": chart.audio_filename,
        "SongPreviewTime": chart.preview_ms if chart.preview_ms >= 0 else None,
        "BackgroundFile": chart.background,
        "MapId": -1,
        "MapSetId": -1,
        "Mode": MODE_OF[chart.keys],
        "Title": chart.metadata.get("TitleUnicode") or chart.title,
        "Artist": chart.metadata.get("ArtistUnicode") or chart.artist,
        "Source": chart.metadata.get("Source", ""),
        "Tags": chart.metadata.get("Tags", ""),
        "Creator": chart.creator,
        "DifficultyName": chart.version,
        "Description": "",
        "EditorLayers": [],
        "CustomAudioSamples": [],
        "SoundEffects": [],
        "SliderVelocities": [],
    }
    for key, value in texts.items():
        if value is not None:
            # JSON's texts are YAML's between double quotes
            yield f"{key}: {json.dumps(one_line(value), ensure_ascii=False) if isinstance(value, str) else value}"


def _points(chart: Beatmap, remarks: Remarks) -> Iterator[str]:
    yield "TimingPoints:"
    for point in completed(chart).timing_points:
        if point.meter not in (3, 4):
            remarks.add("bars of other than 3 or 4 beats, which Quaver counts as 4", f"{point.meter} beats")
        yield f"- StartTime: {decimal(point.time_ms)}"
        yield f"  Bpm: {decimal(point.bpm, DIGITS)}"
        yield f"  Signature: {'Triple' if point.meter == 3 else 'Quadruple'}"


def _notes(chart: Beatmap, remarks: Remarks) -> Iterator[str]:
    yield "HitObjects:"
    for note in placed(chart.notes, lambda times_ms: np.rint(times_ms).astype(np.int64), remarks):
        yield f"- StartTime: {note.start}"
        yield f"  Lane: {note.column + 1}"
        if note.end is not None:
            yield f"  EndTime: {note.end}"
        yield "  KeySounds: []"
