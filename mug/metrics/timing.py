"""Is the tempo of a song right, and are its beats where they should be?

Axes: N beats, P stretches of one tempo.
"""

from dataclasses import dataclass
from itertools import pairwise

import mir_eval
import numpy as np

from mug.charts.tempo_map import TempoMap

TEMPO_TOLERANCE = 0.001
DRIFT_MS = 10.0  # over a stretch shorter than 10 s a tempo is right if it drifts by no more
OCTAVES = (1.0, 0.5, 2.0, 0.25, 4.0)
EARLY_MS = 20.0  # a red line this late still holds for the beat that it was meant for
GRADUAL_MS = 3_000.0  # stretches shorter than this are one gradual change together
WHOLE = 0.05  # of a beat
NEARLY_ALL = 0.9  # share of beats, or of the time, that has to be right


@dataclass(frozen=True)
class TimingScore:
    """How right the timing of a song is. Shares and rightness in 0..1; see docs/metrics.md.

    beat_f, cmlt, amlt: of mir_eval (Davies, Degara and Plumbley 2009). tempo: within 0.1 %, in the octave of the
    reference; tempo_octave: in any octave. bpm_close: the tempo that lasts longest is within 0.5 BPM. within_10ms,
    within_30ms: nearly all beats are that close, in any octave; aligned_10ms: after the median error is removed.
    half_beat: the beats lie half a beat off. downbeat: measures start where they should. both: tempo and within_10ms.
    error_ms: how late beats are, the median.
    """

    beat_f: float
    cmlt: float
    amlt: float
    tempo: float
    tempo_octave: float
    bpm_close: float
    within_10ms: float
    within_30ms: float
    aligned_10ms: float
    half_beat: float
    downbeat: float
    both: float
    error_ms: float


def score_timing(truth: TempoMap, found: TempoMap, start_ms: float, end_ms: float) -> TimingScore:
    """Compare two maps over [start_ms, end_ms). Raises ValueError if that holds no beat of the reference."""
    beats = truth.lines(start_ms, end_ms).beats_ms
    if len(beats) < 2:
        raise ValueError(f"no two beats from {start_ms} to {end_ms} ms")
    estimated = found.lines(start_ms, end_ms).beats_ms
    reference_s, estimated_s = beats / 1000, np.maximum(estimated, 0.0) / 1000
    beat_f, cmlt, amlt = 0.0, 0.0, 0.0
    if len(estimated) > 1:
        beat_f = mir_eval.beat.f_measure(reference_s, estimated_s)
        _, cmlt, _, amlt = mir_eval.beat.continuity(reference_s, estimated_s)
    spans = _spans(truth, start_ms, end_ms)
    tempo = _tempo_share(truth, found, spans, 1.0)
    octave = max(OCTAVES, key=lambda ratio: (_tempo_share(truth, found, spans, ratio), ratio == 1.0))
    in_octave = _tempo_share(truth, found, spans, octave)
    away, beat_ms = _away(found, beats, octave if octave < 1 else 1.0), truth.lengths[truth.stretch_at(beats)]
    median = float(np.median(away))
    half = octave == 1 and np.mean(np.abs(away) > 0.35 * beat_ms) > 0.5
    return TimingScore(
        beat_f=float(beat_f),
        cmlt=float(cmlt),
        amlt=float(amlt),
        tempo=float(tempo >= NEARLY_ALL),
        tempo_octave=float(in_octave >= NEARLY_ALL),
        bpm_close=float(abs(truth.main_bpm(start_ms, end_ms) - found.main_bpm(start_ms, end_ms)) <= 0.5),
        within_10ms=float(np.mean(np.abs(away) <= 10) >= NEARLY_ALL),
        within_30ms=float(np.mean(np.abs(away) <= 30) >= NEARLY_ALL),
        aligned_10ms=float(np.mean(np.abs(away - median) <= 10) >= NEARLY_ALL and not half),
        half_beat=float(half),
        downbeat=_downbeat(truth, found, start_ms, end_ms),
        both=float(tempo >= NEARLY_ALL and np.mean(np.abs(away) <= 10) >= NEARLY_ALL),
        error_ms=median,
    )


def measure_starts(tempo: TempoMap, start_ms: float, end_ms: float) -> np.ndarray:
    """The times of measure starts within [start_ms, end_ms), in ms.

    In a gradual change every beat may have a tempo of its own: a stretch that begins in the middle of a measure, a
    whole number of beats after its start, continues it.
    """
    beats = tempo.lines(start_ms, end_ms).beats_ms
    origins = [0.0]  # the place in its measure at which each stretch begins, in beats
    for i in range(1, len(tempo.times)):
        elapsed = (tempo.times[i] - tempo.times[i - 1]) / tempo.lengths[i - 1]
        continues = elapsed < tempo.meters[i - 1] and abs(elapsed - round(elapsed)) < WHOLE
        origins.append((origins[-1] + round(elapsed)) % tempo.meters[i] if continues else 0.0)
    stretch = tempo.stretch_at(beats, early=0.5)
    number = np.round((beats - tempo.times[stretch]) / tempo.lengths[stretch]) + np.array(origins)[stretch]
    return beats[number % tempo.meters[stretch] == 0]


def _spans(truth: TempoMap, start_ms: float, end_ms: float) -> np.ndarray:
    """Where one tempo holds, or changes gradually: starts and ends in ms, [P, 2]."""
    edges = [start_ms, *truth.times[(truth.times > start_ms) & (truth.times < end_ms)].tolist(), end_ms]
    spans: list[list[float]] = []
    for low, high in pairwise(edges):
        gradual = high - low < GRADUAL_MS
        if spans and gradual and spans[-1][2]:
            spans[-1][1] = high
        else:
            spans.append([low, high, gradual])
    return np.array([span[:2] for span in spans])


def _tempo_share(truth: TempoMap, found: TempoMap, spans: np.ndarray, ratio: float) -> float:
    """The share of the time in which the found tempo is `ratio` times the true one."""
    true_beats = np.diff(truth.beats_at(spans.ravel()).reshape(-1, 2))[:, 0] * ratio
    found_beats = np.diff(found.beats_at(spans.ravel()).reshape(-1, 2))[:, 0]
    lasting = spans[:, 1] - spans[:, 0]
    drift_ms = np.abs(found_beats / true_beats - 1) * lasting
    right = drift_ms <= np.maximum(TEMPO_TOLERANCE * lasting, DRIFT_MS)
    return float((right * lasting).sum() / lasting.sum())


def _away(found: TempoMap, beats: np.ndarray, octave: float) -> np.ndarray:
    """How late the nearest line of the found map is at each beat, in ms, [N]; at half the tempo, of its halves."""
    return found.nearest_lines(beats, round(1 / octave), found.stretch_at(beats, early=EARLY_MS)) - beats


def _downbeat(truth: TempoMap, found: TempoMap, start_ms: float, end_ms: float) -> float:
    reference, estimated = measure_starts(truth, start_ms, end_ms), found.lines(start_ms, end_ms).measures_ms
    if not len(reference) or not len(estimated):
        return 0.0
    return float(mir_eval.beat.f_measure(reference / 1000, np.maximum(estimated, 0) / 1000) >= NEARLY_ALL)
