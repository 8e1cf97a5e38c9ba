"""From a song's spectrum to its tempo, beats and measures, before any note is written.

Axes: A audio frames, M mel bins, Q frequencies of the STFT, N beats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap
from mug.data.audio import AudioSettings
from mug.timing.beat_tracking import beat_lengths, track_beats
from mug.timing.detected import LEAST_PULSE, DetectedTiming, pulse_of, weighed, without_pulse
from mug.timing.downbeats import Measures, find_measures
from mug.timing.evidence import of_activations, of_onsets
from mug.timing.onset_strength import onset_strength
from mug.timing.onset_times import onset_times
from mug.timing.simplify import relaid, simplified
from mug.timing.tempo_fit import Stretch, fit_tempos

if TYPE_CHECKING:
    from mug.timing.activations import BeatListener

SILENT = 1e-6  # the largest value of a silent spectrum
SHORTEST_MS = 4_000.0
CHANGE_ODDS = 3.0  # log-odds that a measure starts where the tempo changes


def detect_timing(spectrum: np.ndarray, settings: AudioSettings, listener: BeatListener | None) -> DetectedTiming:
    """Find the timing of a song.

    spectrum: [M, A], or [2, Q, A] for the STFT, as of mug.data.audio.load_audio. listener: the network that hears beats
    in such spectra; without one they are guessed from onsets alone, which is exact in the beat, but often finds half or
    double the tempo.
    """
    frame_ms = settings.grid.audio.frame_ms
    n_frames = spectrum.shape[-1]
    if np.abs(spectrum).max() <= SILENT:
        return without_pulse("silence")
    if n_frames * frame_ms < SHORTEST_MS:
        return without_pulse("sound of less than 4 s")
    lengths = beat_lengths(frame_ms)
    bands = onset_strength(spectrum, settings)
    strength = bands.sum(axis=0)
    if listener is None:
        evidence = of_onsets(bands, lengths, frame_ms)
    else:
        evidence = of_activations(listener.hear(spectrum), bands, lengths, frame_ms)
    tracked = track_beats(evidence.beat, lengths, evidence.tempo)
    stretches = fit_tempos(*onset_times(strength, tracked.frames, frame_ms))
    for again in (True, False):
        beats, firsts = relaid(simplified(stretches, evidence), evidence.end_ms)
        downbeats = evidence.near(evidence.downbeat, beats)
        downbeats[firsts[1:]] += CHANGE_ODDS
        measures = find_measures(downbeats)
        heard = onset_times(strength, np.round(beats / frame_ms).astype(np.int64), frame_ms)
        stretches = fit_tempos(*heard, measures.places == 0, None if again else firsts)
    points = _timing_points(stretches, measures)
    tempo = TempoMap.of_points(points)
    if pulse_of(tempo, evidence) < LEAST_PULSE:
        return without_pulse("sound without a pulse")
    return DetectedTiming(points, *weighed(tempo, evidence))


def _timing_points(stretches: list[Stretch], measures: Measures) -> list[TimingPoint]:
    """Red lines where stretches begin, the first one at the first measure of the song.

    A red line begins a measure. Where that is too early, as a tempo changes in mid-measure, the next measure gets one.
    """
    meter = measures.meter
    starts = np.flatnonzero(measures.places == 0)
    first = stretches[0]
    measure_ms = meter * first.beat_ms
    start_ms = float(first.at(int(starts[0])))
    start_ms -= measure_ms * (start_ms // measure_ms)
    if len(stretches) > 1 and start_ms >= stretches[1].time_ms:  # less than a measure of the first tempo
        start_ms -= measure_ms
    points = [TimingPoint(start_ms, first.beat_ms, meter)]
    edges = [*(stretch.first for stretch in stretches[1:]), len(measures.places)]
    origin = int(starts[0])
    for i, (stretch, end) in enumerate(zip(stretches, edges, strict=True)):
        if i:
            origin = stretch.first
            points.append(TimingPoint(stretch.time_ms, stretch.beat_ms, meter))
        for start in starts[(starts >= stretch.first) & (starts < end)].tolist():
            if (start - origin) % meter:
                origin = start
                points.append(TimingPoint(float(stretch.at(start)), stretch.beat_ms, meter))
    return points
