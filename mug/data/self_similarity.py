"""Which measures of a song sound alike: a measure-by-measure similarity matrix, and the motifs that follow from it.

Weights and limits were chosen by what people do: 28 charts of five real songs and 37 of seven composed ones. Where the
matrix says 0.9 or more, nine of ten measures have their model's rhythm and half of them its columns, as they are or
mirrored; where it says 0.4, three of ten and one of ten (docs/log.md).

Axes: C channels of the spectrum, A audio frames, N measures, S slots of a measure.
"""

from collections.abc import Sequence

import numpy as np

from mug.data.motifs import Motifs

SLOTS_PER_BEAT = 8
BANDS = 4  # of the spectrum, each with an onset strength of its own
SLOTS_OF_SOUND = 4  # half a beat: the spectrum is averaged over it
SOUND_WEIGHT = 0.5  # of the spectrum, beside 1 for the rhythm
ALIKE = 0.4  # what is less alike repeats nothing
USUAL_PERIODS = (1, 2, 4, 8)  # measures
PERIOD_BONUS = 0.05


def slots_on(starts: Sequence[int], frames_per_beat: int) -> list[np.ndarray]:
    """Return the borders of slots, in frames, of measures that start at these frames of an axis of beats.

    starts: N + 1 rising frames, the last one the end of the last measure. Returns N arrays [S + 1].
    """
    step = frames_per_beat / SLOTS_PER_BEAT
    lengths = np.maximum(np.round(np.diff(starts) / step), 1).astype(np.int64)
    return [start + step * np.arange(n + 1) for start, n in zip(starts, lengths, strict=False)]


def self_similarity(spectrum: np.ndarray, slots: Sequence[np.ndarray]) -> np.ndarray:
    """Return how alike any two measures sound, float64 [N, N], from -1 to 1; 0 with one that has no
    onsets.

    Rhythm counts most: the correlation of onset strengths in four bands. Sound adds the cosine of the spectra, half a
    beat each, without their loudness and without what the whole song has in common. A shorter measure is filled up with
    silence.

    spectrum: log power [C, A], or real and imaginary parts [2, C, A], at least BANDS channels. slots: for each measure
    the borders of its slots in frames, which may be fractions and lie outside the song.
    """
    if not slots:
        return np.zeros((0, 0))
    power = spectrum.astype(np.float64)
    if power.ndim == 3:
        power = np.log1p((power**2).sum(axis=0))
    rise = np.maximum(np.diff(power, axis=1, prepend=power[:, :1]), 0)
    strength = np.stack([band.mean(axis=0) for band in np.array_split(rise, BANDS)])  # [BANDS, A]
    early = [borders - (borders[1] - borders[0]) / 2 for borders in slots]  # an onset is in the middle of its slot
    rhythm = [_centred(np.sqrt(np.maximum(onsets, 0)), 1) for onsets in _means(strength, early)]  # [BANDS, S] each
    halves = [np.append(borders[:-1:SLOTS_OF_SOUND], borders[-1]) for borders in slots]
    sound = [_centred(means, 0) for means in _means(power, halves)]
    common = np.concatenate(sound, axis=1).mean(axis=1, keepdims=True)  # [C, 1]
    sound = [measure - common for measure in sound]
    sounding = np.array([np.ptp(onsets) > 0 for onsets in rhythm])
    return np.outer(sounding, sounding) * (_cosines(rhythm) + SOUND_WEIGHT * _cosines(sound)) / (1 + SOUND_WEIGHT)


def find_motifs(similarity: np.ndarray, starts: Sequence[int]) -> Motifs:
    """Return the earlier measure that each one repeats, from the similarity of measures [N, N].

    It is the most similar one, where its neighbours' similarity counts half, and usual periods are preferred. starts:
    see Motifs.
    """
    n = len(similarity)
    gaps = np.arange(n)[:, None] - np.arange(n)
    scores = (similarity + _along_diagonals(similarity)) / 2 + PERIOD_BONUS * np.isin(gaps, USUAL_PERIODS)
    best = np.where(gaps > 0, scores, -np.inf).argmax(axis=1) if n else np.zeros(0, np.int64)
    likeness = similarity[np.arange(n), best]
    alike = (likeness >= ALIKE) & (np.arange(n) > 0)
    models = [int(model) if is_alike else None for model, is_alike in zip(best, alike, strict=True)]
    return Motifs(starts, models, np.where(alike, likeness, 0.0).tolist())


def _along_diagonals(matrix: np.ndarray) -> np.ndarray:
    """The mean of each pair of measures, the pair before and the pair after, [N, N]."""
    padded = np.pad(matrix, 1, constant_values=np.nan)
    return np.nanmean([padded[:-2, :-2], matrix, padded[2:, 2:]], axis=0)


def _means(values: np.ndarray, borders: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The means of values [C, A] between each measure's borders [S + 1] in frames, [C, S] each; 0 outside the song."""
    n = values.shape[1]
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)  # [C, A + 1]
    means = []
    for measure in borders:
        inside = np.clip(measure, 0, n)
        whole = np.minimum(inside.astype(np.int64), n - 1)
        up_to = sums[:, whole] + (inside - whole) * values[:, whole]
        means.append(np.diff(up_to) / np.diff(measure))
    return means


def _centred(values: np.ndarray, axis: int) -> np.ndarray:
    return values - values.mean(axis=axis, keepdims=True)


def _cosines(measures: Sequence[np.ndarray]) -> np.ndarray:
    """The cosines of measures [C, S], filled up with zeros: [N, N]."""
    longest = max(measure.shape[1] for measure in measures)
    filled = [np.pad(measure, ((0, 0), (0, longest - measure.shape[1]))).ravel() for measure in measures]
    rows = np.array(filled).reshape(len(measures), -1)
    lengths = np.linalg.norm(rows, axis=1)
    rows = np.divide(rows, lengths[:, None], out=np.zeros_like(rows), where=lengths[:, None] > 1e-9)
    return rows @ rows.T
