"""Fit the tempo and beat of a chart from its notes alone, and snap notes to the grid of beats.

The fit goes from coarse to fine. One Fourier transform of the onset train shows how well every tempo explains the
notes. The best few tempos are refined by least squares. Where the notes lie inside a beat decides among these and finds
the beat: charts have most notes on beats, fewer on halves, fewer still on quarters and thirds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mug.charts.beatmap import MAX_TIME_MS, Note, TimingPoint, beat_ms_of, bpm_of
from mug.charts.tempo_map import MAX_BPM, MIN_BPM, ROUNDING_BEATS, TempoMap
from mug.errors import ChartError, PromptError

SNAP_DIVISORS = (1, 2, 3, 4, 6, 8, 12, 16)
SNAP_SHARE = 0.15  # of the distance between lines: sixteenths are so close that any note would be near one
BPM_RANGE = (150.0, 300.0)
BEATS_PER_MEASURE = 4

MAX_SPAN_MS = 4 * 3_600_000.0
BIN_MS = 2.0  # of the onset train
N_CANDIDATES = 24
JITTER_MS = 8.0  # how far from its beat a generated note usually lies
NEAR_MS = 20.0  # notes further from the grid than this are strays
PHASE_BINS = 192  # of one beat; divisible by 3 and 16
# What a note is worth at each place of the beat: more for coarser divisions.
PLACE_WEIGHTS = {1: 1.0, 2: 0.75, 4: 0.5, 3: 0.3, 8: 0.2, 6: 0.15}
ROUND_DRIFT_MS = 5.0  # a rounder tempo is taken if it moves no note by more than this


@dataclass(frozen=True)
class Timing:
    """One tempo. `offset_ms` is the last start of a measure before the first note."""

    bpm: float
    offset_ms: float

    @property
    def beat_ms(self) -> float:
        return beat_ms_of(self.bpm)

    def timing_point(self) -> TimingPoint:
        return TimingPoint(self.offset_ms, self.beat_ms, BEATS_PER_MEASURE)


def fit_timing(
    onsets_ms: Sequence[float] | np.ndarray,
    bpm_range: tuple[float, float] = BPM_RANGE,
    bpm: float | None = None,
    offset_ms: float | None = None,
    weights: Sequence[float] | np.ndarray | None = None,
) -> Timing:
    """Fit the tempo within `bpm_range`, [low, high), and the offset that put most onsets on the grid.

    A given `bpm` (any value) or `offset_ms` is kept, and only the other is fitted. `weights`: how much each onset
    counts. Raises ChartError for no onsets or onsets hours apart, PromptError for an impossible tempo.
    """
    low, high = bpm_range
    if not 0 < low < high < math.inf:
        raise PromptError(f"BPM range {low} to {high}: give two positive numbers, the smaller first")
    check_tempo(bpm, offset_ms)
    if bpm is not None and offset_ms is not None:
        return Timing(bpm, offset_ms)

    times = np.asarray(onsets_ms, float)  # [N]
    weight = np.ones_like(times) if weights is None else np.asarray(weights, float)  # [N]
    if not len(times) or not np.isfinite(times).all():
        raise ChartError("no tempo can be fitted: the chart has no notes, or notes at no finite time")
    if np.ptp(times) > MAX_SPAN_MS:
        raise ChartError("no tempo can be fitted to notes more than four hours apart")

    periods = [beat_ms_of(bpm)] if bpm is not None else _candidate_periods(times, weight, low, high)
    best_score, best_period, best_phase = -math.inf, periods[0], 0.0
    for period in periods:
        score, phase = _beat_phase(times, weight, period, offset_ms)
        if bpm is None:
            period, phase = _refine(times, weight, period, phase, keep_phase=offset_ms is not None)
            period = _fold(period, low, high)
            if not low <= bpm_of(period) < high:
                continue
            score, phase = _beat_phase(times, weight, period, offset_ms)
        if score > best_score:
            best_score, best_period, best_phase = score, period, phase
    if bpm is None:
        best_period = _round_tempo(best_period, float(np.ptp(times)), low, high)
        _, best_phase = _beat_phase(times, weight, best_period, offset_ms)
    if offset_ms is None:
        offset_ms = _first_measure(times, weight, best_period, _center(times, weight, best_period, best_phase))
    return Timing(bpm_of(best_period) if bpm is None else bpm, offset_ms)


def check_tempo(bpm: float | None, offset_ms: float | None) -> None:
    """Raise PromptError for an impossible tempo or offset; None passes."""
    if bpm is not None and not MIN_BPM <= bpm <= MAX_BPM:  # also refuses NaN
        raise PromptError(f"BPM {bpm:g}: give a number from {MIN_BPM:g} to {MAX_BPM:g}")
    if offset_ms is not None and not abs(offset_ms) <= MAX_TIME_MS:
        raise PromptError(f"offset {offset_ms:g} ms: give the time of a measure in ms, within a day")


def _candidate_periods(times: np.ndarray, weight: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return at most N_CANDIDATES beat lengths in ms at whose whole, half, third or quarter the onsets repeat."""
    span_ms = max(float(np.ptp(times)), 2_000.0)
    bins = ((times - times.min()) / BIN_MS).astype(np.int64)
    n_fft = 1 << math.ceil(math.log2(4 * span_ms / BIN_MS))  # four points to each width of a peak
    power = np.abs(np.fft.rfft(np.bincount(bins, weight), n_fft)) ** 2  # [frequency]
    hertz_per_point = 1_000.0 / (n_fft * BIN_MS)
    step_bpm = 60 * hertz_per_point / 4
    tempi = np.arange(low, high, step_bpm)  # [tempo]
    score = np.zeros_like(tempi)
    for divisor in (1, 2, 3, 4):
        score += np.interp(tempi / 60 * divisor / hertz_per_point, np.arange(len(power)), power)
    padded = np.pad(score, 1, constant_values=-1.0)
    peaks = np.flatnonzero((score >= padded[:-2]) & (score >= padded[2:]))
    best = peaks[np.argsort(-score[peaks], kind="stable")][:N_CANDIDATES]
    return beat_ms_of(tempi[best])


def _beat_phase(times: np.ndarray, weight: np.ndarray, period: float, offset_ms: float | None) -> tuple[float, float]:
    """Return how well the notes fit the template at the best phase, 0..1, and that phase of the beat in ms.

    A given offset is the phase, and the score is the one there.
    """
    places = ((times / period) % 1.0 * PHASE_BINS).astype(np.int64) % PHASE_BINS
    histogram = np.bincount(places, weight, minlength=PHASE_BINS) / weight.sum()  # [place]
    template = _beat_template(period)
    fit = np.fft.irfft(np.fft.rfft(histogram) * np.conj(np.fft.rfft(template)), PHASE_BINS)  # [phase]
    if offset_ms is None:
        phase_bin = int(fit.argmax())
        return float(fit[phase_bin]), (phase_bin + 0.5) / PHASE_BINS * period
    phase_bin = int((offset_ms / period) % 1.0 * PHASE_BINS) % PHASE_BINS
    return float(fit[phase_bin]), offset_ms % period


def _beat_template(period: float) -> np.ndarray:
    """What a note is worth at each place of the beat, minus the average over all places. [place]"""
    place_ms = np.arange(PHASE_BINS) / PHASE_BINS * period
    worth = np.zeros(PHASE_BINS)
    for divisor, value in PLACE_WEIGHTS.items():
        step = period / divisor
        away_ms = np.abs((place_ms + step / 2) % step - step / 2)
        worth = np.maximum(worth, value * np.exp(-0.5 * (away_ms / JITTER_MS) ** 2))
    return worth - worth.mean()


def _refine(
    times: np.ndarray, weight: np.ndarray, period: float, phase: float, keep_phase: bool
) -> tuple[float, float]:
    """Fit time = phase + period * beat by least squares to the notes near quarters of the beat."""
    for near_ms in (NEAR_MS, 0.75 * NEAR_MS, 0.75 * NEAR_MS):
        beats = np.round((times - phase) / period * 4) / 4
        used = weight * (np.abs(times - phase - beats * period) < near_ms)
        if keep_phase:
            moment = float((used * beats**2).sum())
            period = float((used * beats * (times - phase)).sum()) / moment if moment else period
            continue
        total = used.sum()
        if not total:
            break
        mean_beat, mean_time = (used * beats).sum() / total, (used * times).sum() / total
        spread = float((used * (beats - mean_beat) ** 2).sum())
        if not spread:
            break
        period = float((used * (beats - mean_beat) * (times - mean_time)).sum()) / spread
        phase = float(mean_time - period * mean_beat)
    return period, phase


def _round_tempo(period: float, span_ms: float, low: float, high: float) -> float:
    """Return the beat length of the roundest tempo in [low, high) that drifts by ROUND_DRIFT_MS at most."""
    for digits in (0, 1, 2, 3):
        rounded = _fold(beat_ms_of(round(bpm_of(period), digits)), low, high)
        drift_ms = min(abs(rounded / octave - period) for octave in (0.5, 1, 2)) * span_ms / period
        if drift_ms <= ROUND_DRIFT_MS and low <= bpm_of(rounded) < high:
            return rounded
    return period


def _fold(period: float, low: float, high: float) -> float:
    """Return the beat length, halved or doubled if only that brings the tempo into [low, high)."""
    if bpm_of(period) >= high and bpm_of(2 * period) >= low:
        return 2 * period
    if bpm_of(period) < low and bpm_of(period / 2) < high:
        return period / 2
    return period


def _center(times: np.ndarray, weight: np.ndarray, period: float, phase: float) -> float:
    """Return the phase moved to where the notes near quarters of the beat lie on average."""
    step = period / 4
    away_ms = (times - phase + step / 2) % step - step / 2  # [N]
    used = weight * (np.abs(away_ms) < NEAR_MS)
    return phase + float((used * away_ms).sum() / used.sum()) if used.any() else phase


def _first_measure(times: np.ndarray, weight: np.ndarray, period: float, phase: float) -> float:
    """Return the last beat before the first note that starts a measure: of each four beats, the one with most notes."""
    beats = np.round((times - phase) / period)
    on_beat = weight * (np.abs(times - phase - beats * period) < NEAR_MS)
    loads = np.bincount((beats % BEATS_PER_MEASURE).astype(np.int64), on_beat, minlength=BEATS_PER_MEASURE)
    first_beat = math.floor((times.min() - phase + NEAR_MS) / period)
    back = (first_beat - int(loads.argmax())) % BEATS_PER_MEASURE
    return phase + (first_beat - back) * period


def snap(
    notes: Sequence[Note],
    timing_points: Sequence[TimingPoint],
    divisors: Sequence[int] = SNAP_DIVISORS,
    tolerance_ms: float = 10.0,
) -> list[Note]:
    """Snap heads and tails to the coarsest 1/divisor of a beat within the tolerance; notes further away stay.

    For fine divisions, a note also has to be within SNAP_SHARE of the distance between two lines.

    Every note follows the timing point before it; the first one also reaches back. A long note that would shrink to
    nothing keeps its length. Raises ChartError for timing points that do not form a grid.
    """
    if not timing_points:
        raise ChartError("notes can only be snapped to timing points: the chart has none")
    tempo = TempoMap.of_points(timing_points)
    heads = _snapped(np.array([note.start_ms for note in notes], float), tempo, divisors, tolerance_ms)
    tails = _snapped(np.array([note.last_ms for note in notes], float), tempo, divisors, tolerance_ms)
    moved = []
    for note, head, tail in zip(notes, heads.tolist(), tails.tolist(), strict=True):
        if note.end_ms is None:
            moved.append(replace(note, start_ms=head))
        else:
            moved.append(
                replace(note, start_ms=head, end_ms=tail if tail > head else head + note.end_ms - note.start_ms)
            )
    return moved


def quarter_before(timing_points: Sequence[TimingPoint], time_ms: float) -> float:
    """The last line of a quarter beat at or before a time, in ms. Raises ChartError for points that form no grid."""
    tempo = TempoMap.of_points(timing_points)
    times = np.array([time_ms])
    stretch = tempo.stretch_at(times)
    begin, quarter_ms = tempo.times[stretch], tempo.lengths[stretch] / 4
    return float((begin + np.floor((times - begin) / quarter_ms + ROUNDING_BEATS) * quarter_ms)[0])


def quarters_from(timing_points: Sequence[TimingPoint], times_ms: np.ndarray) -> np.ndarray:
    """The first lines of a quarter beat at or after times [N], in ms. Raises ChartError for points without a grid."""
    tempo = TempoMap.of_points(timing_points)
    stretch = tempo.stretch_at(times_ms)
    begin, quarter_ms = tempo.times[stretch], tempo.lengths[stretch] / 4
    lines: np.ndarray = begin + np.ceil((times_ms - begin) / quarter_ms - ROUNDING_BEATS) * quarter_ms
    return lines


def _snapped(times: np.ndarray, tempo: TempoMap, divisors: Sequence[int], tolerance_ms: float) -> np.ndarray:
    """Return `times` in ms [N], each snapped to the coarsest line within the tolerance, if there is one."""
    stretch = tempo.stretch_at(times, early=tolerance_ms)
    beat = tempo.lengths[stretch]  # [N], in ms
    snapped, free = times.copy(), np.ones(len(times), bool)
    for divisor in sorted(divisors):
        line = tempo.nearest_lines(times, divisor, stretch)
        hit = free & (np.abs(line - times) <= np.minimum(tolerance_ms, SNAP_SHARE * beat / divisor))
        snapped[hit] = line[hit]
        free &= ~hit
    return snapped
