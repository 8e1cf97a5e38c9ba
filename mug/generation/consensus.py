"""One chart from several samples of the same prompt: the moments on which they agree.

Notes that only one sample has are mostly random; notes that the music suggests are in most samples. A moment is kept
where enough samples have notes at it, and how many are enough decides how dense the chart gets. Where a placement model
predicts how likely notes are at each moment (mug.placement), that counts too.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from mug.charts.beatmap import Note
from mug.charts.playability import JACK_INTERVAL_MS
from mug.placement.chances import Chances
from mug.placement.density import Density

SAME_MOMENT_MS = 25.0  # of two samples; their offsets differ by less, and a sixteenth at 180 BPM is 83 ms
CROWDED_MS = 40.0  # a sixteenth at 300 BPM is 50 ms
MIN_PROBABILITY = 0.002  # a placement model's probabilities are kept between this and 1 minus it
PLACEMENT_WEIGHT = 3.0  # of its log odds beside those of the votes
VOTES_DEVIATION = 0.14  # of the log number of moments that a third of the samples have, from the truth (docs/log.md)
MAX_PRIOR_SHIFT = 1.0  # by how much the density prior may move the log number of moments that the votes give
DENSITY_STEP, DENSITY_STEPS = 0.04, 40  # the log densities to choose from: a fifth of the expected one to five times it

Chord = list[Note]


@dataclass(frozen=True, slots=True)
class Moment:
    """The chords that samples have at the same time, by the sample's index."""

    start_ms: float
    chords: dict[int, Chord]

    @classmethod
    def of(cls, chords: dict[int, Chord]) -> "Moment":
        return cls(float(round(median(chord[0].start_ms for chord in chords.values()))), chords)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A chart that several samples agree on: its moments, and whose notes are played at each.

    density_change: log of its number of moments over the expected number. Expected are as many as a third of the
    samples have, which is most often right (docs/log.md), moved towards what the density prior says of the prompt.
    leaders: samples by rank; each moment has the notes of the first that has it and strikes no busy key, else of the
    one that strikes fewest. held: 1 ranks those first that hold most notes at the moment, -1 those that hold fewest.
    """

    density_change: float
    moments: Sequence[Moment]
    leaders: Sequence[int]
    jack_interval_ms: float
    held: int = 0

    def notes(self) -> list[Note]:
        """The notes of the chart. Keys that are still busy are avoided, or chords of two samples would overlap."""
        notes: list[Note] = []
        busy_until: dict[int, float] = {}  # by column
        for moment in self.moments:

            def misfit(leader: int, moment: Moment = moment) -> tuple[int, float]:
                chord = moment.chords[leader]
                busy = sum(busy_until.get(note.column, -math.inf) > moment.start_ms for note in chord)
                return busy, -self.held * sum(note.is_long for note in chord) / len(chord)

            chosen = min((leader for leader in self.leaders if leader in moment.chords), key=misfit)
            for note in moment.chords[chosen]:
                notes.append(_moved(note, moment.start_ms))
                busy_until[note.column] = notes[-1].last_ms + self.jack_interval_ms
        return sorted(notes)


def agreements(
    samples: Sequence[Sequence[Note]],
    chances: Chances | None = None,
    density: Density | None = None,
    by_holding: bool = False,
    jack_interval_ms: float = JACK_INTERVAL_MS,
) -> Iterator[Agreement]:
    """Yield what an ensemble agrees on: first with about the expected number of moments, then with more and fewer.

    Without `chances`, the moments that at least a quarter of the samples have, and so on up to all samples; with them
    the likeliest moments, by votes and chances together. Each is at the median of its times, in whole ms, and has the
    notes of a leader, or else of the sample with chords about as large. Every sample leads once for every number of
    moments; the first to lead agrees most with the others. by_holding: after them, those lead that hold most notes at
    each moment, and those that hold fewest.
    samples: notes whose chords start together, see mug.generation.finishing.gather_chords; a single sample is its own
    chart. chances: of a placement model. density: of the prior. jack_interval_ms: how long a key is busy after a note.
    """
    n = len(samples)
    chords = [_chords(sample) for sample in samples]
    if n == 1:
        yield Agreement(0.0, [Moment.of({0: chord}) for chord in chords[0]], [0], jack_interval_ms)
        return
    sizes = [len(sample) / max(len(of_sample), 1) for sample, of_sample in zip(samples, chords, strict=True)]
    moments = list(_moments(chords))
    leaders = np.argsort(-_agreement(moments, n), kind="stable").tolist()
    expected = _expected_count(moments, n, density)
    orders = [_by_likeness(leader, leaders, sizes) for leader in leaders]
    kept = _by_votes(moments, n) if chances is None else _by_chances(moments, n, chances, expected)
    by_density = [(math.log(len(enough) / expected), enough) for enough in kept if enough]
    for density_change, enough in sorted(by_density, key=lambda pair: abs(pair[0])):
        for order in orders:
            yield Agreement(density_change, enough, order, jack_interval_ms)
        for held in (1, -1) if by_holding else ():
            yield Agreement(density_change, enough, leaders, jack_interval_ms, held)


def _expected_count(moments: Sequence[Moment], n_samples: int, density: Density | None) -> float:
    """The expected number of moments, from votes and prior, each weighted by its precision."""
    third = [moment.start_ms for moment in moments if len(moment.chords) >= n_samples / 3]
    if density is None or len(third) < 2:
        return max(len(third), 1)
    voted = math.log(len(third))
    prior = density.log_rate + math.log((third[-1] - third[0]) / 1000)
    weight = 1 / (1 + (density.deviation / VOTES_DEVIATION) ** 2)
    return math.exp(voted + weight * float(np.clip(prior - voted, -MAX_PRIOR_SHIFT, MAX_PRIOR_SHIFT)))


def _by_votes(moments: Sequence[Moment], n_samples: int) -> Iterator[list[Moment]]:
    """Yield the moments that at least 1/4 of the samples have (or the most that agree on any), and so on up to all."""
    most = max((len(moment.chords) for moment in moments), default=1)
    for votes in range(max(1, min(round(n_samples / 4), most)), n_samples + 1):
        yield [moment for moment in moments if len(moment.chords) >= votes]


def _by_chances(moments: Sequence[Moment], n_samples: int, chances: Chances, expected: float) -> Iterator[list[Moment]]:
    """Yield the likeliest moments by votes and chances together, in several numbers around the expected one."""
    votes = np.array([len(moment.chords) for moment in moments])
    times = np.array([moment.start_ms for moment in moments])
    placed = np.where(_crowded(times, votes), 0.0, chances.at(times))
    log_odds = _log_odds((votes + 0.5) / (n_samples + 1)) + PLACEMENT_WEIGHT * _log_odds(placed)
    order = np.argsort(-log_odds, kind="stable")
    steps = range(-DENSITY_STEPS, DENSITY_STEPS + 1)
    for count in sorted({min(round(expected * math.exp(step * DENSITY_STEP)), len(moments)) for step in steps}):
        yield [moments[index] for index in sorted(order[:count])]


def _crowded(times_ms: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Which of some moments [N] have a neighbour with more votes so close that no chart has both."""
    crowded = np.zeros(len(times_ms), dtype=bool)
    for apart in (1, 2):  # three moments farther there are at least 50 ms between them
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
    """Yield what is played at the same moment in order of time; of a sample's chords there the first."""
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
    """How many others play along, on average over a sample's moments: [n_samples]."""
    others, counts = np.zeros(n_samples), np.zeros(n_samples)
    for moment in moments:
        for index in moment.chords:
            others[index] += len(moment.chords) - 1
            counts[index] += 1
    return others / np.maximum(counts, 1)


def _by_likeness(leader: int, leaders: Sequence[int], sizes: Sequence[float]) -> list[int]:
    """The leader, then the samples whose chords are nearest to its own in size: their notes fill its gaps."""
    return sorted(leaders, key=lambda other: (abs(sizes[other] - sizes[leader]), other != leader))


def _moved(note: Note, start_ms: float) -> Note:
    """The note with another start; the tail of a long one stays, unless nothing would be left of it."""
    return replace(
        note, start_ms=start_ms, end_ms=None if note.end_ms is None or note.end_ms <= start_ms else note.end_ms
    )
