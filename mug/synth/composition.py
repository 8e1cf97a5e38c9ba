"""A synthesised song as a list of sound events: instrument, pitch, time, loudness, length.

Time is counted in ticks of a beat; the tempo map turns them into seconds.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import numpy as np

from mug.synth.event import Event
from mug.synth.form import TAIL_S, Part, plan_song
from mug.synth.genre import DRUMS
from mug.synth.measures import Measure, Place, find_measures
from mug.synth.patches import softness
from mug.synth.style import Style
from mug.synth.tempo import TICKS, SwungTempo
from mug.synth.writing import Writer

TONES = ("bass", "chord", "lead", "arp", "vocal", "pad")
NEVER_CHARTED = frozenset({"riser", "reverse", "sweep"})  # they have no clear onset
LATEST_BEAT = 0.1  # share of a song that may be over before its first beat


@dataclass(frozen=True)
class Composition:
    style: Style
    tempo: SwungTempo
    parts: tuple[Part, ...]
    events: tuple[Event, ...]  # sorted by tick
    measures: tuple[Measure, ...] = ()  # one for each, and one for the final hit: number tick // bar_ticks

    @property
    def bar_ticks(self) -> int:
        return self.style.meter * TICKS

    @property
    def end_s(self) -> float:
        """The time when the last sound has faded."""
        last = self.parts[-1]
        return self.tempo.seconds((last.bar + last.n_bars) * self.bar_ticks) + TAIL_S

    @property
    def preview_s(self) -> float:
        """The start of the first chorus, or of the song if it has none."""
        bar = next((part.bar for part in self.parts if part.kind == "chorus"), 0)
        return self.tempo.seconds(bar * self.bar_ticks)


def compose(style: Style, seconds: float, rng: np.random.Generator) -> Composition:
    """Compose a song that fits into `seconds`."""
    style = replace(style, first_beat_s=min(style.first_beat_s, LATEST_BEAT * seconds))
    plan = plan_song(style, seconds, rng)
    tempo, parts = plan.tempo, tuple(plan.parts)
    seed = int(rng.integers(2**32))
    writers = [Writer(movement, tempo, i, seed + i, rng) for i, movement in enumerate(plan.movements)]
    events = set(chain.from_iterable(writers[part.movement].part(part) for part in parts))
    last_tick = plan.bar * style.meter * TICKS
    events.update(writers[-1].ending(last_tick))
    levels = [part.level for part in parts for _ in range(part.n_bars)]
    levels.append(parts[-1].level)  # of the final hit
    bar_ticks = style.meter * TICKS
    played = tuple(sorted(_heard(event, levels[event.tick // bar_ticks], style) for event in events))
    places = [
        Place(i, idea, place) for i, part in enumerate(parts) for idea, place in writers[part.movement].places(part)
    ]
    ending = Place(len(parts) - 1, "ending", 0)
    return Composition(style, tempo, parts, played, find_measures([*places, ending], style.meter * TICKS, played))


def _heard(event: Event, level: float, style: Style) -> Event:
    """The event, with how audible it is in a part of this level."""
    bus = "drums" if event.layer in DRUMS else event.layer
    audible = _audible(event.layer, level, style.gains_db.get(bus, 0.0), style.timbres.get(bus, ""))
    return Event(event.tick, event.layer, event.pitch, event.n_ticks, event.loudness, event.held, audible)


@lru_cache(maxsize=256)
def _audible(layer: str, level: float, gain_db: float, family: str) -> float:
    """How audible a layer's onsets are, from its part's level, its bus's gain and its instrument's family, "" for none.

    In a part that is soft as a whole, sounds are still audible. Instruments with a slow attack are less so.
    """
    if layer in NEVER_CHARTED:
        return 0.0
    sharp = 1 - 0.6 * softness(family) if family else 0.75 if layer == "vocal" else 1.0
    if layer == "pad":
        sharp *= 0.2
    return round(float(np.clip(10 ** (gain_db / 20) * level**0.5 * sharp, 0.05, 1.5)), 3)


__all__ = ["TAIL_S", "TONES", "Composition", "Event", "Part", "SwungTempo", "compose"]
