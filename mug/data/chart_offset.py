"""The constant offset of charts against their audio: the shift at which their notes lie on its onsets.

A chart and an mp3 of its song often differ by tens of milliseconds, since decoders treat the silence that an encoder
adds differently, and songs get transcoded. Everything here is about one song and its charts.
Axes: A audio frames, M mel bins, N moments of a chart, B blocks of the song, S shifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.data.audio import AudioSettings

SETTINGS = AudioSettings()  # of the spectra to measure in
FRAME_MS = SETTINGS.grid.audio.to_ms(1)
MAX_FRAMES = 100_000  # 10 minutes; what comes later is not looked at
MAX_OFFSET_MS = 100  # what a measured offset can be
SHIFTS_MS = np.arange(-200, 201)  # [S]
SMOOTH_MS = 5  # of the onset strength; its frames are 5.8 ms apart
NEAR_MS = 20  # shifts this close to the best one are no rivals
BIAS_MS = -1.4  # measured on composed songs, whose offset is 0: the median; see docs/log.md
N_BLOCKS = 16
MOMENTS_A_BLOCK = 4
MIN_BLOCKS = 4
MAX_MOMENTS = 5000  # of a chart, evenly spread
MIN_CONFIDENCE = 3.0  # charts on the audio of other songs reach 2.2; see docs/log.md
CLEARLY = 2.0  # standard errors
SAME_MS = 10.0  # charts of one song that differ by more disagree


@dataclass(frozen=True)
class ChartOffset:
    """`offset_ms`: added to the notes, it puts them on the onsets; positive where the audio plays late.

    `confidence`: by how many standard errors the onset strength at the notes is higher than at the best other shift.
    """

    offset_ms: float
    confidence: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= MIN_CONFIDENCE


UNKNOWN = ChartOffset(0.0, 0.0)


@dataclass(frozen=True)
class SongOffset:
    """The offset of a song, for which all of its charts vote, and that of each chart alone, in their order."""

    together: ChartOffset
    charts: tuple[ChartOffset, ...]

    def disagrees(self, chart: int) -> bool:
        """Whether this chart is surely at another offset than all together."""
        alone = self.charts[chart]
        different = abs(alone.offset_ms - self.together.offset_ms) > SAME_MS
        return alone.is_sure and self.together.is_sure and different

    def of(self, chart: int) -> ChartOffset:
        """The offset to use for a chart: that of all together, or its own if it disagrees or only it is sure."""
        alone = self.charts[chart]
        use_own = self.disagrees(chart) or (alone.is_sure and not self.together.is_sure)
        return alone if use_own else self.together


def song_offset(charts_ms: Sequence[np.ndarray], mel: np.ndarray) -> SongOffset:
    """Measure the offset of charts, given as the times of their notes in ms, each [N].

    mel: the log-mel spectrum of their audio [M, A] under SETTINGS (`load_audio`).
    """
    strength = _onset_strength(mel)
    charts = [_moments(times_ms, len(strength)) for times_ms in charts_ms]
    each = tuple(_offset([moments], strength) for moments in charts)
    return SongOffset(each[0] if len(each) == 1 else _offset(charts, strength), each)


def _onset_strength(mel: np.ndarray) -> np.ndarray:
    """The rise of the amplitude, averaged over mel bins, at every millisecond.

    Amplitudes, not their logarithms: so it does not depend on how loud a song is, and noise in quiet places counts
    little. The root keeps a few loud onsets from outweighing all others.
    """
    amplitude = np.sqrt(np.expm1(mel[:, :MAX_FRAMES].astype(np.float32)))  # [M, A]
    rise = np.sqrt(np.maximum(np.diff(amplitude, axis=1), 0).mean(axis=0))  # [A - 1]
    between_ms = (np.arange(len(rise)) + 0.5) * FRAME_MS
    if not len(rise):
        return np.zeros(0)
    strength = np.interp(np.arange(int(between_ms[-1]) + 1), between_ms, rise)
    return np.convolve(strength, np.full(SMOOTH_MS, 1 / SMOOTH_MS), "same")


def _moments(times_ms: np.ndarray, n_ms: int) -> np.ndarray:
    """The times of a chart's notes, each once, in whole ms, without those near the ends of the audio: int64 [N]."""
    margin = SHIFTS_MS[-1]
    inside = times_ms[(times_ms >= margin) & (times_ms < n_ms - margin - 1)]
    moments = np.unique(np.round(inside).astype(np.int64))
    if len(moments) > MAX_MOMENTS:
        moments = moments[np.linspace(0, len(moments) - 1, MAX_MOMENTS).astype(np.int64)]
    return moments


def _offset(charts: Sequence[np.ndarray], strength: np.ndarray) -> ChartOffset:
    """The offset of charts together. Each counts the same: easy charts have few notes, but on strong onsets."""
    everything = np.concatenate(charts) if charts else np.zeros(0, np.int64)
    n_blocks = min(N_BLOCKS, len(everything) // MOMENTS_A_BLOCK)
    if n_blocks < MIN_BLOCKS:
        return UNKNOWN
    edges = np.quantile(everything, np.linspace(0, 1, n_blocks + 1))[1:-1]
    curves = []  # of each block, the strength at the notes by shift [S]
    for block in range(n_blocks):
        inside = [chart[np.searchsorted(edges, chart) == block] for chart in charts]
        at_shifts = [strength[chart[:, None] + SHIFTS_MS].mean(axis=0) for chart in inside if len(chart)]
        if at_shifts:
            curves.append(np.mean(at_shifts, axis=0))
    return _best(np.array(curves))


def _best(curves: np.ndarray) -> ChartOffset:
    """The best shift of curves [B, S], between milliseconds, and how much better it is than the best rival.

    Rivals are shifts that an offset may have. One beyond, such as the next beat, only counts if it is clearly better:
    then the chart is not near its audio.
    """
    mean = curves.mean(axis=0)
    possible = np.abs(SHIFTS_MS) <= MAX_OFFSET_MS
    best = _highest(mean, possible)
    rival = _highest(mean, possible & (np.abs(SHIFTS_MS - SHIFTS_MS[best]) > NEAR_MS))
    if _standard_errors(curves[:, _highest(mean, ~possible)] - curves[:, best]) > CLEARLY:
        return UNKNOWN
    before, top, after = mean[best - 1 : best + 2]
    bend = before - 2 * top + after
    between = 0.5 * (before - after) / bend if bend < 0 else 0.0  # the vertex of the parabola
    confidence = _standard_errors(curves[:, best] - curves[:, rival])
    offset_ms = float(np.clip(SHIFTS_MS[best] + between - BIAS_MS, -MAX_OFFSET_MS, MAX_OFFSET_MS))
    return ChartOffset(offset_ms, confidence)


def _highest(mean: np.ndarray, among: np.ndarray) -> int:
    """The index of the highest value [S] where `among` [S] is true."""
    return int(np.where(among, mean, -np.inf).argmax())


def _standard_errors(differences: np.ndarray) -> float:
    """The mean of differences [B] in standard errors; 0 if all are the same, as in silence."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return float(differences.mean() / error) if error > 0 else 0.0
