"""Beats as the time axis of a model: a song re-timed so that every beat has the same number of frames.

On this axis, what returns with the music returns after a whole number of frames, at any tempo. Beat-aligned inputs are
from GOCT, arXiv:2311.13687.

Axes: N moments, P stretches of one tempo, A audio frames.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mug.charts.beatmap import TimingPoint, bpm_of
from mug.charts.tempo_map import TempoMap
from mug.config import check_params
from mug.data.resampling import frames_at
from mug.data.time_grid import TimeGrid
from mug.errors import ConfigError

WHOLE_MS = 3.0  # a stretch this close to a whole number of beats has that number: red lines are often in whole ms
ROUNDED_MS = 5.0  # notes this close to a line were meant to be on it
WIDER = 1.2  # how far beyond its octave a tempo may lie before it is folded differently from the one before
FEWEST_BEATS = 1.0  # a shorter stretch is an effect, not a tempo
HAIR_MS = 1e-4  # so that rounding does not put a note on the first moment of a frame into the frame before
FINEST = (16, 12)  # the finest lines of a beat that charts use; they include all coarser ones


@dataclass(frozen=True)
class TimeSettings:
    """The time axis of a model. axis: "ms" or "beats". frames_per_beat: note frames per beat of the axis "beats"."""

    axis: str = "ms"
    frames_per_beat: int = 8

    def __post_init__(self) -> None:
        if self.axis not in ("ms", "beats"):
            raise ConfigError(f"time.axis: unknown '{self.axis}'; known are ms, beats")
        if type(self.frames_per_beat) is not int or self.frames_per_beat < 1:
            raise ConfigError(f"time.frames_per_beat is {self.frames_per_beat!r}; give a whole number, such as 8")

    @classmethod
    def from_params(cls, params: Mapping[str, Any] | None) -> "TimeSettings":
        """Build from a config's `time` node; without one the axis is "ms". Raises ConfigError."""
        params = {} if params is None else params
        check_params(cls, params, where="time")
        return cls(**params)

    def axis_of(self, points: Sequence[TimingPoint], grid: TimeGrid) -> "BeatAxis | None":
        """The axis of a song with these timing points; None if the model's axis is ms. Raises ChartError."""
        return BeatAxis(points, grid, self.frames_per_beat) if self.axis == "beats" else None


@dataclass(frozen=True)
class _Stretch:
    """A stretch of one tempo. beat_ms: what a beat of the axis lasts in the song. measure: axis beats per measure.

    per_beat: axis beats per beat of the chart, a power of 2.
    """

    start_ms: float
    beat_ms: float
    measure: int
    per_beat: float


class BeatAxis:
    """Time in a song <-> time in the same song played at one constant tempo, both in ms.

    The constant tempo is the one whose beats last `frames_per_beat` note frames of `grid`. Tempos are folded into the
    octave around it: in a song of 90 BPM, a beat of the axis is half a beat. Every red line, and every measure, begins
    on a beat of the axis. If a red line cuts a beat short, that beat is stretched, or joined to the one before.
    Time 0 of the axis is the last beginning of a measure at or before the song's beginning.
    Raises ChartError for timing points that are missing or invalid.
    """

    def __init__(self, points: Sequence[TimingPoint], grid: TimeGrid, frames_per_beat: int) -> None:
        self._grid = grid
        self.beat_ms = float(grid.notes.to_ms(frames_per_beat))  # of the axis
        stretches = _stretches(TempoMap.of_points(points), self.beat_ms)
        beats, times = [0.0], [stretches[0].start_ms]  # knots: where the speed of the axis changes
        per_beat = [stretches[0].per_beat]
        starts = [0.0]  # of the stretches
        for stretch, following in pairwise(stretches):
            start = starts[-1]
            n_beats, bend = _beats_of(stretch, following.start_ms)
            if bend:
                beats.append(start + bend)
                times.append(stretch.start_ms + bend * stretch.beat_ms)
                per_beat.append(stretch.per_beat)
            starts.append(start + n_beats)
            beats.append(starts[-1])
            times.append(following.start_ms)
            per_beat.append(following.per_beat)
        lines = _measure_lines(stretches, starts)
        self._beats, self._times = np.array(beats), np.array(times)  # [P]
        spans = np.diff(self._times) / np.diff(self._beats)
        self._lengths = np.append(spans, stretches[-1].beat_ms)  # ms in the song per axis beat, [P]
        self._per_beat = np.array(per_beat)
        self._lines, self._last_measure = lines, float(stretches[-1].measure)
        # count from the last measure that begins at or before the song
        first = float(stretches[0].measure)
        at_zero = float(self._song_to_beats(np.zeros(1))[0]) + 1e-6
        zero = float(self._lines_until(at_zero)[-1]) if at_zero > 0 else -first * math.ceil(-at_zero / first)
        self._beats = self._beats - zero
        self._lines = self._lines - zero
        self._first_measure = first

    def to_axis(self, song_ms: Any) -> Any:
        """Time in the song -> time on the axis, [N] -> [N]."""
        return self._song_to_beats(np.asarray(song_ms, dtype=np.float64)) * self.beat_ms

    def to_song(self, axis_ms: Any) -> Any:
        """Time on the axis -> time in the song, [N] -> [N]."""
        beats = np.asarray(axis_ms, dtype=np.float64) / self.beat_ms
        i = np.maximum(np.searchsorted(self._beats, beats, side="right") - 1, 0)
        return self._times[i] + (beats - self._beats[i]) * self._lengths[i]

    def notes_to_axis(self, song_ms: np.ndarray) -> np.ndarray:
        """Times of a chart's notes -> times on the axis, on their lines: files often round to whole ms, [N] -> [N]."""
        return self.settled(self.to_axis(song_ms), ROUNDED_MS)

    def settled(self, axis_ms: Any, within_ms: float = math.inf) -> np.ndarray:
        """Times on the axis moved to the nearest line that charts use: 1/16 or 1/12 of a beat of the chart, [N].

        within_ms: times that are farther from it than this, in the song, stay.
        """
        beats = np.asarray(axis_ms, dtype=np.float64) / self.beat_ms
        i = np.maximum(np.searchsorted(self._beats, beats, side="right") - 1, 0)
        since = (beats - self._beats[i]) / self._per_beat[i]  # in beats of the chart
        lines = np.stack([np.round(since * divisor) / divisor for divisor in FINEST])  # [2, N]
        away = np.abs(lines - since)
        line = np.where(away[0] <= away[1], lines[0], lines[1])
        is_near = away.min(axis=0) * self._per_beat[i] * self._lengths[i] <= within_ms
        return np.where(is_near, (self._beats[i] + line * self._per_beat[i]) * self.beat_ms + HAIR_MS, axis_ms)

    def on_lines(self, song_ms: np.ndarray) -> np.ndarray:
        """Times in the song moved to the nearest line, [N] -> [N]."""
        return self.to_song(self.settled(self.to_axis(song_ms)))

    def measures(self, end_ms: float) -> np.ndarray:
        """The times on the axis at which measures begin, from 0 to before `end_ms`, in ms."""
        lines = self._lines_until(end_ms / self.beat_ms)
        back = np.arange(0, max(lines[0], 0) - 1e-6, self._first_measure) if len(lines) else np.zeros(1)
        lines = np.concatenate([back, lines])
        return lines[lines >= -1e-6] * self.beat_ms

    def bpm(self, start_ms: float, end_ms: float) -> float:
        """The tempo of the axis's beats that lasts longest between two moments on the axis."""
        lasting = np.diff([start_ms, *np.clip(self._beats[1:] * self.beat_ms, start_ms, end_ms), end_ms])
        return bpm_of(float(self._lengths[int(lasting.argmax())]))

    def heard(self, spectrum: np.ndarray, first: int = 0, n_frames: int | None = None) -> np.ndarray:
        """The song's spectrum [..., A] at audio frames of the axis, from frame `first` on: float32 [..., n_frames].

        By default up to the song's end.
        """
        audio = self._grid.audio
        n_frames = self.frames_of(spectrum.shape[-1]) if n_frames is None else n_frames
        return frames_at(spectrum, audio.at(self.to_song(audio.to_ms(first + np.arange(n_frames)))))

    def frames_of(self, song_frames: int) -> int:
        """The number of audio frames of the axis, up to the end of a song of `song_frames`."""
        audio = self._grid.audio
        return math.ceil(audio.at(float(self.to_axis(audio.to_ms(song_frames)))))

    def _song_to_beats(self, song_ms: np.ndarray) -> np.ndarray:
        i = np.maximum(np.searchsorted(self._times, song_ms, side="right") - 1, 0)
        return self._beats[i] + (song_ms - self._times[i]) / self._lengths[i]

    def _lines_until(self, end: float) -> np.ndarray:
        """The axis beats before `end` at which measures begin, from the first red line on."""
        last = self._lines[-1]
        more = np.arange(last + self._last_measure, end, self._last_measure)
        lines = np.concatenate([self._lines, more])
        return lines[lines < end]


def _stretches(tempo: TempoMap, axis_beat_ms: float) -> list[_Stretch]:
    """The stretches of a tempo map that are long enough, folded."""
    begins, lengths = tempo.times, tempo.lengths
    lasting = np.append(np.diff(begins), np.inf)
    stretches: list[_Stretch] = []
    for i in np.flatnonzero(lasting >= FEWEST_BEATS * lengths).tolist():
        before = stretches[-1].per_beat if stretches else None
        per_beat = _fold(float(lengths[i]) / axis_beat_ms, before)
        measure = int(tempo.meters[i]) * per_beat
        while measure != int(measure) or measure < 2:
            measure *= 2
        stretches.append(_Stretch(float(begins[i]), float(lengths[i]) / per_beat, int(measure), per_beat))
    return stretches


def _fold(ratio: float, before: float | None) -> float:
    """Axis beats per beat, a power of 2, given the ratio of their lengths, and the number before a tempo change."""
    if before is not None and abs(math.log2(ratio / before)) <= 0.5 + math.log2(WIDER):
        return before
    return 2.0 ** math.ceil(math.log2(ratio) - 0.5)


def _beats_of(stretch: _Stretch, end_ms: float) -> tuple[float, float]:
    """How many axis beats a stretch has, and where its last beat begins if that one has another length, else 0."""
    n_beats = (end_ms - stretch.start_ms) / stretch.beat_ms
    whole = round(n_beats)
    if whole >= 1 and abs(n_beats - whole) * stretch.beat_ms <= WHOLE_MS:
        return float(whole), 0.0
    complete = math.floor(n_beats)
    if n_beats - complete >= 0.5 or complete == 0:
        return float(complete + 1), float(complete)
    return float(complete), float(complete - 1)


def _measure_lines(stretches: Sequence[_Stretch], starts: Sequence[float]) -> np.ndarray:
    """The axis beats at which measures begin, up to the last red line.

    A red line begins a measure, unless it only changes the tempo inside one: where the tempo changes gradually, several
    lie in a measure, and charts of games without red lines have another one where the measure ends.
    """
    lines: list[float] = []
    line = starts[0]
    was_short = False
    for i, (stretch, start) in enumerate(zip(stretches, starts, strict=True)):
        is_last = i + 1 == len(starts)
        end = start + 1 if is_last else starts[i + 1]
        is_short = not is_last and end - start < stretch.measure
        if not (is_short and (was_short or line == end)):
            line = start
        while line < end:
            lines.append(line)
            line += stretch.measure
        was_short = is_short
    return np.array(lines)
