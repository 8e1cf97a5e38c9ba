"""Baseline charts: random notes, or the strongest onsets of the music.

Axes: N notes, P peaks of the onset strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap, Note
from mug.data.audio import decode_audio
from mug.metrics.onsets import moments_ms, random_onsets

ONSET_SR = 22050
HOP = 128
N_FFT = 512  # short: with librosa's 2048 the peaks are 20 ms late
PEAK_DISTANCE = 5  # frames: at most one peak in 30 ms


@dataclass(frozen=True)
class Peaks:
    """Peaks of a song's onset strength: when [P] in ms, sorted, and how strong [P]."""

    times_ms: np.ndarray
    strength: np.ndarray

    def strongest(self, n: int) -> np.ndarray:
        """Return the times of the n strongest peaks (or of all, if fewer), sorted."""
        return np.sort(self.times_ms[np.argsort(-self.strength, kind="stable")[:n]])


def onset_peaks(audio: str | Path) -> Peaks:
    """Return the peaks of librosa's onset strength (spectral flux of the mel spectrum). Raises AudioError."""
    import librosa  # imported here: they take a second, and comparing charts does not need them
    from scipy.signal import find_peaks

    samples = decode_audio(audio, ONSET_SR)
    strength = librosa.onset.onset_strength(y=samples, sr=ONSET_SR, hop_length=HOP, n_fft=N_FFT)
    # librosa's own peak picker is compiled at run time, and its cache can crash
    frames, _ = find_peaks(strength, distance=PEAK_DISTANCE)
    return Peaks(frames * HOP / ONSET_SR * 1000, strength[frames])


def chart_at(times_ms: np.ndarray, human: Beatmap, rng: np.random.Generator) -> Beatmap:
    """Return a chart of plain notes at these times in random columns, as many notes as the human's.

    Surplus notes make chords at random times. The human's timing points are kept.
    """
    times = np.unique(np.round(times_ms))
    columns = [list(rng.permutation(human.keys)) for _ in times]  # order in which each time's notes take columns
    sizes = np.ones(len(times), dtype=np.int64)
    for _ in range(len(human.notes) - len(times)):
        open_ones = np.flatnonzero(sizes < human.keys)
        if not len(open_ones):
            break
        sizes[rng.choice(open_ones)] += 1
    notes = [
        Note(float(time), int(column))
        for time, order, size in zip(times, columns, sizes, strict=True)
        for column in order[:size]
    ]
    return replace(human, notes=sorted(notes), document=None)


def random_chart(human: Beatmap, rng: np.random.Generator) -> Beatmap:
    """Return as many notes as the human's at as many random moments in its time span: what density alone scores."""
    moments = moments_ms(human)
    return chart_at(random_onsets(len(moments), moments[0], moments[-1] + 1, rng), human, rng)


def onset_chart(human: Beatmap, peaks: Peaks, rng: np.random.Generator) -> Beatmap:
    """Return the song's strongest onsets, as many as the human's chart has moments, in random columns."""
    return chart_at(peaks.strongest(len(moments_ms(human))), human, rng)


def nearest_other(charts: Sequence[Beatmap], stars: Sequence[float], index: int) -> int | None:
    """Return the index of the other chart with the closest stars, None if all others have the same notes."""
    others = [i for i, chart in enumerate(charts) if i != index and chart.notes != charts[index].notes]
    return min(others, key=lambda i: (abs(stars[i] - stars[index]), i), default=None)
