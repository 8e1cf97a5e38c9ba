"""What was found out about a song's timing, and what else it might be."""

from dataclasses import dataclass, field

import numpy as np

from mug.charts.beatmap import TimingPoint, beat_ms_of, bpm_of
from mug.charts.tempo_map import TempoMap
from mug.timing.evidence import Evidence

# Tempos that are easily taken for each other: names, and beats of the alternative to one beat that was found.
RATIOS = {"half": 0.5, "double": 2.0, "3:2": 1.5, "2:3": 2 / 3}
SHARPNESS = 0.7  # of the scores, when they become probabilities
FALLBACK_BPM = 120.0  # of the constant grid of a song without a pulse
LEAST_PULSE = 1.35  # by which beats stand out: in speech, noise, wind and drones up to 0.98, in music from 1.7 on

CLEAR_PULSE = 3.0  # from which on it does not lower the confidence


@dataclass(frozen=True)
class Alternative:
    """Another tempo that the song may have: `name` says how it relates to the one found, `score` is 0..1."""

    name: str
    bpm: float
    score: float


@dataclass(frozen=True)
class DetectedTiming:
    """The timing of a song. timing_points: its red lines. confidence: 0..1, that tempo and octave are right.

    alternatives: likeliest first; confidence and their scores add up to at most 1. has_pulse: False if there is no
    beat to find; then the red line is one of a constant grid. message: what a user should know, empty if nothing.
    """

    timing_points: list[TimingPoint]
    confidence: float
    alternatives: list[Alternative] = field(default_factory=list)
    has_pulse: bool = True
    message: str = ""


def without_pulse(reason: str) -> DetectedTiming:
    """The constant grid for sound that has no beat. reason: what it is."""
    message = f"{reason}: no beat was found, so the grid is a constant {FALLBACK_BPM:g} BPM from the start"
    return DetectedTiming([TimingPoint(0.0, beat_ms_of(FALLBACK_BPM))], 0.0, has_pulse=False, message=message)


def pulse_of(tempo: TempoMap, evidence: Evidence) -> float:
    """How much more the beats of a map stand out than other moments: the difference of their mean log-odds."""
    anywhere = evidence.near(evidence.beat, np.arange(0.0, evidence.end_ms, evidence.frame_ms))
    return float(evidence.near(evidence.beat, _grid(tempo, evidence.end_ms, 1.0, 0.0)).mean() - anywhere.mean())


def weighed(tempo: TempoMap, evidence: Evidence) -> tuple[float, list[Alternative]]:
    """Return the confidence in a map, and the alternatives to it."""
    beats = len(_grid(tempo, evidence.end_ms, 1.0, 0.0))
    scores = {"": _score(tempo, evidence, 1.0) / beats}
    scores |= {name: _score(tempo, evidence, ratio) / beats for name, ratio in RATIOS.items()}
    most = max(scores.values())
    weights = {name: float(np.exp(SHARPNESS * (score - most))) for name, score in scores.items()}
    total = sum(weights.values())
    bpm = bpm_of(float(np.median(tempo.lengths)))
    others = [Alternative(name, bpm * ratio, weights[name] / total) for name, ratio in RATIOS.items()]
    clear = min(max((pulse_of(tempo, evidence) - LEAST_PULSE) / (CLEAR_PULSE - LEAST_PULSE), 0.0), 1.0)
    return clear * weights[""] / total, sorted(others, key=lambda other: -other.score)


def _score(tempo: TempoMap, evidence: Evidence, ratio: float) -> float:
    """The log-odds of a grid with `ratio` beats to each beat of the map, at its best phase, and of its tempo."""
    phases = (0.0, 1.0) if ratio < 1 else (0.0,)
    return max(_grid_score(tempo, evidence, ratio, phase) for phase in phases)


def _grid_score(tempo: TempoMap, evidence: Evidence, ratio: float, phase: float) -> float:
    times = _grid(tempo, evidence.end_ms, ratio, phase)
    return evidence.worth(times, tempo.lengths[tempo.stretch_at(times)] / ratio)


def _grid(tempo: TempoMap, end_ms: float, ratio: float, phase: float) -> np.ndarray:
    """The moments of a grid with `ratio` beats to each beat of the map, `phase` beats of the map later, [N]."""
    whole = TempoMap(np.round(tempo.beats), tempo.times, tempo.spans, tempo.counts)  # each stretch begins with a beat
    low, high = whole.beats_at(np.array([0.0, end_ms]))
    beats = np.arange(np.ceil((low - phase) * ratio), np.floor((high - phase) * ratio)) / ratio + phase
    return whole.times_of(beats)
