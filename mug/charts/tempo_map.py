"""Beats <-> times over tempo changes: the one place for the arithmetic of beats, measures and snap lines.

Axes: P stretches of one tempo, N moments.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from mug.charts.beatmap import BEAT_MS_RANGE, MAX_TIME_MS, TimingPoint, bpm_of
from mug.errors import ChartError

MIN_BPM, MAX_BPM = bpm_of(BEAT_MS_RANGE[1]), bpm_of(BEAT_MS_RANGE[0])
ROUNDING_BEATS = 1e-6  # a line may be early by this much of a step and still belong to a moment
ROUNDING_MEASURES = 1e-3  # a measure cut short by less than this still counts as whole


@dataclass(frozen=True)
class Lines:
    """Times of beat and measure lines; `numbers[i]` is the number of the measure that starts at `measures_ms[i]`."""

    beats_ms: np.ndarray
    measures_ms: np.ndarray
    numbers: np.ndarray


class TempoMap:
    """Stretches of constant tempo, each starting at a beat and a time; the first one also reaches back before its time.

    beats, times: where the stretches begin, rising, [P] each. spans, counts: in each stretch `counts` beats take
    `spans`; [P], or one number for all. Times are in ms, unless a map is made of seconds. meters: beats per measure.
    """

    def __init__(
        self,
        beats: Sequence[float] | np.ndarray,
        times: Sequence[float] | np.ndarray,
        spans: Sequence[float] | np.ndarray | float,
        counts: Sequence[float] | np.ndarray | float = 1.0,
        meters: Sequence[int] | int = 4,
    ) -> None:
        self.beats, self.times = np.asarray(beats, dtype=np.float64), np.asarray(times, dtype=np.float64)
        self.spans = np.broadcast_to(np.asarray(spans, dtype=np.float64), self.beats.shape)
        self.counts = np.broadcast_to(np.asarray(counts, dtype=np.float64), self.beats.shape)
        self.meters = np.maximum(np.broadcast_to(meters, self.beats.shape), 1)

    @classmethod
    def of_points(cls, points: Iterable[TimingPoint]) -> "TempoMap":
        """The map of a chart's timing points, in ms; beats are counted from the first point.

        The points may be in any order. Of several at one time the last one counts, as in osu!. Raises ChartError for no
        timing points, or one that is not a valid tempo.
        """
        at: dict[float, TimingPoint] = {}
        for point in points:
            if not is_tempo(point):
                raise ChartError(
                    f"timing point at {point.time_ms} ms: a beat of {point.beat_ms} ms is no tempo; "
                    f"a tempo is {MIN_BPM:g} to {MAX_BPM:g} BPM, at a time within a day"
                )
            at[point.time_ms] = point
        if not at:
            raise ChartError("the chart has no timing points")
        ordered = [at[time_ms] for time_ms in sorted(at)]
        times = np.array([point.time_ms for point in ordered])
        beat_ms = np.array([point.beat_ms for point in ordered])
        beats = np.concatenate([[0.0], np.cumsum(np.diff(times) / beat_ms[:-1])])
        return cls(beats, times, beat_ms, meters=[point.meter for point in ordered])

    @classmethod
    def of_tempos(cls, start: float, tempos: Sequence[tuple[float, float]], minute: float = 60_000.0) -> "TempoMap":
        """The map of (beat, BPM) pairs that begins at time `start`. `minute`: a minute in the unit of the map's times.

        What counts as a beat is up to the caller, as long as both numbers agree.
        """
        times = [start]
        for (beat, tempo), (next_beat, _) in pairwise(tempos):
            times.append(times[-1] + (next_beat - beat) * minute / tempo)
        return cls([beat for beat, _ in tempos], times, minute, [tempo for _, tempo in tempos])

    def timing_points(self) -> list[TimingPoint]:
        """The stretches of a map in ms, as timing points: the inverse of `of_points`."""
        stretches = zip(self.times.tolist(), self.lengths.tolist(), self.meters.tolist(), strict=True)
        return [TimingPoint(*stretch) for stretch in stretches]

    @cached_property
    def lengths(self) -> np.ndarray:
        """The length of a beat in each stretch, [P]."""
        return self.spans / self.counts

    def stretch_of(self, beats: np.ndarray | float) -> np.ndarray:
        """Which stretch each beat lies in, [N]."""
        return np.maximum(np.searchsorted(self.beats, beats, side="right") - 1, 0)

    def stretch_at(self, times: np.ndarray | float, early: float = 0.0) -> np.ndarray:
        """Which stretch each moment lies in, [N].

        Up to `early` before a change it already belongs to the next one, unless the change before it is as near.
        """
        i = np.searchsorted(self.times, times, side="right") - 1
        has_next = np.searchsorted(self.times, times + early, side="right") - 1 > i
        after = np.minimum(i + 1, len(self.times) - 1)
        is_nearer = (i < 0) | (self.times[after] - times < times - self.times[i])
        return np.maximum(np.where(has_next & is_nearer, after, i), 0)

    def times_of(self, beats: np.ndarray | float) -> np.ndarray:
        """The times of beats, [N] -> [N]."""
        i = self.stretch_of(beats)
        return self.times[i] + (beats - self.beats[i]) * self.spans[i] / self.counts[i]

    def beats_at(self, times: np.ndarray | float) -> np.ndarray:
        """The beats that moments lie on, with their fractions, [N] -> [N]: the inverse of `times_of`."""
        i = self.stretch_at(times)
        return self.beats[i] + (times - self.times[i]) / self.lengths[i]

    def nearest_lines(self, times: np.ndarray, divisor: int, stretch: np.ndarray) -> np.ndarray:
        """The times of the nearest lines of 1/divisor of a beat, counted from the start of each `stretch`: [N]."""
        begin, beat = self.times[stretch], self.lengths[stretch]
        return begin + np.round((times - begin) / beat * divisor) * beat / divisor

    def lines(self, start: float, end: float, min_beat: float = 0.0, min_measure: float = 0.0) -> Lines:
        """The lines within [start, end). Every stretch begins a measure; the first stretch begins measure 1.

        Lines of beats shorter than `min_beat`, and of measures shorter than `min_measure`, are left out.
        """
        lows = np.maximum(self.times, start)
        lows[0] = start
        highs = np.minimum([*self.times[1:].tolist(), end], end)
        i, beats = _multiples(self.times, self.lengths, lows, np.where(self.lengths >= min_beat, highs, lows))
        bars = self.lengths * self.meters
        j, measures = _multiples(self.times, bars, lows, np.where(bars >= min_measure, highs, lows))
        return Lines(
            beats_ms=self.times[i] + self.lengths[i] * beats,
            measures_ms=self.times[j] + bars[j] * measures,
            numbers=self._first_measures[j] + measures,
        )

    def measure_at(self, times: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """The number of the measure that each moment lies in, and its beat within the measure, from 0: [N] each."""
        i = self.stretch_at(times)
        since = (times - self.times[i]) / self.lengths[i]  # beats
        measures = np.floor(since / self.meters[i] + ROUNDING_BEATS)
        return self._first_measures[i] + measures.astype(np.int64), since - measures * self.meters[i]

    @cached_property
    def _first_measures(self) -> np.ndarray:
        """The number of the measure that each stretch begins with, int64 [P]; a measure that is cut short counts."""
        spans = np.diff(self.times) / (self.lengths * self.meters)[:-1]
        return np.concatenate([[1], 1 + np.cumsum(np.ceil(spans - ROUNDING_MEASURES))]).astype(np.int64)

    def lasting(self, start: float, end: float) -> np.ndarray:
        """How long each tempo holds between two moments, [P]."""
        return np.diff([start, *np.clip(self.times[1:], start, end), end])

    def main_bpm(self, start: float, end: float) -> float:
        """The tempo, to 0.01 BPM, that holds longest between two moments, of a map in ms."""
        lasting: defaultdict[float, float] = defaultdict(float)
        for beat_ms, lasts_ms in zip(self.lengths.tolist(), self.lasting(start, end).tolist(), strict=True):
            lasting[round(bpm_of(beat_ms), 2)] += lasts_ms
        return max(lasting, key=lasting.__getitem__)


def is_tempo(point: TimingPoint) -> bool:
    """Whether a timing point is a valid tempo at a time that a chart can have; no NaN is."""
    return BEAT_MS_RANGE[0] <= point.beat_ms <= BEAT_MS_RANGE[1] and abs(point.time_ms) <= MAX_TIME_MS


def _multiples(
    begins: np.ndarray, steps: np.ndarray, lows: np.ndarray, highs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every i and integer k with lows[i] <= begins[i] + k * steps[i] < highs[i] (a hair's tolerance for rounding).

    All arrays are [P]. Returns i and k, int64 [N] each, in rising order.
    """
    first = np.ceil((lows - begins) / steps - ROUNDING_BEATS).astype(np.int64)  # [P]
    counts = np.maximum(np.ceil((highs - begins) / steps - ROUNDING_BEATS).astype(np.int64) - first, 0)  # [P]
    i = np.repeat(np.arange(len(begins)), counts)  # [N]
    return i, np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts - first, counts)
