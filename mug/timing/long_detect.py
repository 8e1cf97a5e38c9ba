"""The timing of a long song, found part by part: the memory of one part, and time in proportion to the song's length.

Axes: A audio frames, M mel bins, Q frequencies of the STFT.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.data.audio import AudioSettings
from mug.timing.activations import BeatListener
from mug.timing.detect import detect_timing
from mug.timing.detected import DetectedTiming

PART_MS, MARGIN_MS = 300_000.0, 20_000.0  # a part is heard with a margin on both sides
SAME_TEMPO, SAME_MS = 1e-4, 5.0  # parts that agree within these need no red line between them


def detect_long_timing(spectrum: np.ndarray, settings: AudioSettings, listener: BeatListener | None) -> DetectedTiming:
    """Find the timing of a song in parts of PART_MS; for the arguments see mug.timing.detect.detect_timing.

    A part without a pulse goes on with the timing of the one before. Where parts meet, the first measure of the later
    one gets a red line, unless both have the same tempo there, and the same measures.
    """
    audio = settings.grid.audio
    end_ms = audio.to_ms(spectrum.shape[-1])
    n_parts = max(1, math.ceil(end_ms / PART_MS - 0.5))
    edges_ms = [PART_MS * number for number in range(n_parts)]
    points: list[TimingPoint] = []
    parts: list[DetectedTiming] = []
    for edge_ms in edges_ms:
        first = max(0, round(audio.at(edge_ms - MARGIN_MS)))
        until_ms = end_ms if edge_ms == edges_ms[-1] else edge_ms + PART_MS + MARGIN_MS
        heard = detect_timing(spectrum[..., first : round(audio.at(until_ms))], settings, listener)
        parts.append(heard)
        if not heard.has_pulse:
            continue
        shift_ms = float(audio.to_ms(first))
        own = [replace(point, time_ms=point.time_ms + shift_ms) for point in heard.timing_points]
        points = joined(points, own, edge_ms) if points else own
    with_pulse = [part for part in parts if part.has_pulse]
    if not with_pulse:
        return parts[0]
    return DetectedTiming(points, min(part.confidence for part in with_pulse))


def joined(points: Sequence[TimingPoint], later: Sequence[TimingPoint], edge_ms: float) -> list[TimingPoint]:
    """Red lines up to `edge_ms`, and those of the part behind it from its first measure on."""
    starting = first_measure(later, edge_ms)
    before = [point for point in points[1:] if point.time_ms <= edge_ms and point.time_ms < starting.time_ms]
    before = [points[0], *before]
    last = before[-1]
    measures = (starting.time_ms - last.time_ms) / (last.beat_ms * last.meter)
    goes_on = (
        abs(starting.beat_ms / last.beat_ms - 1) <= SAME_TEMPO
        and starting.meter == last.meter
        and abs(measures - round(measures)) * last.beat_ms * last.meter <= SAME_MS
    )
    return [*before, *([] if goes_on else [starting]), *(point for point in later if point.time_ms > starting.time_ms)]


def first_measure(points: Sequence[TimingPoint], from_ms: float) -> TimingPoint:
    """A red line at the first measure of these red lines that begins at `from_ms` or later."""
    active = max((point for point in points if point.time_ms <= from_ms), default=points[0], key=lambda p: p.time_ms)
    measure_ms = active.beat_ms * active.meter
    start_ms = active.time_ms + measure_ms * max(0, math.ceil((from_ms - active.time_ms) / measure_ms - 1e-6))
    following = min((point.time_ms for point in points if point.time_ms > from_ms), default=math.inf)
    if start_ms >= following:
        return next(point for point in points if point.time_ms == following)
    return replace(active, time_ms=start_ms)
