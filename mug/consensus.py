"""One chart from several that were sampled for the same wish: the moments on which they agree.

What one sample plays at random, others do not; what the music asks for, most of them do. The moments that at least so
many samples have are kept, and how many that is decides how dense the chart gets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mug.data.beatmap import Note

SAME_MOMENT_MS = 25.0  # of two samples; their offsets differ by less, and a sixteenth at 180 BPM is 83 ms

Chord = list[Note]


def agreements(samples: Sequence[Sequence[Note]]) -> Iterator[list[Note]]:
    """Yield what an ensemble agrees on, if a quarter of the samples have to, up to all of them; half come first.

    A single sample is yielded as it is.
    """
    n = len(samples)
    if n == 1:
        yield list(samples[0])
        return
    for votes in sorted(range(max(1, round(n / 4)), n + 1), key=lambda votes: (abs(votes - n / 2), votes)):
        yield agreed_notes(samples, votes)


def agreed_notes(samples: Sequence[Sequence[Note]], votes: int) -> list[Note]:
    """Return the notes of the moments that at least `votes` samples have, at the median of their times in whole ms.

    Each moment is played as the sample plays it that agrees most with the others, or the next one that has it.
    samples: notes whose chords start together, see mug.data.finishing.gather_chords.
    """
    moments = list(_moments([_chords(sample) for sample in samples]))
    leaders = np.argsort(-_agreement(moments, len(samples)), kind="stable").tolist()
    notes: list[Note] = []
    for moment in moments:
        if len(moment) < votes:
            continue
        start_ms = float(round(np.median([chord[0].start_ms for chord in moment.values()])))
        chosen = moment[next(leader for leader in leaders if leader in moment)]
        notes += [_moved(note, start_ms) for note in chosen]
    return sorted(notes)


def _chords(sample: Sequence[Note]) -> list[Chord]:
    chords: dict[float, Chord] = {}
    for note in sorted(sample):
        chords.setdefault(note.start_ms, []).append(note)
    return list(chords.values())


def _moments(samples: Sequence[Sequence[Chord]]) -> Iterator[dict[int, Chord]]:
    """Yield what is played at the same moment, by sample, in order of time; of a sample's chords there the first."""
    events = sorted((chord[0].start_ms, index, chord) for index, sample in enumerate(samples) for chord in sample)
    moment: dict[int, Chord] = {}
    first_ms = -np.inf
    for start_ms, index, chord in events:
        if moment and start_ms - first_ms > SAME_MOMENT_MS:
            yield moment
            moment = {}
        if not moment:
            first_ms = start_ms
        moment.setdefault(index, chord)
    if moment:
        yield moment


def _agreement(moments: Sequence[dict[int, Chord]], n_samples: int) -> np.ndarray:
    """How many others play along, on average over a sample's moments: [n_samples]."""
    others, counts = np.zeros(n_samples), np.zeros(n_samples)
    for moment in moments:
        for index in moment:
            others[index] += len(moment) - 1
            counts[index] += 1
    return others / np.maximum(counts, 1)


def _moved(note: Note, start_ms: float) -> Note:
    """The note with another start; the tail of a long one stays, unless nothing would be left of it."""
    return replace(
        note, start_ms=start_ms, end_ms=None if note.end_ms is None or note.end_ms <= start_ms else note.end_ms
    )
