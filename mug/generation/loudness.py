"""Where a song is loud, and where its preview begins: at the loudest part that comes again.

Axes: C channels of the spectrum, A audio frames, S seconds, N measures, W windows.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap
from mug.data.audio import AudioSettings
from mug.data.self_similarity import SLOTS_PER_BEAT, self_similarity

HEARD_MS = 600_000.0  # of a song; the preview begins within it
PREVIEW_MS = 10_000.0  # that the game's song list plays before it begins anew
FEWEST_MEASURES = 8
SECOND_MS = 1000.0
SMOOTHED_S = 5
QUIETER = 0.8  # of the median level, where a song is not loud any more

Span = tuple[float, float]


def preview_ms(spectrum: np.ndarray, settings: AudioSettings, points: Sequence[TimingPoint]) -> int:
    """Return when a song's preview begins: with the measures that are loud and sound like others.

    spectrum: [C, A] or [2, C, A]. Of equally good ones the first is taken; without eight measures, the loudest seconds.
    """
    frames = settings.grid.audio
    spectrum = spectrum[..., : int(frames.at(HEARD_MS))]
    end_ms = frames.to_ms(spectrum.shape[-1])
    starts, meters = _measures(points, end_ms)  # [N + 1], [N]
    levels = seconds_of_level(spectrum, settings)  # [S]
    if len(starts) <= FEWEST_MEASURES:
        seconds = int(PREVIEW_MS / SECOND_MS)
        if len(levels) <= seconds:
            return 0
        return int(np.convolve(levels, np.ones(seconds), "valid").argmax() * SECOND_MS)
    slots = [
        np.linspace(frames.at(start), frames.at(end), SLOTS_PER_BEAT * meter + 1)
        for (start, end), meter in zip(pairwise(starts), meters, strict=True)
    ]
    alike = self_similarity(np.asarray(spectrum, np.float32), slots)  # [N, N]
    window = max(int(PREVIEW_MS / np.median(np.diff(starts))), 1)
    places = (np.array(starts) // SECOND_MS).astype(int).tolist()
    loudness = _means([levels[a : max(b, a + 1)].mean() for a, b in pairwise(places)], window)
    recurrence = _recurrence(alike, window)  # [W]
    best = int((_ranks(loudness) + _ranks(recurrence)).argmax())
    return max(round(starts[best]), 0)


def loud_spans(spectrum: np.ndarray, settings: AudioSettings) -> list[Span]:
    """Return when a song is about as loud as in most of its seconds, in ms."""
    levels = seconds_of_level(spectrum, settings)
    if not len(levels):
        return []
    smooth = np.convolve(np.pad(levels, SMOOTHED_S // 2, "edge"), np.full(SMOOTHED_S, 1 / SMOOTHED_S), "valid")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], smooth > QUIETER * np.median(levels), [0]])))
    return [(float(start), float(stop)) for start, stop in (edges.reshape(-1, 2) * SECOND_MS).tolist()]


def seconds_of_level(spectrum: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """Return the mean of the spectrum's magnitudes in each second of a song, float64 [S]."""
    per_second = int(settings.grid.audio.at(SECOND_MS))
    n = spectrum.shape[-1] // per_second
    return np.array(
        [np.abs(spectrum[..., i * per_second : (i + 1) * per_second]).mean(dtype=np.float64) for i in range(n)]
    )


def _measures(points: Sequence[TimingPoint], end_ms: float) -> tuple[list[float], list[int]]:
    """The starts of a song's whole measures, and the last one's end; and how many beats each has."""
    tempo = TempoMap.of_points(points)
    starts = [ms for ms in tempo.lines(0.0, end_ms, min_beat=50.0).measures_ms.tolist() if ms >= 0]
    return starts, tempo.meters[tempo.stretch_at(np.array(starts[:-1]))].tolist() if len(starts) > 1 else []


def _recurrence(alike: np.ndarray, window: int) -> np.ndarray:
    """How alike each window of measures is to the one that it is most like, without those that overlap it, [W]."""
    n = len(alike) - window + 1
    both = sum(alike[i : i + n, i : i + n] for i in range(window)) / window  # [W, W]
    places = np.arange(n)
    return np.where(np.abs(places[:, None] - places) >= window, both, -1.0).max(axis=1)


def _means(values: Sequence[float], window: int) -> np.ndarray:
    return np.convolve(values, np.full(window, 1 / window), "valid")


def _ranks(values: np.ndarray) -> np.ndarray:
    """Each value's place from the lowest, 0, to the highest, 1."""
    return np.searchsorted(np.sort(values), values) / max(len(values) - 1, 1)
