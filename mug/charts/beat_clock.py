"""Beats -> times for games whose charts count in beats, over tempo changes, stops, delays and warps.

Axes: E events, N notes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mug.charts.beatmap import TimingPoint, beat_ms_of
from mug.charts.foreign_text import timing_point
from mug.charts.tempo_map import TempoMap

MIN_BPM = 1e-6
FOREVER = 1e12  # beats
ROUNDING_BEATS = 1e-6
FAST_BPM = 9_999_999.0  # above this StepMania skips the beats instead of playing them
Events = Sequence[tuple[float, float]]  # (beat, value)


class BeatClock:
    """The times of a chart's beats.

    `bpms`: (beat, BPM), positive; the first also holds before its beat. `stops` and `delays`: (beat, seconds) for which
    the music goes on while the beat stands still; the notes on the beat come before a stop and after a delay. `warps`:
    (beat, beats) that take no time. `meters`: (beat, beats per bar), where bars are counted anew; bars of 4 beats begin
    on beat 0. `start_ms`: the time of beat 0. Raises ValueError for a missing or invalid tempo.
    """

    def __init__(
        self,
        bpms: Events,
        stops: Events = (),
        delays: Events = (),
        warps: Events = (),
        meters: Sequence[tuple[float, int]] = (),
        start_ms: float = 0.0,
    ):
        tempo, stop_ms, delay_ms, meter_at = dict(bpms), _summed_ms(stops), _summed_ms(delays), dict(meters)
        if not tempo or min(tempo.values()) < MIN_BPM:
            raise ValueError("no tempo is given" if not tempo else f"a tempo of {min(tempo.values()):g}")
        self._skipped = _joined([(beat, beat + length) for beat, length in warps if length > 0])  # [E, 2]
        self._paused = np.array(sorted({*stop_ms, *delay_ms}))
        self._beats = np.array(
            sorted({0.0, *tempo, *stop_ms, *delay_ms, *meter_at, *self._skipped.ravel().tolist()})
        )  # [E]
        skipping = self._is_skipped(self._beats).tolist()
        note_ms: list[float] = []  # when the notes on a beat are hit
        leave_ms: list[float] = []  # when the beat moves on
        beat_ms: list[float] = []  # length of the beats that follow, 0 where they are skipped
        jumps: list[bool] = []  # whether there is a pause on the beat, or beats before it are skipped
        at_ms, previous = 0.0, float(self._beats[0])
        bpm = tempo[min(tempo)]
        for i, beat in enumerate(self._beats.tolist()):
            if i:
                at_ms = leave_ms[-1] + (beat - previous) * beat_ms[-1]
            previous, bpm = beat, tempo.get(beat, bpm)
            if beat == 0.0:
                start_ms -= at_ms  # the shift of all times
            note_ms.append(at_ms + delay_ms.get(beat, 0.0))
            leave_ms.append(note_ms[-1] + stop_ms.get(beat, 0.0))
            jumps.append(leave_ms[-1] != at_ms or (i > 0 and not beat_ms[-1]))
            beat_ms.append(0.0 if skipping[i] else beat_ms_of(bpm))
        self._note_ms = np.array(note_ms) + start_ms  # [E]
        self._moving = TempoMap(self._beats, np.array(leave_ms) + start_ms, beat_ms)  # the stops left out
        #: As in .osu files: one at each change of tempo or meter, and where the beat resumes after a pause or a warp.
        #: If this is inside a bar, the next bar has one, too.
        self.timing_points = _timing_points(self._moving, jumps, meter_at)

    def times_ms(self, beats: np.ndarray) -> np.ndarray:
        """When notes on these beats are hit: float64 [N] -> float64 [N] ms."""
        i = self._moving.stretch_of(beats)
        moving = self._moving.times_of(beats)
        # before the first event, where no stop counts
        before = self._note_ms[0] + (beats - self._beats[0]) * self._moving.lengths[0]
        return np.where(self._beats[i] == beats, self._note_ms[i], np.where(beats < self._beats[0], before, moving))

    def hittable(self, beats: np.ndarray) -> np.ndarray:
        """Whether notes on these beats can be hit: bool [N]. Skipped beats cannot, unless there is a pause on them."""
        return ~self._is_skipped(beats) | np.isin(beats, self._paused)

    def _is_skipped(self, beats: np.ndarray) -> np.ndarray:
        if not len(self._skipped):
            return np.zeros(len(beats), dtype=bool)
        i = np.searchsorted(self._skipped[:, 0], beats, side="right") - 1
        return (i >= 0) & (beats < self._skipped[np.maximum(i, 0), 1])


def without_negatives(bpms: Events, stops: Events) -> tuple[Events, Events, Events]:
    """Return (bpms, stops, warps), with negative tempos and stops turned into warps.

    Negative ones are a trick of old StepMania charts. Where time runs backwards, the game skips beats until it has
    caught up: a warp. Beats at an absurd tempo are skipped, too. A tempo of 0 is ignored.
    """
    events = [(beat, False, bpm) for beat, bpm in bpms if abs(bpm) >= MIN_BPM]
    events = sorted(events + [(beat, True, seconds) for beat, seconds in stops])
    good_bpms: list[tuple[float, float]] = []
    good_stops: list[tuple[float, float]] = []
    warps: list[tuple[float, float]] = []
    bpm, debt_s, start, previous = 1.0, 0.0, None, 0.0

    def pass_beats(beat: float) -> None:
        """Advance to `beat`; end the warp where the time it went back has been made up."""
        nonlocal debt_s, start
        if start is None:
            return
        passed_s = 0.0 if bpm > FAST_BPM else (beat - previous) * 60.0 / bpm
        if bpm < 0 or bpm > FAST_BPM or passed_s < debt_s:
            debt_s -= passed_s
            return
        end = previous + debt_s * bpm / 60.0
        warps.append((start, end - start))
        debt_s, start = 0.0, None

    for beat, is_stop, value in events:
        pass_beats(beat)
        previous = beat
        if not is_stop:
            bpm = value
            if 0 < bpm <= FAST_BPM:
                good_bpms.append((beat, bpm))
            elif start is None:
                start = beat
        elif value < 0:
            start = beat if start is None else start
            debt_s -= value
        elif start is None or value > debt_s:
            good_stops.append((beat, value - debt_s))
            debt_s = 0.0
        else:
            debt_s -= value
    pass_beats(FOREVER)
    if start is not None:  # a negative tempo to the end: nothing after it is ever reached
        warps.append((start, FOREVER))
    return good_bpms, good_stops, warps


def _timing_points(moving: TempoMap, jumps: Sequence[bool], meter_at: Mapping[float, int]) -> list[TimingPoint]:
    """The timing points of stretches, of which those with beats of 0 ms are skipped. `jumps`: of each stretch.

    A timing point begins a bar, but in games that count beats bars only begin anew at a meter. So a point inside a bar
    is followed by one at the next bar.
    """
    points: dict[float, TimingPoint] = {}  # by time: of several the last one
    origin, meter, first_beats = 0.0, 4, moving.beats.tolist()
    said: tuple[float, int] | None = None  # tempo and meter of the last timing point
    is_inside = False  # whether the last timing point is inside a bar
    ends, times_ms, lengths_ms = [*first_beats[1:], FOREVER], moving.times.tolist(), moving.lengths.tolist()
    stretches = zip(first_beats, ends, times_ms, lengths_ms, jumps, strict=True)
    for beat, end, time_ms, beat_ms, has_jumped in stretches:
        to_bar = _to_bar(beat, origin, meter)
        if beat in meter_at:
            has_jumped |= to_bar > 0
            origin, meter, to_bar = beat, meter_at[beat], 0.0
        if not beat_ms:
            continue
        if has_jumped or said != (beat_ms, meter):
            points[time_ms] = timing_point(time_ms, beat_ms, meter)
            said, is_inside = (beat_ms, meter), to_bar > 0
        if is_inside and beat + to_bar < end:
            bar_ms = time_ms + to_bar * beat_ms
            points[bar_ms] = timing_point(bar_ms, beat_ms, meter)
            is_inside = False
    return list(points.values())


def _to_bar(beat: float, origin: float, meter: int) -> float:
    """How many beats after `beat` the next bar begins, 0 where one begins on it."""
    to_bar = (origin - beat) % meter
    return to_bar if ROUNDING_BEATS < to_bar < meter - ROUNDING_BEATS else 0.0


def _summed_ms(pauses: Events) -> dict[float, float]:
    total: defaultdict[float, float] = defaultdict(float)
    for beat, seconds in pauses:
        if seconds > 0:
            total[beat] += seconds * 1000.0
    return dict(total)


def _joined(ranges: list[tuple[float, float]]) -> np.ndarray:
    """Join ranges that overlap or touch: float64 [E, 2]."""
    joined: list[list[float]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return np.array(joined, dtype=np.float64).reshape(-1, 2)
