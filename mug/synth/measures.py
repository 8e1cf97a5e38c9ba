"""The measures of a composed song, and which of them are the same music played again."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mug.synth.event import Event


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measure is in the song's form, as the composer planned it."""

    part: int  # index of its part
    idea: str  # what its phrase is made of, such as "chorus b"
    place: int  # which measure of the phrase


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure. Measures of equal `idea` and `place` are the same music, written once and played again."""

    tick: int
    n_ticks: int
    part: int  # index of its part
    phrase: int  # number of its phrase in the song
    place: int  # which measure of the phrase
    idea: str  # what the phrase is made of, such as "chorus b"
    model: int | None  # number of the first measure with the same music; None if this is the first
    time: int  # how often this music came before
    alike: float  # 0 to 1: the share of sounds that it and its model have in common; 0 without a model


def find_measures(places: Sequence[Place], bar_ticks: int, events: Iterable[Event]) -> tuple[Measure, ...]:
    """The measures of a song from its plan and its events.

    Two measures have a sound in common if its layer and its place in the measure are the same, at any pitch.
    """
    sounds: list[set[tuple[str, int]]] = [set() for _ in places]
    for event in events:
        bar, tick = divmod(event.tick, bar_ticks)
        sounds[bar].add((event.layer, tick))
    first: dict[tuple[str, int], int] = {}
    times: Counter[tuple[str, int]] = Counter()
    measures: list[Measure] = []
    phrase = -1
    for bar, place in enumerate(places):
        phrase += place.place == 0 or place.part != places[bar - 1].part
        music = (place.idea, place.place)
        model = first.setdefault(music, bar)
        alike = 0.0 if model == bar else _in_common(sounds[model], sounds[bar])
        measures.append(
            Measure(
                tick=bar * bar_ticks,
                n_ticks=bar_ticks,
                part=place.part,
                phrase=max(phrase, 0),
                place=place.place,
                idea=place.idea,
                model=None if model == bar else model,
                time=times[music],
                alike=round(alike, 3),
            )
        )
        times[music] += 1
    return tuple(measures)


def _in_common(some: set[tuple[str, int]], others: set[tuple[str, int]]) -> float:
    either = some | others
    return len(some & others) / len(either) if either else 1.0
