"""How much of a chart repeats itself: rhythms that return, and their columns.

A motif is half a measure. Beats are folded to 150 to 300 BPM, because charts of one song need not agree on the octave
of its tempo. Axes: P timing points.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mug.charts.beatmap import Beatmap, note_arrays
from mug.charts.tempo_map import TempoMap, is_tempo

BEAT_RANGE_MS = (200.0, 400.0)  # 150 to 300 BPM, both inclusive
PLACES_PER_BEAT = 12
PLACES = 2 * PLACES_PER_BEAT  # of half a measure
MIN_MOMENTS = 3  # fewer return by accident
BACK = 16  # half measures in which a motif may have been before
EARLY_MS = 2.0  # a note this much before a timing point belongs to it

Motif = tuple[tuple[int, tuple[int, ...]], ...]  # moments: place in the half measure, and columns


@dataclass(frozen=True)
class MotifShares:
    """How much returns of a chart's half measures with at least three moments.

    half_measures: how many there are. rhythm: the share of them whose places stood in one of the 16 half measures
    before, NaN without any. motif: of these, the share whose columns were the same, or mirrored; NaN if no rhythm
    returns. chance: that share with shuffled columns.
    """

    half_measures: int
    rhythm: float
    motif: float
    chance: float


def motif_shares(chart: Beatmap) -> MotifShares:
    """Measure how much of a chart returns, by its own timing points. All shares are NaN without a tempo."""
    motifs = half_measures(chart)
    rng = random.Random(0)
    keys = range(chart.keys)
    shuffled = [tuple((place, tuple(sorted(rng.sample(keys, len(c))))) for place, c in motif) for motif in motifs]
    counted, rhythm, motif = _shares(motifs, chart.keys)
    return MotifShares(counted, rhythm, motif, _shares(shuffled, chart.keys)[2])


def half_measures(chart: Beatmap) -> list[Motif]:
    """Return the half measures that have notes, in order. Half measures start anew at each timing point."""
    return list(numbered_half_measures(chart, BEAT_RANGE_MS).values())


def numbered_half_measures(chart: Beatmap, beat_range_ms: tuple[float, float]) -> dict[tuple[int, int], Motif]:
    """Return the half measures that have notes, in order, by timing point and number since it.

    beat_range_ms: beats are halved or doubled until they are in it.
    """
    points = sorted((point for point in chart.timing_points if is_tempo(point)), key=lambda point: point.time_ms)
    if not points or not chart.notes:
        return {}
    tempo = TempoMap.of_points([replace(point, beat_ms=folded(point.beat_ms, beat_range_ms)) for point in points])
    columns, starts, _ = note_arrays(chart.notes)
    stretches = tempo.stretch_at(starts, early=EARLY_MS)
    places = np.round((starts - tempo.times[stretches]) / tempo.lengths[stretches] * PLACES_PER_BEAT).astype(np.int64)
    found: defaultdict[tuple[int, int], defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for stretch, place, column in zip(stretches.tolist(), places.tolist(), columns.tolist(), strict=True):
        found[stretch, place // PLACES][place % PLACES].add(column)
    return {
        number: tuple((place, tuple(sorted(columns))) for place, columns in sorted(moments.items()))
        for number, moments in sorted(found.items())
    }


def mirrored(motif: Motif, keys: int) -> Motif:
    """The motif with the first column as the last, and so on."""
    return tuple((place, tuple(sorted(keys - 1 - column for column in columns))) for place, columns in motif)


def folded(beat_ms: float, beat_range_ms: tuple[float, float]) -> float:
    """The beat length halved or doubled until it is in the range, which spans an octave or more; both ends stay."""
    shortest, longest = beat_range_ms
    if beat_ms > longest:
        return float(beat_ms / 2 ** np.ceil(np.log2(beat_ms / longest)))
    return float(beat_ms * 2 ** np.ceil(np.log2(shortest / beat_ms))) if beat_ms < shortest else beat_ms


def _shares(motifs: Sequence[Motif], keys: int) -> tuple[int, float, float]:
    """How many motifs count, and the shares of rhythms and of motifs that return."""
    counted = rhythms = returned = 0
    for number, motif in enumerate(motifs):
        if len(motif) < MIN_MOMENTS:
            continue
        counted += 1
        places = [place for place, _ in motif]
        before = motifs[max(0, number - BACK) : number]
        same_rhythm = [other for other in before if [place for place, _ in other] == places]
        rhythms += bool(same_rhythm)
        returned += motif in same_rhythm or mirrored(motif, keys) in same_rhythm
    nothing = float("nan")
    return counted, rhythms / counted if counted else nothing, returned / rhythms if rhythms else nothing
