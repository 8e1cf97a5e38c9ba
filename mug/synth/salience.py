"""What a mapper hears: the moments of a song, and which of them stand out.

Salience needs no more than what is heard around a moment, so that a network can learn it from the audio: how loud and
how prominent the sounds are that start there, how strong its place in the bar is, and whether louder ones drown it.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from mug.synth.composition import Composition, Event
from mug.synth.tempo import TICKS

# How much a sound of full loudness stands out of the mix: halfway between how much louder the log-mel spectrum gets at
# it (drums above all) and what people follow (tunes).
PROMINENCE = {
    "snare": 0.85, "kick": 0.7, "crash": 0.5, "tom": 0.5, "clap": 0.3, "perc": 0.36, "hat": 0.24, "open hat": 0.22,
    "ride": 0.22, "vocal": 0.45, "lead": 0.42, "arp": 0.36, "chord": 0.32, "bass": 0.3, "pad": 0.25,
}  # fmt: skip
OTHER = 0.3  # of layers not named here
MORE = 0.3  # what a further sound adds, of its own prominence
BY_LEVEL = (0.45, 0.33, 0.14, 0.0, -0.12)  # what the place in the bar adds: much, for places are surer than loudness
DROWNED = 0.12  # of the prominence of a sound just before, which fades within
DROWNED_MS = 70.0
INAUDIBLE = 0.12  # what is weaker is never charted, wherever it is
LOUD, LOUD_FROM = 1.0, 0.9  # the strength of a song's loud moments, which are the loudest tenth


@dataclass(frozen=True, slots=True)
class Hit:
    """Sounds that start together."""

    tick: int
    time_ms: float
    level: int  # see `metric_level`
    events: tuple[Event, ...]
    strength: float  # of the sounds, however the bar goes
    salience: float


def metric_level(tick: int, bar_ticks: int) -> int:
    """How weak a place in the bar is: 0 its first beat, 1 a beat, 2 a half or third, 3 a quarter of a beat, 4 finer."""
    if tick % bar_ticks == 0:
        return 0
    steps = ((TICKS,), (TICKS // 2, TICKS // 3), (TICKS // 4,))
    return next((level for level, of_level in enumerate(steps, 1) if any(tick % step == 0 for step in of_level)), 4)


def find_hits(composition: Composition) -> list[Hit]:
    """All moments of a song that can be heard, in order of time; its loud ones measure how they stand out."""
    moments = [(tick, tuple(events)) for tick, events in groupby(composition.events, key=lambda event: event.tick)]
    strengths = np.array([_strength(events) for _, events in moments])
    strengths *= LOUD / max(np.quantile(strengths, LOUD_FROM), 1e-6)
    hits: list[Hit] = []
    before_ms, before = -math.inf, 0.0  # the sound that drowns the next ones
    for (tick, events), strength in zip(moments, strengths.tolist(), strict=True):
        time_ms = composition.tempo.ms(tick)
        level = metric_level(tick, composition.bar_ticks)
        drowning = before * math.exp((before_ms - time_ms) / DROWNED_MS)
        heard = strength - DROWNED * drowning
        if heard >= INAUDIBLE:
            hits.append(Hit(tick, time_ms, level, events, strength, heard + BY_LEVEL[level]))
        if strength >= drowning:
            before_ms, before = time_ms, strength
    return hits


def _strength(events: Sequence[Event]) -> float:
    """The most prominent sound counts, and the others for a part of theirs. A layer is heard once."""
    loud: dict[str, float] = {}
    for event in events:
        prominence = PROMINENCE.get(event.layer, OTHER) * event.loudness * event.audible
        loud[event.layer] = max(prominence, loud.get(event.layer, 0.0))
    most = max(loud.values())
    return most + MORE * (sum(loud.values()) - most)


def pick_hits(hits: Sequence[Hit], threshold: float, gap_ms: float, least_ms: float) -> list[Hit]:
    """The hits that a chart has notes on, in order of time.

    A hit of `threshold` salience is taken where it stands alone. One that is closer than `gap_ms` to a hit that stands
    out more needs the more salience the closer it is, and nothing is closer than `least_ms`.
    """
    taken_ms = [-math.inf, math.inf]
    taken: list[Hit] = []
    for hit in sorted((hit for hit in hits if hit.salience >= threshold), key=lambda hit: (-hit.salience, hit.tick)):
        place = bisect_left(taken_ms, hit.time_ms)
        near_ms = min(hit.time_ms - taken_ms[place - 1], taken_ms[place] - hit.time_ms)
        if near_ms >= least_ms - 0.5 and hit.salience >= threshold * max(gap_ms / near_ms, 1.0):
            taken_ms.insert(place, hit.time_ms)
            taken.append(hit)
    return sorted(taken, key=lambda hit: hit.tick)
