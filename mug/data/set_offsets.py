"""The offsets of a prepared folder's charts from their audio: kept in features.db, reported, and removed for training.

The charts' files stay as they are: datasets add `shift_ms` of features.db to notes and timing points.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.data.chart_offset import SAME_MS, SongOffset
from mug.data.song_offsets import ChartedSong, measure_offsets
from mug.errors import ChartError, DatasetError
from mug.files import file_beside
from mug.prepare.described import ChartReader, listed_charts
from mug.prepare.feature_db import RUN_AGAIN, FeatureDB, Key
from mug.prepare.statistics import FAR_MS
from mug.report import Report, named

VERSION = 1  # raise it when the same chart and audio give another offset than before
MIN_SHIFT_MS = 5.0  # smaller offsets may be errors of the measure: see docs/metrics.md


@dataclass
class OffsetReport(Report):
    """The offsets of songs, and what was done about them. `done`: charts whose offset is known, or known to be unsure.

    songs: the median offset of each song's charts by its audio file; None if all are unsure.
    """

    songs: dict[Path, float | None] = field(default_factory=dict)
    disagreeing: list[str] = field(default_factory=list)  # charts at another offset than their song
    new_songs: int = 0  # measured in this run
    shifted: int = 0  # charts that training shifts

    def __str__(self) -> str:
        lines = [super().__str__(), *self._about_songs()]
        if self.disagreeing:
            lines += [f"charts at another offset than their song: {len(self.disagreeing)}", *named(self.disagreeing)]
        if self.shifted:
            lines.append(f"aligned: training shifts notes and red lines of {self.shifted} charts")
        else:
            lines.append("not aligned: training takes the charts as they are; --align removes the offsets")
        return "\n".join(lines)

    def _about_songs(self) -> Iterator[str]:
        known = {audio: offset for audio, offset in self.songs.items() if offset is not None}
        unsure = len(self.songs) - len(known)
        about = f"offsets from the audio, {len(self.songs)} songs ({self.new_songs} measured now), {unsure} unsure"
        if not known:
            yield about
            return
        low, median, high = np.quantile(list(known.values()), (0.25, 0.5, 0.75)).round().astype(int)
        yield f"{about}: median {median:+d} ms, half of them from {low:+d} to {high:+d} ms"
        far = sorted((audio for audio, ms in known.items() if abs(ms) > FAR_MS), key=lambda audio: -abs(known[audio]))
        yield f"more than {FAR_MS:g} ms off (+: the audio is late): {len(far)}"
        yield from named([f"{round(known[audio]):+4d} ms  {audio}" for audio in far])


@dataclass(frozen=True)
class _Chart:
    """A chart of the list with its row's key, its digest, and what is known of its offset."""

    key: Key
    path: Path
    digest: str
    moments_ms: np.ndarray  # int32, of its notes: small, since those of all charts are held at once
    offset_ms: float | None
    offset_by: str | None


def update_offsets(
    beatmap_txt: str | Path,
    align: bool = False,
    jobs: int | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
) -> OffsetReport:
    """Measure the offsets of a list's charts from their audio, and store them in features.db beside the list.

    align: training then shifts each chart whose offset is sure and at least MIN_SHIFT_MS by it, in whole ms; otherwise
    it shifts none. Songs that were measured before with the same charts and audio are not measured again. `jobs`:
    number of processes, None for one per core. Charts that features.db does not describe, and those without audio that
    can be decoded, are reported.
    Raises DatasetError for a missing list or database.
    """
    path = Path(beatmap_txt).parent / "features.db"
    if not path.is_file():
        raise DatasetError(f"{path}: no such database; run `mug features` to make it")
    report = OffsetReport()
    with FeatureDB(path, None, create=True) as database:
        songs = _songs(beatmap_txt, database, report)
        made_by = {audio: _made_by(audio, charts) for audio, charts in songs.items()}
        new = [audio for audio, charts in songs.items() if any(chart.offset_by != made_by[audio] for chart in charts)]
        report.new_songs = len(new)
        charted = [ChartedSong(audio, tuple(chart.moments_ms for chart in songs[audio])) for audio in new]
        known = ((audio, None) for audio in songs.keys() - set(new))
        measured = zip(new, measure_offsets(charted, jobs, tqdm_class) if new else (), strict=True)
        for audio, found in chain(known, measured):
            charts = songs[audio]
            offsets = [chart.offset_ms for chart in charts] if found is None else _sure_offsets(found, len(charts))
            if isinstance(found, str):
                report.skip("undecodable audio", found)
            else:
                _sum_up(audio, charts, offsets, report)
            by = None if isinstance(found, str) else made_by[audio]
            rows = [_row(chart, offset, by, align) for chart, offset in zip(charts, offsets, strict=True)]
            report.shifted += sum(row["shift_ms"] != 0 for row in rows)
            database.upsert(rows, "Chart")  # song by song, so that a killed run keeps them
    return report


def _songs(beatmap_txt: str | Path, database: FeatureDB, report: Report) -> dict[Path, list[_Chart]]:
    """The charts of a list by their audio file."""
    songs: defaultdict[Path, list[_Chart]] = defaultdict(list)
    for listed in listed_charts(beatmap_txt, database):
        try:
            reader = ChartReader(listed)
            if listed.row is None or not reader.is_known:
                report.skip("without features", f"{listed.path}: new or changed; {RUN_AGAIN}")
                continue
            chart = reader.described()
        except ChartError as error:
            report.skip("unusable", str(error))
            continue
        audio = file_beside(chart.path, chart.audio)
        if audio is None:
            report.skip("without audio", f"{chart.path}: its audio file '{chart.audio}' is missing")
            continue
        key, row = (chart.path.name, chart.path.parent.name), listed.row
        moments_ms = np.unique(np.round(chart.start_ms)).astype(np.int32)
        known = (row["digest"], moments_ms, row["offset_ms"], row["offset_by"])
        songs[audio].append(_Chart(key, chart.path, *known))
    return dict(songs)


def _made_by(audio: Path, charts: Sequence[_Chart]) -> str:
    """What an offset depends on: the version of the measure, the audio file as its folder lists it, and the charts."""
    stat = audio.stat()
    charts_digest = hashlib.blake2b(" ".join(sorted(chart.digest for chart in charts)).encode(), digest_size=8)
    return f"version {VERSION}, audio {stat.st_size} {stat.st_mtime_ns}, charts {charts_digest.hexdigest()}"


def _sure_offsets(song: SongOffset | str, n_charts: int) -> list[float | None]:
    """The offset of each chart, None if it is unsure or could not be measured."""
    if isinstance(song, str):
        return [None] * n_charts
    each = map(song.of, range(n_charts))
    return [offset.offset_ms if offset.is_sure else None for offset in each]


def _row(chart: _Chart, offset_ms: float | None, offset_by: str | None, align: bool) -> dict[str, Any]:
    """A chart's row for features.db; its shift is in whole ms, and 0 if the offset is unsure or small."""
    shifts = align and offset_ms is not None and abs(offset_ms) >= MIN_SHIFT_MS
    stored = {"offset_ms": offset_ms, "offset_by": offset_by, "shift_ms": round(offset_ms or 0.0) if shifts else 0}
    return {"name": chart.key[0], "set_name": chart.key[1], **stored}


def _sum_up(audio: Path, charts: Sequence[_Chart], offsets: Sequence[float | None], report: OffsetReport) -> None:
    """Add a song to the report."""
    known = [offset for offset in offsets if offset is not None]
    song = float(np.median(known)) if known else None
    report.songs[audio] = song
    report.done += len(charts)
    for chart, offset in zip(charts, offsets, strict=True):
        if song is not None and offset is not None and abs(offset - song) > SAME_MS:
            report.disagreeing.append(f"{round(offset):+4d} ms  {chart.path}, its song {round(song):+d} ms")
