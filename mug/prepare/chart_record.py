"""The record of a chart in features.db, computed from its file. Runs in worker processes.

Axis: N notes.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beatmap import MAX_TIME_MS, Beatmap, TimingPoint, note_arrays
from mug.charts.osu import MAX_OBJECTS, parse_osu
from mug.errors import ChartError, DatasetError
from mug.prepare.speeds import speeds_of
from mug.ratings.chart_features import note_features
from mug.ratings.skillsets import SKILLSET_FEATURES, skillset_features
from mug.ratings.stars import star_ratings

RECORD_VERSION = 3  # raise it when the same file gives other notes, timing, names, speeds or NOTE_FEATURES than before
SR_FEATURES = ("sr",)
MSD_FEATURES = SKILLSET_FEATURES
NOTES, SR, MSD = "notes_by", "sr_by", "msd_by"  # parts of a record, named by the column with their version
LATEST_MS = 2 * MAX_TIME_MS  # a long note may start within a day and last for one
NOTE_BYTES = 1 + 8 + 8  # column, start, last moment
POINT_BYTES = 3 * 8  # time, length of a beat, beats per measure


@dataclass(frozen=True, slots=True)
class Task:
    """A task: compute these parts of the record of the chart at `path`, whose bytes have this digest."""

    path: Path
    digest: str
    parts: tuple[str, ...]
    rates: tuple[float, ...]  # other than 1


@dataclass(slots=True)
class Record:
    """Rows for the tables of features.db as column -> value, or the reason why there are none."""

    chart: dict[str, Any] = field(default_factory=dict)
    feature: dict[str, Any] = field(default_factory=dict)
    rated: list[dict[str, Any]] = field(default_factory=list)  # one row per rate
    error: str = ""


def digest_of(data: bytes) -> str:
    """Return the hash that identifies a file's content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read_chart(path: Path) -> bytes:
    """The bytes of a chart's file. Raises ChartError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ChartError(f"{path}: cannot be read: {error.strerror}") from error


def describe_chart(task: Task) -> Record:
    """Compute a chart's record. Problems with the chart go into the record; they are not raised."""
    try:
        data = read_chart(task.path)
        if digest_of(data) != task.digest:
            raise ChartError(f"{task.path}: changed during the run; run this again")
        chart = parse_osu(data, str(task.path))
        try:
            at_rates = _features(chart, data, task.parts, task.rates)
        except ChartError as error:
            raise ChartError(f"{task.path}: {error}") from error
    except ChartError as error:
        return Record(error=str(error))
    rated = [{"rate": rate, **row} for rate, row in zip(task.rates, at_rates[1:], strict=True) if row]
    record = Record({"digest": task.digest}, at_rates[0], rated)
    if NOTES in task.parts:
        record.chart |= {
            "set_id": chart.beatmap_set_id,
            "artist": chart.artist,
            "title": chart.title,
            "version": chart.version,
            "creator": chart.creator,
            "audio": chart.audio_filename,
            "keys": chart.keys,
            "notes": pack_notes(*note_arrays(chart.notes)),
            "timing": pack_timing(chart.timing_points),
            **asdict(speeds_of(chart)),
        }
    return record


def _features(chart: Beatmap, data: bytes, parts: Sequence[str], rates: Sequence[float]) -> list[dict[str, Any]]:
    """The features of these parts, at rate 1 and then at each of the rates."""
    at_rates: list[dict[str, Any]] = [{} for _ in (1.0, *rates)]
    if NOTES in parts:
        at_rates[0] |= note_features(chart)
    if SR in parts:
        for row, stars in zip(at_rates, star_ratings(data, (1.0, *rates)), strict=True):
            row["sr"] = stars
    if MSD in parts:
        # rate 1 alone: computed together with other rates, a rating's last digit may differ
        skillsets = skillset_features(chart, (1.0,)) + (skillset_features(chart, rates) if rates else [])
        for row, skillset in zip(at_rates, skillsets, strict=True):
            row.update(skillset)
    return at_rates


def pack_notes(column: np.ndarray, start_ms: np.ndarray, last_ms: np.ndarray) -> bytes:
    """Pack columns, starts and last moments [N] into bytes for a database, without loss.

    The bits of each time are taken as an integer, and differences of these are stored: they repeat, so they compress
    well.
    """
    start, last = (np.ascontiguousarray(times, "<f8").view("<i8") for times in (start_ms, last_ms))
    planes = (column.astype("i1"), np.diff(start, prepend=0), last - start)
    return zlib.compress(b"".join(plane.tobytes() for plane in planes), 1)


def unpack_notes(packed: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unpack what `pack_notes` packed: columns int64, starts and last moments float64, [N] each.

    Raises DatasetError for any other bytes.
    """
    try:
        data = zlib.decompressobj().decompress(packed, MAX_OBJECTS * NOTE_BYTES)
        n_notes, rest = divmod(len(data), NOTE_BYTES)
        if rest or not n_notes:
            raise ValueError(f"{len(data)} bytes")
    except (TypeError, ValueError, zlib.error) as error:
        raise DatasetError(f"its notes are damaged ({error})") from error
    column = np.frombuffer(data, "i1", n_notes)
    start, length = np.frombuffer(data, "<i8", 2 * n_notes, offset=n_notes).reshape(2, -1)
    start = np.cumsum(start)
    start_ms, last_ms = start.view("<f8"), (start + length).view("<f8")
    known = np.abs((start_ms, last_ms)) <= LATEST_MS  # False for NaN, too
    if not known.all() or column.min() < 0:
        raise DatasetError("its notes are damaged (impossible columns or times)")
    return column.astype(np.int64), start_ms, last_ms


def pack_timing(points: Sequence[TimingPoint]) -> bytes:
    """Pack timing points into bytes for a database, without loss."""
    rows = [(point.time_ms, point.beat_ms, point.meter) for point in points]
    return zlib.compress(np.array(rows, "<f8").tobytes(), 1)


def unpack_timing(packed: bytes) -> tuple[TimingPoint, ...]:
    """Unpack what `pack_timing` packed. Raises DatasetError for any other bytes."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, MAX_OBJECTS * POINT_BYTES)
        if not unpacker.eof:
            raise ValueError("cut short, or far too long")
        rows = np.frombuffer(data, "<f8").reshape(-1, 3)
    except (TypeError, ValueError, zlib.error) as error:
        raise DatasetError(f"its timing is damaged ({error})") from error
    if not (np.isfinite(rows).all() and (rows[:, 1:] > 0).all()):
        raise DatasetError("its timing is damaged (impossible tempos)")
    return tuple(TimingPoint(time_ms, beat_ms, int(meter)) for time_ms, beat_ms, meter in rows.tolist())
