"""One chart from several that were sampled for the same wish: the moments on which they agree.

What one sample plays at random, others do not; what the music asks for, most of them do. The moments that at least so
many samples have are kept, and how many that is decides how dense the chart gets.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from mug.data.beatmap import Note

SAME_MOMENT_MS = 25.0  # of two samples; their offsets differ by less, and a sixteenth at 180 BPM is 83 ms

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
    """What several samples stand for together.

    denser: how many times as many moments it has as a third of the samples agree on, as a natural logarithm. What a
    third of them has is most often right (docs/log.md), so that the prompt's stars should not ask for far more or less.
    """

    notes: list[Note]
    denser: float


def agreements(samples: Sequence[Sequence[Note]]) -> Iterator[Agreement]:
    """Yield what an ensemble agrees on: moments that a quarter of the samples have, up to all of them; first those that
    a third have, then about as many.

    Each moment is at the median of its times, in whole ms, and played as a leader plays it, or the next one that has
    it. Every sample leads once for every number of votes; the first to lead agrees most with the others.
    samples: notes whose chords start together, see mug.data.finishing.gather_chords. A single one is yielded as it is.
    """
    n = len(samples)
    if n == 1:
        yield Agreement(list(samples[0]), 0.0)
        return
    chords = [_chords(sample) for sample in samples]
    moments = list(_moments(chords))
    usual = max(sum(len(moment.chords) >= n / 3 for moment in moments), 1)
    leaders = np.argsort(-_agreement(moments, n), kind="stable").tolist()
    kept: list[tuple[float, list[Moment]]] = []
    for votes in range(max(1, round(n / 4)), n + 1):
        if enough := [moment for moment in moments if len(moment.chords) >= votes]:
            kept.append((math.log(len(enough) / usual), enough))
    for denser, enough in sorted(kept, key=lambda pair: abs(pair[0])):
        for leader in leaders:
            yield Agreement(_played(enough, [leader, *leaders]), denser)


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


def _played(moments: Sequence[Moment], leaders: Sequence[int]) -> list[Note]:
    """The notes of moments, each as the first of `leaders` plays it that has it."""
    notes: list[Note] = []
    for moment in moments:
        chosen = moment.chords[next(leader for leader in leaders if leader in moment.chords)]
        notes += [_moved(note, moment.start_ms) for note in chosen]
    return sorted(notes)


def _moved(note: Note, start_ms: float) -> Note:
    """The note with another start; the tail of a long one stays, unless nothing would be left of it."""
    return replace(
        note, start_ms=start_ms, end_ms=None if note.end_ms is None or note.end_ms <= start_ms else note.end_ms
    )
