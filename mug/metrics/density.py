"""Whether a chart is dense where the human's is.

Axis: W windows.
"""

import numpy as np

from mug.charts.beatmap import Beatmap

WINDOW_MS = 2000.0


def span_ms(*charts: Beatmap) -> tuple[float, float]:
    """Return the start of the first and of the last note over all these charts, (0, 0) without notes."""
    starts = [note.start_ms for chart in charts for note in chart.notes]
    return (min(starts), max(starts)) if starts else (0.0, 0.0)


def notes_in_windows(chart: Beatmap, first_ms: float, last_ms: float) -> np.ndarray:
    """Return int64 [W]: the notes that start in each window of 2 s; the first begins at first_ms, last_ms is inside."""
    n_windows = int((last_ms - first_ms) // WINDOW_MS) + 1
    starts = np.array([note.start_ms for note in chart.notes if first_ms <= note.start_ms <= last_ms])
    return np.bincount(((starts - first_ms) // WINDOW_MS).astype(np.int64), minlength=n_windows)


def density_spearman(reference: Beatmap, estimated: Beatmap) -> float:
    """Return the rank correlation (Spearman 1904) of notes per window, -1 to 1, from the first note of either chart.

    NaN for fewer than three windows or a reference of constant density, which has no ranks. 0 if only the estimated
    chart is constant or empty.
    """
    from scipy.stats import spearmanr  # here: it takes half a second

    first_ms, last_ms = span_ms(reference, estimated)
    there, guessed = (notes_in_windows(chart, first_ms, last_ms) for chart in (reference, estimated))
    if len(there) < 3 or np.ptp(there) == 0:
        return float("nan")
    if np.ptp(guessed) == 0:
        return 0.0
    return float(spearmanr(there, guessed).statistic)


def notes_per_second_error(reference: Beatmap, estimated: Beatmap) -> float:
    """Return the error in notes per second over the time span of the human's notes.

    Notes outside that span count too. NaN if all notes of the reference are at one time.
    """
    first_ms, last_ms = span_ms(reference)
    if last_ms <= first_ms:
        return float("nan")
    return abs(len(estimated.notes) - len(reference.notes)) / (last_ms - first_ms) * 1000
