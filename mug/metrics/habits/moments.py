"""The moments of a chart on its beats: what all statistics of this package are counted from.

Axis: N moments.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.rows import rows_of
from mug.charts.tempo_map import TempoMap, is_tempo
from mug.errors import ChartError
from mug.metrics.motifs import EARLY_MS, folded

BEAT_RANGE_MS = (250.0, 600.0)  # 100 to 240 BPM: the tempo that people write is kept, and 87 for 174 BPM is not
TICKS = 48  # of a beat: 1/16 and 1/12 are whole numbers of them
RUN_BEATS = 1.01  # moments further apart than a beat do not form a pattern


@dataclass(frozen=True)
class Moments:
    """The moments of a chart, by time. A chord is one moment.

    rows: the keys of each as bits, column 0 is 1, int64 [N]. times_ms: float64 [N]. beat_ms: how long a beat is, folded
    to BEAT_RANGE_MS, float64 [N]. ticks: since the start of its measure, int64 [N]. measures: the number of its
    measure, int64 [N]; a measure begins anew at each timing point.
    """

    chart: Beatmap
    rows: np.ndarray
    times_ms: np.ndarray
    beat_ms: np.ndarray
    ticks: np.ndarray
    measures: np.ndarray
    tempo: TempoMap

    @classmethod
    def of(cls, chart: Beatmap) -> "Moments":
        """The moments of a chart. Raises ChartError for a chart without notes or without a tempo."""
        points = [_folded_point(point) for point in chart.timing_points if is_tempo(point)]
        if not chart.notes or not points:
            raise ChartError(f"'{chart.version}': has no notes or no tempo, so nothing can be counted")
        tempo = TempoMap.of_points(points)
        times_ms, rows = rows_of(chart)
        ticks, measures, stretches = _places(tempo, times_ms)
        return cls(chart, rows, times_ms, tempo.lengths[stretches], ticks, measures, tempo)

    @property
    def keys(self) -> int:
        return self.chart.keys

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many notes each moment has, int64 [N]."""
        return np.array([int(row).bit_count() for row in self.rows], dtype=np.int64)

    @cached_property
    def gaps(self) -> np.ndarray:
        """Beats from each moment to the next, float64 [N - 1]."""
        return np.diff(self.times_ms) / self.beat_ms[1:]

    @cached_property
    def runs(self) -> list[list[int]]:
        """The rows of each run: moments that follow each other within RUN_BEATS."""
        breaks = np.flatnonzero(self.gaps > RUN_BEATS) + 1
        return [run.tolist() for run in np.split(self.rows, breaks)]

    def on_beat(self, times_ms: np.ndarray) -> np.ndarray:
        """Whether each time is on a beat, bool [N]."""
        return _places(self.tempo, times_ms)[0] % TICKS == 0


def _folded_point(point: TimingPoint) -> TimingPoint:
    """The point with its beat in BEAT_RANGE_MS; measures of other beats than its own are of four."""
    beat_ms = folded(point.beat_ms, BEAT_RANGE_MS)
    return replace(point, beat_ms=beat_ms, meter=point.meter if beat_ms == point.beat_ms else 4)


def _places(tempo: TempoMap, times_ms: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The tick in its measure, the measure's number and the stretch of each time, int64 [N] each."""
    stretches = tempo.stretch_at(times_ms, early=EARLY_MS)
    ticks = np.round((times_ms - tempo.times[stretches]) / tempo.lengths[stretches] * TICKS).astype(np.int64)
    of_measure = tempo.meters[stretches] * TICKS
    first = tempo.measure_at(tempo.times)[0]
    return ticks % of_measure, first[stretches] + ticks // of_measure, stretches
