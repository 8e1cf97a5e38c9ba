"""The speeds of a chart: its tempo, and its scroll speed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mug.charts.beatmap import Beatmap
from mug.charts.osu_lines import parse_time, parse_timing_point
from mug.charts.tempo_map import TempoMap

SAME_TEMPO, SAME_SCROLL = 0.01, 0.02  # relative; smaller changes are not noticeable


@dataclass(frozen=True, slots=True)
class Speeds:
    """What features.db keeps of a chart's timing."""

    bpm: float  # the tempo that lasts longest, 0 if there is none
    changes_tempo: bool
    changes_scroll: bool


def speeds_of(chart: Beatmap) -> Speeds:
    """Return the speeds of a chart with at least one note."""
    first_ms = min(note.start_ms for note in chart.notes)
    tempos, scrolls = zip(*_tempos_and_scrolls(chart, first_ms, chart.last_ms), strict=True)
    return Speeds(
        bpm=main_bpm(chart),
        changes_tempo=max(tempos) > min(tempos) * (1 + SAME_TEMPO),
        changes_scroll=max(scrolls) > min(scrolls) * (1 + SAME_SCROLL),
    )


def main_bpm(chart: Beatmap) -> float:
    """The tempo that lasts longest between the first note and the end of the last, 0 if there is none."""
    if not chart.timing_points:
        return 0.0
    first_ms = min(note.start_ms for note in chart.notes)
    return TempoMap.of_points(chart.timing_points).main_bpm(first_ms, max(chart.last_ms, first_ms + 1))


def _tempos_and_scrolls(chart: Beatmap, first_ms: float, last_ms: float) -> Iterator[tuple[float, float]]:
    """Yield the tempo and scroll speed of every stretch between two timing lines that can hold notes.

    Notes scroll at tempo times velocity; charts with changing tempo often even it out with velocity lines. A tempo line
    resets the velocity to 1 (osu! file format).
    """
    changes: list[tuple[float, bool, float]] = []  # time, whether it is a velocity, BPM or velocity
    document = chart.document
    lines = [] if document is None else [document.lines[i] for i in document.sections.get("TimingPoints", [])[1:]]
    for line in lines:
        try:
            time_ms, beat_ms = parse_time(line.split(",")[0]), float(line.split(",")[1])
        except (ValueError, IndexError):
            continue
        if beat_ms < 0 and parse_timing_point(line) is None:
            changes.append((time_ms, True, min(max(-100.0 / beat_ms, 0.01), 10.0)))
    changes += [(point.time_ms, False, point.bpm) for point in chart.timing_points]
    changes.sort(key=lambda change: change[:2])
    # the first tempo also holds before its line
    tempo, velocity = next((value for _, is_velocity, value in changes if not is_velocity), 120.0), 1.0
    times_ms = [first_ms - 1.0, *(time_ms for time_ms, _, _ in changes), last_ms + 1.0]
    for (start_ms, end_ms), change in zip(pairwise(times_ms), [None, *changes], strict=True):
        if change is not None:
            tempo, velocity = (tempo, change[2]) if change[1] else (change[2], 1.0)
        if end_ms > first_ms and start_ms <= last_ms and end_ms > start_ms:
            yield tempo, tempo * velocity
