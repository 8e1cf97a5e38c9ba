"""Writes the drums of a part: grooves of two bars, fills, rolls."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mug.synth.event import LOUDNESS, Event, paced, read
from mug.synth.form import LOUD, Part
from mug.synth.genre import TRIPLET, Groove
from mug.synth.style import Style, pick, varied
from mug.synth.tempo import TICKS, SwungTempo

FILL_S, ROLL_S = 0.085, 0.075  # the shortest notes of fills and rolls in songs that are not dense


@dataclass(frozen=True)
class Beat:
    """The drums of a kind of part: a groove of two bars, and the short fills within four and eight bars."""

    grooves: tuple[Groove, Groove]
    turn: bool  # whether the fourth bar ends with a short fill

    @classmethod
    def draw(cls, style: Style, kind: str, rng: np.random.Generator) -> "Beat":
        groove = style.chorus_groove if kind in LOUD else style.verse_groove
        second = varied(groove, style.feel, rng) if rng.random() < 0.6 else groove
        return cls((groove, second), bool(rng.random() < 0.35))


@dataclass
class Drummer:
    style: Style
    tempo: SwungTempo

    def play(self, part: Part, beat: Beat, start: int, rng: np.random.Generator) -> Iterator[Event]:
        """All drums of a part that starts at tick `start`; `rng` decides how it ends."""
        bar_ticks = self.style.meter * TICKS
        stop = start + part.n_bars * bar_ticks
        filled = pick(rng, (0, 1, 1, 2)) if part.n_bars >= 4 and "snare" in part.playing else 0
        fill = stop - filled * TICKS
        for i in range(part.n_bars):
            bar = start + i * bar_ticks
            turns = beat.turn and i % 4 == 3 and "snare" in part.playing and bar + bar_ticks < fill
            last = bar + bar_ticks - TICKS if turns else fill
            yield from (event for event in self._bar(part, beat.grooves[i % 2], i, bar) if event.tick < last)
            if turns:
                yield from self._fill(last, last + TICKS)
        yield from self._fill(fill, stop)
        if "crash" in part.playing or (part.kind == "verse" and "kick" in part.playing):
            yield Event(start, "crash", 0, bar_ticks, 1.0)
        if "roll" in part.playing:
            yield from self._roll(start, stop)

    def step(self, tick: int, shortest_s: float) -> int:
        """The shortest note value of the song's feel, in ticks, that lasts at least `shortest_s` (or else a beat)."""
        values: tuple[int, ...] = (4, 8, TICKS) if self.style.feel == TRIPLET else (3, 6, 12, TICKS)
        return next((value for value in values if value * self.tempo.tick_s(tick) >= shortest_s), TICKS)

    def _bar(self, part: Part, groove: Groove, i: int, bar: int) -> Iterator[Event]:
        style = self.style
        open_hats = part.kind in LOUD and style.feel != TRIPLET and groove.cymbal == "hat"
        layers = [("kick", "kick", groove.kick), ("snare", "snare", groove.snare), ("hat", groove.cymbal, groove.hat)]
        if style.perc:
            layers.append(("perc", "perc", style.perc))
        for needed, layer, pattern in layers:
            if needed not in part.playing:
                continue
            for tick, n_ticks, symbol in read(paced(pattern, part.pace, i), style.meter * TICKS):
                opened = layer == "hat" and open_hats and tick % TICKS == TICKS // 2
                loudness = LOUDNESS[symbol]
                yield Event(bar + tick, "open hat" if opened else layer, 0, n_ticks, loudness)
                if layer == "snare" and style.clap and loudness >= 0.8:
                    yield Event(bar + tick, "clap", 0, n_ticks, round(style.clap, 3))

    def _fill(self, start: int, stop: int) -> Iterator[Event]:
        """Snare and toms lead into the next part."""
        step = self.step(start, FILL_S * (1 - 0.4 * self.style.dense))
        for i, tick in enumerate(range(start, stop, step)):
            beat = (tick - start) // TICKS
            if beat == 0:
                yield Event(tick, "snare", 0, step, 0.9 if i % (TICKS // step) == 0 else 0.7)
            else:
                yield Event(tick, "tom", 52 - 5 * ((tick - start - TICKS) * 4 // TICKS), step, 0.9)

    def _roll(self, start: int, stop: int) -> Iterator[Event]:
        """A snare roll that doubles its speed three times and grows louder."""
        tick = start
        while tick < stop:
            done = (tick - start) / (stop - start)
            if tick % TICKS == 0:
                step = max(TICKS >> int(4 * done), self.step(tick, ROLL_S * (1 - 0.4 * self.style.dense)))
            yield Event(tick, "snare", 0, step, round(0.5 + 0.45 * done, 3))
            tick += step
