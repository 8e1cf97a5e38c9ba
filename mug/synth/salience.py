"""The moments of a song and their salience: how much a mapper would notice them.

Salience only depends on what is audible around a moment, so a network can learn it from the audio: the loudness and
prominence of the sounds that start there, the position in the bar, and whether louder sounds mask it.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from mug.synth.composition import Composition, Event
from mug.synth.tempo import TICKS

# How much a sound of full loudness stands out of the mix: halfway between its increase in the log-mel spectrum (mostly
# drums) and what people follow (tunes).
PROMINENCE = {
    "snare": 0.85, "kick": 0.7, "crash": 0.5, "tom": 0.5, "clap": 0.3, "perc": 0.36, "hat": 0.24, "open hat": 0.22,
    "ride": 0.22, "vocal": 0.45, "lead": 0.42, "arp": 0.36, "chord": 0.32, "bass": 0.3, "pad": 0.25,
}  # fmt: skip
OTHER = 0.3  # of layers not named here
MORE = 0.3  # share of its prominence that each further sound adds
BY_LEVEL = (0.45, 0.33, 0.14, 0.0, -0.12)  # bonus for the position in the bar, which is more reliable than loudness
DROWNED = 0.12  # masking by a sound just before, as a share of its prominence
DROWNED_MS = 70.0
VARIED, VARIATION = 0.4, 1.8  # share of half measures that are not charted as before; factor of salience there
INAUDIBLE = 0.12  # weaker sounds are never charted, at any position
LOUD, LOUD_FROM = 1.0, 0.9  # strength of a song's loud moments (the loudest tenth)


@dataclass(frozen=True, slots=True)
class Hit:
    """Sounds that start together."""

    tick: int
    time_ms: float
    level: int  # see `metric_level`
    events: tuple[Event, ...]
    strength: float  # of the sounds, whatever the position in the bar
    salience: float
    drive: float = 1.0  # how much closer than elsewhere in the song moments may be here
    usual: float = 0.0  # the mean salience at its place in the half measure, in parts of its kind
    metre: float = 1.0  # how likely people's easiest charts have notes at its place in the measure


def metric_level(tick: int, bar_ticks: int) -> int:
    """Position in the bar: 0 its first beat, 1 a beat, 2 a half or third, 3 a quarter of a beat, 4 finer."""
    if tick % bar_ticks == 0:
        return 0
    steps = ((TICKS,), (TICKS // 2, TICKS // 3), (TICKS // 4,))
    return next((level for level, of_level in enumerate(steps, 1) if any(tick % step == 0 for step in of_level)), 4)


def find_hits(composition: Composition) -> list[Hit]:
    """All audible moments of a song in order of time; strengths are relative to its loud moments."""
    moments = [(tick, tuple(events)) for tick, events in groupby(composition.events, key=lambda event: event.tick)]
    strengths = np.array([_strength(events) for _, events in moments])
    strengths *= LOUD / max(np.quantile(strengths, LOUD_FROM), 1e-6)
    hits: list[Hit] = []
    before_ms, before = -math.inf, 0.0  # the sound that masks the next ones
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
    """The most prominent sound counts fully, the others partly. A layer counts once."""
    loud: dict[str, float] = {}
    for event in events:
        prominence = PROMINENCE.get(event.layer, OTHER) * event.loudness * event.audible
        loud[event.layer] = max(prominence, loud.get(event.layer, 0.0))
    most = max(loud.values())
    return most + MORE * (sum(loud.values()) - most)


def recall(hits: Sequence[Hit], composition: Composition) -> list[Hit]:
    """Give hits of a measure that returns the salience and strength that the same sounds had the first time."""
    models = [measure.model for measure in composition.measures]
    first: dict[int, Hit] = {}
    recalled: list[Hit] = []
    for hit in hits:
        bar, tick = divmod(hit.tick, composition.bar_ticks)
        model = models[bar] if bar < len(models) else None
        known = first.get(model * composition.bar_ticks + tick) if model is not None else None
        if known and {event.layer for event in known.events} == {event.layer for event in hit.events}:
            hit = replace(hit, strength=known.strength, salience=known.salience)
        first[hit.tick] = hit
        recalled.append(hit)
    return recalled


def vary(hits: Sequence[Hit], composition: Composition, rng: np.random.Generator) -> list[Hit]:
    """Change what stands out in a few of the half measures that return: their moments between beats, all together."""
    half = composition.bar_ticks // 2
    returns = [measure.time > 0 for measure in composition.measures for _ in range(2)]
    changed = (rng.random(len(returns)) < VARIED) & np.array(returns, bool)
    more = np.where(rng.random(len(returns)) < 0.5, VARIATION, 1 / VARIATION)
    factors = np.where(changed, more, 1.0).tolist()
    return [
        replace(hit, salience=hit.salience * factors[hit.tick // half])
        if hit.level >= 2 and hit.tick // half < len(factors)
        else hit
        for hit in hits
    ]


def pick_hits(hits: Sequence[Hit], threshold: float, gap_ms: float, least_ms: float) -> list[Hit]:
    """The hits that a chart has notes on, in order of time.

    A hit on its own is taken if its salience reaches `threshold`. Within `gap_ms` of a more salient hit it needs more
    salience the closer it is, and no two hits are closer than `least_ms`; both divided by its drive.
    """
    taken_ms = [-math.inf, math.inf]
    taken: list[Hit] = []
    for hit in sorted((hit for hit in hits if hit.salience >= threshold), key=lambda hit: (-hit.salience, hit.tick)):
        place = bisect_left(taken_ms, hit.time_ms)
        near_ms = min(hit.time_ms - taken_ms[place - 1], taken_ms[place] - hit.time_ms) * hit.drive
        if near_ms >= least_ms - 0.5 and hit.salience >= threshold * max(gap_ms / near_ms, 1.0):
            taken_ms.insert(place, hit.time_ms)
            taken.append(hit)
    return sorted(taken, key=lambda hit: hit.tick)
