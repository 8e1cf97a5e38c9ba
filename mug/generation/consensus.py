"""One chart from several samples of the same prompt: the moments they agree on.

Notes in only one sample are mostly random; notes that the music suggests are in most samples. A moment is kept if
enough samples have notes there. How many are enough sets the chart's density. A placement model's note probabilities
(mug.placement) count too, if there is one.

A motif that returns should return whole: moments at the same place of measures that share their noise are kept or left
together, by the mean of their votes or log odds, and have the same notes. Decided one by one, ensembles lost a third of
the motifs that single samples repeat (docs/log.md).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from mug.charts.beatmap import Note
from mug.charts.playability import JACK_INTERVAL_MS
from mug.generation.motif_places import Places
from mug.placement.chances import Chances
from mug.placement.density import Density

SAME_MOMENT_MS = 25.0  # between two samples: their offsets differ by less, and a sixteenth at 180 BPM is 83 ms
CROWDED_MS = 40.0  # a sixteenth at 300 BPM is 50 ms
MIN_PROBABILITY = 0.002  # a placement model's probabilities are clipped to [this, 1 - this]
PLACEMENT_WEIGHT = 3.0  # weight of its log odds; those of the votes have weight 1
COUNT_DEVIATION = 0.14  # error of the log number of moments that samples or placement give (docs/log.md)
MAX_PRIOR_SHIFT = 1.0  # the most by which the density prior may move that log number
# How much less likely a moment is at which the next harder chart of a spread has no notes
ABSENT_VOTES, ABSENT_LOG_ODDS = 0.5, 6.0
DENSITY_STEP, DENSITY_STEPS = 0.04, 40  # the log densities to try: from a fifth of the expected one to five times it

Chord = list[Note]


@dataclass(frozen=True, slots=True)
class Moment:
    """The chords that samples have at the same time, by sample index.

    place: of moments of one motif it is the same number, see mug.generation.motif_places; None if it is of none.
    """

    start_ms: float
    chords: dict[int, Chord]
    place: int | None = None

    @classmethod
    def of(cls, chords: dict[int, Chord]) -> "Moment":
        return cls(float(round(median(chord[0].start_ms for chord in chords.values()))), chords)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A chart that several samples agree on: its moments, and which sample's notes each one has.

    density_change: log(number of moments / expected number). The expected number is the sum of the placement model's
    probabilities, or else the number of moments in at least a third of the samples, which are right most often
    (docs/log.md); it is moved towards the density prior for the prompt.
    leaders: sample indices by rank. Each moment takes its notes from the first sample that has it and presses no busy
    key, or else from the one that presses fewest; a place that had notes before has them again, unless a key is busy.
    held: 1 puts the samples with most held notes at the moment first, -1 those with fewest.
    """

    density_change: float
    moments: Sequence[Moment]
    leaders: Sequence[int]
    jack_interval_ms: float
    held: int = 0

    def notes(self) -> list[Note]:
        """The chart's notes. Busy keys are avoided, so that chords of two samples do not overlap."""
        notes: list[Note] = []
        busy_until: dict[int, float] = {}  # by column
        written: dict[int, Chord] = {}  # by place

        def busy_keys(chord: Chord, start_ms: float) -> int:
            return sum(busy_until.get(note.column, -math.inf) > start_ms for note in chord)

        def fitting(moment: Moment) -> Chord:
            chords = [moment.chords[leader] for leader in self.leaders if leader in moment.chords]
            if not self.held:  # nearly always: no need to compare all of them
                free = next((chord for chord in chords if not busy_keys(chord, moment.start_ms)), None)
                if free is not None:
                    return free

            def misfit(chord: Chord) -> tuple[int, float]:
                long_notes = sum(note.is_long for note in chord)
                return busy_keys(chord, moment.start_ms), -self.held * long_notes / len(chord)

            return min(chords, key=misfit)

        for moment in self.moments:
            known = None if moment.place is None else written.get(moment.place)
            if known is not None and not busy_keys(known, moment.start_ms):
                chord = [_again(note, moment.start_ms) for note in known]
            else:
                chord = [_moved(note, moment.start_ms) for note in fitting(moment)]
                if moment.place is not None:
                    written.setdefault(moment.place, chord)
            notes += chord
            busy_until |= {note.column: note.last_ms + self.jack_interval_ms for note in chord}
        return sorted(notes)


def agreements(
    samples: Sequence[Sequence[Note]],
    chances: Chances | None = None,
    density: Density | None = None,
    by_holding: bool = False,
    jack_interval_ms: float = JACK_INTERVAL_MS,
    places: Places | None = None,
    harder_ms: np.ndarray | None = None,
    metre: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Iterator[Agreement]:
    """Yield candidate charts of an ensemble: first with about the expected number of moments, then with more and fewer.

    With `chances`, the most likely moments by votes and chances together. Without, those in at least a quarter of the
    samples, and so on up to all samples. A moment's time is the median of its samples' times, in whole ms. Its notes
    are the leader's, or else those of the sample whose chords are closest in size. For every number of moments, each
    sample leads once, starting with the one that agrees most with the others. by_holding: then come two more, led at
    each moment by the sample with most held notes, and by the one with fewest.

    samples: notes whose chords start together, see mug.generation.finishing.gather_chords. A single sample is returned
    as it is. chances: a placement model's. density: the prior's. jack_interval_ms: how long a key is busy after a note.
    places: which moments are the same one of a motif; without, all are new. harder_ms: when a harder chart of the song
    has notes, in order: its moments are preferred. metre: the log odds of some moments [N], given their votes [N], by
    their places in measures; it counts where there are chances.
    """
    n = len(samples)
    chords = [_chords(sample) for sample in samples]
    if n == 1:
        yield Agreement(0.0, [Moment.of({0: chord}) for chord in chords[0]], [0], jack_interval_ms)
        return
    sizes = [len(sample) / max(len(of_sample), 1) for sample, of_sample in zip(samples, chords, strict=True)]
    moments = list(_moments(chords))
    if places is not None and moments:
        numbers = places(np.array([moment.start_ms for moment in moments])).tolist()
        moments = [replace(moment, place=number) for moment, number in zip(moments, numbers, strict=True)]
    leaders = np.argsort(-_agreement(moments, n), kind="stable").tolist()
    placed = None if chances is None else _placed(moments, chances)
    expected = _expected_count(moments, n, placed, density)
    orders = [_by_likeness(leader, leaders, sizes) for leader in leaders]
    absent = np.zeros(len(moments)) if harder_ms is None else _absent(moments, harder_ms)
    if placed is None:
        kept = _by_votes(moments, n, absent)
    else:
        times = np.array([moment.start_ms for moment in moments])
        votes = np.array([len(moment.chords) for moment in moments])
        by_place = 0.0 if metre is None else metre(times, votes)
        kept = _by_chances(moments, n, placed, expected, by_place - ABSENT_LOG_ODDS * absent)
    by_density = [(math.log(len(enough) / expected), enough) for enough in kept if enough]
    for density_change, enough in sorted(by_density, key=lambda pair: abs(pair[0])):
        for order in orders:
            yield Agreement(density_change, enough, order, jack_interval_ms)
        for held in (1, -1) if by_holding else ():
            yield Agreement(density_change, enough, leaders, jack_interval_ms, held)


def _expected_count(
    moments: Sequence[Moment], n_samples: int, placed: np.ndarray | None, density: Density | None
) -> float:
    """The expected number of moments: what the placement model expects (the sum of its probabilities), or else what a
    third of the samples have; moved towards the prior, each weighted by its precision.
    """
    third = [moment.start_ms for moment in moments if len(moment.chords) >= n_samples / 3]
    counted = max(float(len(third)) if placed is None else float(placed.sum()), 1.0)
    if density is None or len(third) < 2:
        return counted
    log_count = math.log(counted)
    prior = density.log_rate + math.log((third[-1] - third[0]) / 1000)
    weight = 1 / (1 + (density.deviation / COUNT_DEVIATION) ** 2)
    return math.exp(log_count + weight * float(np.clip(prior - log_count, -MAX_PRIOR_SHIFT, MAX_PRIOR_SHIFT)))


def _absent(moments: Sequence[Moment], harder_ms: np.ndarray) -> np.ndarray:
    """1 for each moment at which a harder chart has no notes, else 0: float [N]."""
    times = np.array([moment.start_ms for moment in moments])
    edges = np.concatenate([[-np.inf], harder_ms, [np.inf]])
    after = np.searchsorted(edges, times)
    nearest = np.minimum(edges[after] - times, times - edges[after - 1])
    return (nearest > SAME_MOMENT_MS).astype(np.float64)


def _by_votes(moments: Sequence[Moment], n_samples: int, absent: np.ndarray) -> Iterator[list[Moment]]:
    """Yield the moments in at least 1/4 of the samples (or in as many as ever agree, if fewer), and so on up to all."""
    votes = np.array([len(moment.chords) for moment in moments]) - ABSENT_VOTES * n_samples * absent
    votes = _together(votes, moments)
    most = math.floor(max(votes.tolist(), default=1))
    for enough in range(max(1, min(round(n_samples / 4), most)), n_samples + 1):
        yield [moment for moment, own in zip(moments, votes.tolist(), strict=True) if own >= enough]


def _placed(moments: Sequence[Moment], chances: Chances) -> np.ndarray:
    """The placement model's probability of each moment [N]; a crowded one's is 0, and its neighbour has it instead."""
    votes = np.array([len(moment.chords) for moment in moments])
    times = np.array([moment.start_ms for moment in moments])
    return np.where(_crowded(times, votes), 0.0, chances.at(times))


def _by_chances(
    moments: Sequence[Moment], n_samples: int, placed: np.ndarray, expected: float, more: np.ndarray
) -> Iterator[list[Moment]]:
    """Yield the most likely moments by votes and chances together, for several counts around the expected one.

    more: to be added to their log odds [N].
    """
    votes = np.array([len(moment.chords) for moment in moments])
    log_odds = _log_odds((votes + 0.5) / (n_samples + 1)) + PLACEMENT_WEIGHT * _log_odds(placed)
    log_odds = _together(log_odds + more, moments)
    order = np.argsort(-log_odds, kind="stable")
    steps = range(-DENSITY_STEPS, DENSITY_STEPS + 1)
    for count in sorted({min(round(expected * math.exp(step * DENSITY_STEP)), len(moments)) for step in steps}):
        yield [moments[index] for index in sorted(order[:count])]


def _together(values: np.ndarray, moments: Sequence[Moment]) -> np.ndarray:
    """The values [N] of moments, those at the same place of a motif with their mean."""
    if not moments or moments[0].place is None:
        return values
    places = np.array([moment.place for moment in moments])
    means: np.ndarray = np.bincount(places, values) / np.maximum(np.bincount(places), 1)
    return means[places]


def _crowded(times_ms: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Which moments [N] have a neighbour with more votes that is too close for a chart to have both: bool [N]."""
    crowded = np.zeros(len(times_ms), dtype=bool)
    for apart in (1, 2):  # three apart they are at least 50 ms away
        near = times_ms[apart:] - times_ms[:-apart] <= CROWDED_MS
        crowded[:-apart] |= near & (votes[apart:] > votes[:-apart])
        crowded[apart:] |= near & (votes[:-apart] > votes[apart:])
    return crowded


def _log_odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log(clipped / (1 - clipped))


def _chords(sample: Sequence[Note]) -> list[Chord]:
    chords: dict[float, Chord] = {}
    for note in sorted(sample):
        chords.setdefault(note.start_ms, []).append(note)
    return list(chords.values())


def _moments(samples: Sequence[Sequence[Chord]]) -> Iterator[Moment]:
    """Yield the moments in order of time, each with the first chord that each sample has there."""
    events = sorted((chord[0].start_ms, index, chord) for index, sample in enumerate(samples) for chord in sample)
    chords: dict[int, Chord] = {}
    first_ms = -np.inf
    for start_ms, index, chord in events:
        if chords and start_ms - first_ms > SAME_MOMENT_MS:
            yield Moment.of(chords)
            chords = {}
        if not chords:
            first_ms = start_ms
        chords.setdefault(index, chord)
    if chords:
        yield Moment.of(chords)


def _agreement(moments: Sequence[Moment], n_samples: int) -> np.ndarray:
    """How many other samples share a sample's moments, on average: [n_samples]."""
    others, counts = np.zeros(n_samples), np.zeros(n_samples)
    for moment in moments:
        for index in moment.chords:
            others[index] += len(moment.chords) - 1
            counts[index] += 1
    return others / np.maximum(counts, 1)


def _by_likeness(leader: int, leaders: Sequence[int], sizes: Sequence[float]) -> list[int]:
    """The leader, then the other samples by how close their chord sizes are to its own. They fill its gaps."""
    return sorted(leaders, key=lambda other: (abs(sizes[other] - sizes[leader]), other != leader))


def _moved(note: Note, start_ms: float) -> Note:
    """The note with another start. A long note keeps its end, or becomes a tap if it would end before it starts."""
    return replace(
        note, start_ms=start_ms, end_ms=None if note.end_ms is None or note.end_ms <= start_ms else note.end_ms
    )


def _again(note: Note, start_ms: float) -> Note:
    """The note once more, as long as it was."""
    return replace(note, start_ms=start_ms, end_ms=start_ms + note.last_ms - note.start_ms if note.is_long else None)
