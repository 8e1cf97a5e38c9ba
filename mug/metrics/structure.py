"""Whether a chart repeats where the music does.

Axes: N measures, S slots, K keys, U places and columns that occur in a chart.
"""

from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap, note_arrays
from mug.charts.tempo_map import TempoMap, is_tempo
from mug.data.audio import AudioSettings
from mug.data.self_similarity import SLOTS_PER_BEAT, self_similarity

PLACES_PER_BEAT = 12
MIN_MEASURES = 4  # with six pairs to correlate
MAX_MEASURES = 2000  # 50 minutes of 4/4 at 160 BPM
MAX_BEATS = 64  # in a measure; timing points with more, or with shorter measures than this, are gimmicks
MIN_MEASURE_MS = 300.0


@dataclass(frozen=True)
class Measures:
    """Measures of a song, from the first note of a chart to its last.

    borders_ms: their starts, and the end of the last one [N + 1]. beats_ms: the length of a beat in each [N].
    """

    borders_ms: np.ndarray
    beats_ms: np.ndarray

    @classmethod
    def of_chart(cls, chart: Beatmap) -> "Measures | None":
        """The measures of a chart's timing points; None for fewer than MIN_MEASURES, or gimmicks."""
        points = [point for point in chart.timing_points if is_tempo(point)]
        if not points or not chart.notes:
            return None
        tempo = TempoMap.of_points(points)
        starts_ms = np.array([note.start_ms for note in chart.notes])
        _, beat = tempo.measure_at(starts_ms.min())
        first_ms = float(starts_ms.min() - beat * tempo.lengths[tempo.stretch_at(starts_ms.min())])
        lines_ms = tempo.lines(first_ms, float(starts_ms.max()) + 1, np.inf, MIN_MEASURE_MS).measures_ms
        if not MIN_MEASURES <= len(lines_ms) <= MAX_MEASURES:
            return None
        stretches = tempo.stretch_at(lines_ms, early=1e-3)
        beats_ms = tempo.lengths[stretches]
        borders_ms = np.append(lines_ms, lines_ms[-1] + beats_ms[-1] * tempo.meters[stretches[-1]])
        lengths_ms = np.diff(borders_ms)
        if lengths_ms.min() <= 0 or (lengths_ms / beats_ms).max() > MAX_BEATS:
            return None
        return cls(borders_ms, beats_ms)

    def slots_ms(self) -> list[np.ndarray]:
        """The borders of each measure's slots of 1/SLOTS_PER_BEAT beat, [S + 1] each."""
        steps = self.beats_ms / SLOTS_PER_BEAT
        counts = np.maximum(np.round(np.diff(self.borders_ms) / steps), 1).astype(np.int64)
        parts = zip(self.borders_ms, steps, counts, strict=False)
        return [start + step * np.arange(count + 1) for start, step, count in parts]

    def similarity_of(self, chart: Beatmap) -> np.ndarray:
        """How alike any two measures of a chart are, 0 to 1: the cosine of their notes, float64 [N, N].

        Notes are compared by their place, to 1/12 of a beat, and column, as they are or all mirrored. Two measures
        without notes are alike.
        """
        from scipy.sparse import csr_matrix  # here: it takes a tenth of a second

        columns, starts_ms, _ = note_arrays(chart.notes)
        n = len(self.beats_ms)
        rough = np.clip(np.searchsorted(self.borders_ms, starts_ms, side="right") - 1, 0, n - 1)
        early_ms = self.beats_ms[rough] / PLACES_PER_BEAT / 2
        measures = np.searchsorted(self.borders_ms, starts_ms + early_ms, side="right") - 1
        inside = (measures >= 0) & (measures < n)
        measures, columns, starts_ms = measures[inside], columns[inside], starts_ms[inside]
        since = (starts_ms - self.borders_ms[measures]) / self.beats_ms[measures]  # beats
        places = np.round(np.maximum(since, 0) * PLACES_PER_BEAT).astype(np.int64)
        codes, mirrored = places * chart.keys + columns, places * chart.keys + chart.keys - 1 - columns
        known, numbers = np.unique(np.concatenate([codes, mirrored]), return_inverse=True)
        shape = (n, len(known))
        ones = np.ones(len(codes))
        as_is, flipped = (
            csr_matrix((ones, (measures, side)), shape).sign()
            for side in (numbers[: len(codes)], numbers[len(codes) :])
        )
        sizes = np.sqrt(np.asarray(as_is.sum(axis=1)).ravel())
        common = np.maximum((as_is @ as_is.T).toarray(), (as_is @ flipped.T).toarray())
        both_empty = np.outer(sizes == 0, sizes == 0)
        return np.where(both_empty, 1.0, common / np.maximum(np.outer(sizes, sizes), 1e-9))


@dataclass(frozen=True)
class MusicStructure:
    """The measures of a song, and how alike any two of them sound [N, N]."""

    measures: Measures
    similarity: np.ndarray

    @classmethod
    def of(cls, spectrum: np.ndarray, settings: AudioSettings, human: Beatmap) -> "MusicStructure | None":
        """The structure of a song from its spectrum [M, A] and the timing points of a human's chart of it.

        None if the chart has too few measures, or timing points that are gimmicks.
        """
        measures = Measures.of_chart(human)
        if measures is None:
            return None
        slots = [settings.grid.audio.at(slots_ms) for slots_ms in measures.slots_ms()]
        return cls(measures, self_similarity(spectrum, slots))

    def correlation(self, chart: Beatmap) -> float:
        """Return the correlation of the music's similarities with the chart's, over all pairs of measures, -1 to 1.

        0 if all measures of the chart are equally alike, as without notes; NaN if those of the music are.
        """
        pairs = np.tril_indices(len(self.similarity), -1)
        music, notes = self.similarity[pairs], self.measures.similarity_of(chart)[pairs]
        if np.ptp(music) == 0:
            return float("nan")
        return 0.0 if np.ptp(notes) == 0 else float(np.corrcoef(music, notes)[0, 1])
