"""Detected timings against the charts that lie beside the songs, and simple methods against them, as one table.

Axes: N songs.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.chart_files import at_decoded_times, find_charts, open_charts
from mug.charts.tempo_map import TempoMap
from mug.charts.timing import fit_timing
from mug.errors import ChartError, MugError
from mug.files import file_beside
from mug.metrics.baselines import PEAK_DISTANCE
from mug.metrics.bootstrap import Estimate, bootstrap, mean_of
from mug.metrics.report import HIGHER, LOWER, Line, cell, text_table
from mug.metrics.timing import TimingScore, score_timing

DETECTED, LIBROSA, FITTED = "detected", "librosa.beat", "fitted to onsets"
HOP, N_FFT = 128, 512  # short windows: with librosa's 2048 onsets are 20 ms late
LINES = (
    Line("tempo", "tempo within 0.1 %", HIGHER, percent=True),
    Line("tempo_octave", "  octaves apart", HIGHER, percent=True),
    Line("bpm_close", "tempo within 0.5 BPM", HIGHER, percent=True),
    Line("within_10ms", "beats within 10 ms", HIGHER, percent=True),
    Line("within_30ms", "beats within 30 ms", HIGHER, percent=True),
    Line("aligned_10ms", "beats within 10 ms, constant offset removed", HIGHER, percent=True),
    Line("both", "tempo and beats within 10 ms", HIGHER, percent=True),
    Line("half_beat", "half a beat off", LOWER, percent=True),
    Line("downbeat", "measures start right", HIGHER, percent=True),
    Line("beat_f", "beat F-measure", HIGHER, digits=3),
    Line("cmlt", "CMLt", HIGHER, digits=3),
    Line("amlt", "AMLt", HIGHER, digits=3),
)


class Contest:
    """Collects the scores of songs, of what was detected and of the baselines."""

    def __init__(self) -> None:
        self.songs: list[str] = []
        self.scores: dict[str, list[TimingScore]] = {DETECTED: [], LIBROSA: [], FITTED: []}

    def enter(self, song: Path, samples: np.ndarray, sr: int, points: Sequence[TimingPoint]) -> bool:
        """Score a song's timing points, if a chart lies beside it. samples: mono, at `sr` Hz."""
        chart = chart_beside(song)
        if chart is None:
            return False
        truth = TempoMap.of_points(chart.timing_points)
        start_ms, end_ms = min(note.start_ms for note in chart.notes), chart.last_ms
        timings = {DETECTED: list(points), LIBROSA: librosa_timing(samples, sr), FITTED: onset_timing(samples, sr)}
        try:
            scores = {
                name: score_timing(truth, TempoMap.of_points(found), start_ms, end_ms)
                for name, found in timings.items()
            }
        except ValueError:  # a chart of less than two beats
            return False
        for name, score in scores.items():
            self.scores[name].append(score)
        self.songs.append(str(song.parent))
        return True

    def table(self) -> str:
        """The figures with 95 % intervals over songs."""
        if not self.songs:
            return "no song has a chart beside it to compare with"
        rows = [[f"{len(self.songs)} songs", *self.scores]]
        for line in LINES:
            rows.append([f"{line.label} {line.better}", *(cell(self._estimate(s, line), line) for s in self.scores)])
        return text_table(rows)

    def _estimate(self, name: str, line: Line) -> Estimate:
        values = np.array([asdict(score)[line.name] for score in self.scores[name]])
        return Estimate(*bootstrap(mean_of(values), self.songs), charts=len(values))


def chart_beside(song: Path) -> Beatmap | None:
    """The first chart beside a song that names it and has notes and timing points; None if none does."""
    for path in find_charts([song.parent]):
        if path.parent != song.parent:
            continue
        try:
            for chart in open_charts(path)[0]:
                TempoMap.of_points(chart.timing_points)
                if chart.notes and file_beside(path, chart.audio_filename) == song:
                    return at_decoded_times(chart, path, song)
        except (MugError, OSError):
            continue
    return None


def librosa_timing(samples: np.ndarray, sr: int) -> list[TimingPoint]:
    """One tempo through the beats of librosa's tracker (Ellis 2007), by least squares."""
    import librosa  # here: it takes a second

    strength = librosa.onset.onset_strength(y=samples, sr=sr, hop_length=HOP, n_fft=N_FFT)
    _, frames = librosa.beat.beat_track(onset_envelope=strength, sr=sr, hop_length=HOP)
    if len(frames) < 2:
        return [TimingPoint(0.0, 500.0)]
    beat_ms, start_ms = np.polyfit(np.arange(len(frames)), frames * HOP / sr * 1000, 1)
    return [TimingPoint(float(start_ms), float(beat_ms))]


def onset_timing(samples: np.ndarray, sr: int) -> list[TimingPoint]:
    """One tempo fitted to the strongest onsets, four a second, as to the notes of a chart."""
    import librosa
    from scipy.signal import find_peaks

    strength = librosa.onset.onset_strength(y=samples, sr=sr, hop_length=HOP, n_fft=N_FFT)
    frames, _ = find_peaks(strength, distance=PEAK_DISTANCE)
    strongest = np.sort(frames[np.argsort(-strength[frames], kind="stable")[: max(int(4 * len(samples) / sr), 2)]])
    try:
        return [fit_timing(strongest * HOP / sr * 1000).timing_point()]
    except ChartError:  # nothing sounds
        return [TimingPoint(0.0, 500.0)]
