"""One chart from several that were sampled for the same wish: the moments on which they agree.

What one sample plays at random, others do not; what the music asks for, most of them do. The moments that at least so
many samples have are kept, and how many that is decides how dense the chart gets. Where a placement model says how
likely notes are at each moment (mug.placement), that counts too.
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
SUREST = 0.002  # of what a placement model says nothing is surer
CHANCES_WEIGHT = 3.0  # of its odds beside those of the votes
VOTES_DEVIATION = 0.14  # how far the number of moments that a third have is off, as a logarithm (docs/log.md)
MOST_UNEXPECTED = 1.0  # what is farther off what was heard, no music has
DENSITY_STEP, DENSITY_STEPS = 0.04, 40  # the densities on offer: from a fifth of the usual one to five times that

Chord = list[Note]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is played at the same time, by sample."""

    start_ms: float
    chords: dict[int, Chord]

    @classmethod
    def of(cls, chords: dict[int, Chord]) -> "Moment":
        return cls(float(round(median(chord[0].start_ms for chord in chords.values()))), chords)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What several samples stand for together: moments, and who plays them.

    denser: how many times as many moments it has as are usual, as a natural logarithm. Usual are as many as a third of
    the samples have, which is most often right (docs/log.md), or between that and the density that was expected, so
    that the prompt's stars should not ask for far more or less.
    leaders: each moment is played by the first of them that has it and strikes no busy key, or else fewest of them.
    held: 1 for who holds most of the notes instead of who is first, -1 for who holds fewest.
    """

    denser: float
    moments: Sequence[Moment]
    leaders: Sequence[int]
    jack_interval_ms: float
    held: int = 0

    def notes(self) -> list[Note]:
        """Its chart. Chords of different samples would cut each other off, if nobody looked at which keys are busy."""
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
    """Yield what an ensemble agrees on: first with about as many moments as are usual, then with more and fewer.

    Without `chances` those moments that a quarter of the samples have, up to all of them; with them the likeliest ones,
    by votes and chances together. Each is at the median of its times, in whole ms, and played as a leader plays it, or
    else the sample with chords about as large that can. Every sample leads once for every number of moments; the first
    to lead agrees most with the others. by_holding: after them those lead who hold most notes at each moment, and those
    who hold fewest.
    samples: notes whose chords start together, see mug.generation.finishing.gather_chords; of a single one there is
    nothing to agree on. density: of what was asked for. jack_interval_ms: how long a key is busy after a note.
    """
    n = len(samples)
    chords = [_chords(sample) for sample in samples]
    if n == 1:
        yield Agreement(0.0, [Moment.of({0: chord}) for chord in chords[0]], [0], jack_interval_ms)
        return
    sizes = [len(sample) / max(len(of_sample), 1) for sample, of_sample in zip(samples, chords, strict=True)]
    moments = list(_moments(chords))
    leaders = np.argsort(-_agreement(moments, n), kind="stable").tolist()
    usual = _usual(moments, n, density)
    orders = [_by_likeness(leader, leaders, sizes) for leader in leaders]
    kept = _by_votes(moments, n) if chances is None else _by_chances(moments, n, chances, usual)
    by_density = [(math.log(len(enough) / usual), enough) for enough in kept if enough]
    for denser, enough in sorted(by_density, key=lambda pair: abs(pair[0])):
        for order in orders:
            yield Agreement(denser, enough, order, jack_interval_ms)
        for held in (1, -1) if by_holding else ():
            yield Agreement(denser, enough, leaders, jack_interval_ms, held)


def _usual(moments: Sequence[Moment], n_samples: int, density: Density | None) -> float:
    """How many moments are to be expected: both estimates weighed by how sure they are."""
    third = [moment.start_ms for moment in moments if len(moment.chords) >= n_samples / 3]
    if density is None or len(third) < 2:
        return max(len(third), 1)
    voted = math.log(len(third))
    expected = density.log_rate + math.log((third[-1] - third[0]) / 1000)
    trust = 1 / (1 + (density.deviation / VOTES_DEVIATION) ** 2)
    return math.exp(voted + trust * float(np.clip(expected - voted, -MOST_UNEXPECTED, MOST_UNEXPECTED)))


def _by_votes(moments: Sequence[Moment], n_samples: int) -> Iterator[list[Moment]]:
    """Yield the moments that so many samples have: a quarter of them or, where they agree on less, as many as do."""
    most = max((len(moment.chords) for moment in moments), default=1)
    for votes in range(max(1, min(round(n_samples / 4), most)), n_samples + 1):
        yield [moment for moment in moments if len(moment.chords) >= votes]


def _by_chances(moments: Sequence[Moment], n_samples: int, chances: Chances, usual: float) -> Iterator[list[Moment]]:
    """Yield the likeliest moments by votes and chances together, in several numbers around the usual one."""
    votes = np.array([len(moment.chords) for moment in moments])
    times = np.array([moment.start_ms for moment in moments])
    given = np.where(_crowded(times, votes), 0.0, chances.at(times))
    odds = _odds((votes + 0.5) / (n_samples + 1)) + CHANCES_WEIGHT * _odds(given)
    order = np.argsort(-odds, kind="stable")
    steps = range(-DENSITY_STEPS, DENSITY_STEPS + 1)
    for count in sorted({min(round(usual * math.exp(step * DENSITY_STEP)), len(moments)) for step in steps}):
        yield [moments[index] for index in sorted(order[:count])]


def _crowded(times_ms: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Which of some moments [N] are what a neighbour meant that has more votes: no chart has notes that close."""
    crowded = np.zeros(len(times_ms), dtype=bool)
    for apart in (1, 2):  # three moments farther there are at least 50 ms between them
        near = times_ms[apart:] - times_ms[:-apart] <= CROWDED_MS
        crowded[:-apart] |= near & (votes[apart:] > votes[:-apart])
        crowded[apart:] |= near & (votes[:-apart] > votes[apart:])
    return crowded


def _odds(probability: np.ndarray | float) -> np.ndarray:
    """The logarithm of the odds."""
    sure = np.clip(probability, SUREST, 1 - SUREST)
    return np.log(sure / (1 - sure))


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
    """Who plays what the leader does not: first those with chords about as large, as the chart is to have."""
    return sorted(leaders, key=lambda other: (abs(sizes[other] - sizes[leader]), other != leader))


def _moved(note: Note, start_ms: float) -> Note:
    """The note with another start; the tail of a long one stays, unless nothing would be left of it."""
    return replace(
        note, start_ms=start_ms, end_ms=None if note.end_ms is None or note.end_ms <= start_ms else note.end_ms
    )
