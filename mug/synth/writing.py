"""Writes the events of a song part by part: grooves, fills, rolls, melodies, arpeggios, a voice, pads."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mug.synth.genres import DRUMS, GENRES
from mug.synth.melody import Motif, arpeggio, pitch_of
from mug.synth.patches import DECAYING
from mug.synth.style import TRIPLET, Style, pick
from mug.synth.tempo import TICKS, SwungTempo

LOUDNESS = {"X": 1.0, "x": 0.8, "o": 0.5, ",": 0.2}


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One sound. `pitch` is MIDI (for toms too), 0 for other drums; `held`: it sounds until its end.

    `audible` is how clearly the event's onset stands out of this song's mix, in addition to `loudness`: 1 for the usual
    level and a sharp attack, less for soft levels, soft parts or slow attacks, 0 without an onset (risers, sweeps).
    """

    tick: int
    layer: str
    pitch: int
    n_ticks: int
    loudness: float  # 0 to 1
    held: bool = False
    audible: float = 1.0  # 0 to 1.5


@dataclass(frozen=True)
class Part:
    kind: str  # a key of PARTS
    bar: int  # its first one
    n_bars: int
    playing: frozenset[str]
    chords: tuple[int, ...]  # a scale degree for each bar
    level: float = 1.0  # loudness relative to the loudest part


@dataclass
class Writer:
    style: Style
    tempo: SwungTempo
    motifs: dict[str, Motif]
    rng: np.random.Generator

    def part(self, part: Part) -> Iterator[Event]:
        """All events of a part."""
        bar_ticks = self.style.meter * TICKS
        start, stop = part.bar * bar_ticks, (part.bar + part.n_bars) * bar_ticks
        filled_beats = pick(self.rng, (0, 1, 1, 2)) if part.n_bars >= 4 and "snare" in part.playing else 0
        fill = stop - filled_beats * TICKS
        for event in self._grooves(part, start):
            if event.tick < fill or event.layer not in DRUMS:
                yield event
        yield from self._fill(fill, stop)
        if "crash" in part.playing or (part.kind == "verse" and "kick" in part.playing):
            yield Event(start, "crash", 0, bar_ticks, 1.0)
        if "roll" in part.playing:
            yield from self._roll(start, stop)
        if "riser" in part.playing:
            yield Event(start, "riser", 0, stop - start, 0.8)
        if "reverse" in part.playing:
            yield Event(max(stop - 2 * TICKS, start), "reverse", 0, min(2 * TICKS, stop - start), 0.8)
        if "sweep" in part.playing:
            yield Event(start, "sweep", 0, stop - start, 0.6)
        if "lead" in part.playing and not ("vocal" in part.playing and self.rng.random() < 0.6):
            yield from self._tune("lead", part.kind, part, start)
        if "vocal" in part.playing:
            yield from self._tune("vocal", "hook" if part.kind == "chorus" else "sung", part, start)
        if "arp" in part.playing:
            yield from self._arp(part, start)
        if "pad" in part.playing:
            for i, degree in enumerate(part.chords):
                yield from self._chord("pad", start + i * bar_ticks, bar_ticks, degree, 0.6)

    def ending(self, tick: int) -> Iterator[Event]:
        """A final hit of all instruments."""
        for drum in {"kick", "crash"} - GENRES[self.style.genre].never:
            yield Event(tick, drum, 0, TICKS, 1.0)
        yield from self._chord("chord", tick, TICKS, 0, 1.0)

    def _grooves(self, part: Part, start: int) -> Iterator[Event]:
        """Everything that repeats every bar: drums, bass, chords."""
        style = self.style
        loud = part.kind in ("chorus", "drop")
        bar_ticks = style.meter * TICKS
        for i, degree in enumerate(part.chords):
            bar = start + i * bar_ticks
            yield from self._drums(part, bar, loud)
            if "bass" in part.playing:
                held = style.timbres["bass"] not in DECAYING
                for tick, n_ticks, symbol in read(style.bass_line, bar_ticks):
                    pitch = pitch_of(style, degree) - (12 if symbol == "o" else 24)
                    yield Event(bar + tick, "bass", pitch, n_ticks, 0.8, held)
            if "chord" in part.playing:
                rhythm = style.chorus_chords if loud else style.verse_chords
                for tick, n_ticks, symbol in read(rhythm, bar_ticks):
                    yield from self._chord("chord", bar + tick, n_ticks, degree, LOUDNESS[symbol])

    def _drums(self, part: Part, bar: int, loud: bool) -> Iterator[Event]:
        """A bar of the groove."""
        style = self.style
        bar_ticks = style.meter * TICKS
        groove = style.chorus_groove if loud else style.verse_groove
        open_hats = loud and style.feel != TRIPLET and groove.cymbal == "hat"
        patterns = [("kick", groove.kick), ("snare", groove.snare), (groove.cymbal, groove.hat)]
        if style.perc:
            patterns.append(("perc", style.perc))
        for layer, pattern in patterns:
            needed = "hat" if pattern is groove.hat else layer
            if needed not in part.playing:
                continue
            for tick, n_ticks, symbol in read(pattern, bar_ticks):
                opened = layer == "hat" and open_hats and tick % TICKS == TICKS // 2
                loudness = LOUDNESS[symbol]
                yield Event(bar + tick, "open hat" if opened else layer, 0, n_ticks, loudness)
                if layer == "snare" and style.clap and loudness >= 0.8:
                    yield Event(bar + tick, "clap", 0, n_ticks, round(style.clap, 3))

    def _chord(self, layer: str, tick: int, n_ticks: int, degree: int, loudness: float) -> Iterator[Event]:
        family = self.style.timbres[layer]
        held = family not in DECAYING
        root = self.style.root + (pitch_of(self.style, degree) - self.style.root) % 12
        if family == "guitar":  # thirds sound muddy with distortion
            pitches = [root - 12, root - 5, root]
        else:  # an inversion that stays within an octave and a half above the root
            degrees = (degree, degree + 2, degree + 4)
            pitches = [self.style.root + (pitch_of(self.style, d) - self.style.root) % 12 for d in degrees]
        for pitch in pitches:
            yield Event(tick, layer, pitch, n_ticks, loudness, held)

    def _fill(self, start: int, stop: int) -> Iterator[Event]:
        """Snare and toms lead into the next part."""
        step = self._step(start, 0.085)
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
                step = max(TICKS >> int(4 * done), self._step(tick, 0.075))
            yield Event(tick, "snare", 0, step, round(0.5 + 0.45 * done, 3))
            tick += step

    def _tune(self, layer: str, kind: str, part: Part, start: int) -> Iterator[Event]:
        """The motif of the part over its chords: A A B A. A voice pauses to breathe now and then."""
        bar_ticks = self.style.meter * TICKS
        motif = self.motifs.get(kind, self.motifs["verse"])
        held = layer == "vocal" or self.style.timbres[layer] not in DECAYING
        for i, degree in enumerate(part.chords):
            if layer == "vocal" and i % 4 == 3 and self.rng.random() < 0.4:
                continue
            for tick, n_ticks, offset, loudness in motif.bar(i):
                pitch = pitch_of(self.style, degree % 5 + offset) + (0 if layer == "vocal" else 12)
                yield Event(start + i * bar_ticks + tick, layer, pitch, n_ticks, loudness, held)

    def _arp(self, part: Part, start: int) -> Iterator[Event]:
        bar_ticks = self.style.meter * TICKS
        step = self._step(start, self.style.arp_step_s)
        held = self.style.timbres["arp"] not in DECAYING
        group = 3 * step if self.style.polyrhythm else TICKS
        for i, degree in enumerate(part.chords):
            offsets = arpeggio(self.style.arp_shape, bar_ticks // step, self.rng)
            for j, offset in enumerate(offsets):
                beginning = j * step % group == 0
                if self.style.polyrhythm and not beginning and j * step % group != step:
                    continue
                tick = start + i * bar_ticks + j * step
                loudness = 0.9 if beginning else 0.75
                yield Event(tick, "arp", pitch_of(self.style, degree + offset) + 12, step, loudness, held)

    def _step(self, tick: int, shortest_s: float) -> int:
        """The shortest note value of the song's feel, in ticks, that lasts at least `shortest_s` (or else a beat)."""
        values: tuple[int, ...] = (4, 8, TICKS) if self.style.feel == TRIPLET else (3, 6, 12, TICKS)
        return next((value for value in values if value * self.tempo.tick_s(tick) >= shortest_s), TICKS)


def read(pattern: str, bar_ticks: int) -> Iterator[tuple[int, int, str]]:
    """Read a bar's pattern into (tick in the bar, ticks it lasts, symbol)."""
    step = bar_ticks // len(pattern)
    for i, symbol in enumerate(pattern):
        if symbol in LOUDNESS:
            holds = len(pattern[i + 1 :]) - len(pattern[i + 1 :].lstrip("-"))
            yield i * step, (1 + holds) * step, symbol
