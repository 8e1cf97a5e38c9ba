"""Writes the events of a song part by part: drums, bass, chords, tunes, arpeggios, a voice, pads.

Parts of one kind share what they are made of, so a chorus returns with its tune, chords and drums. What differs the
second time is drawn for each part: some phrases are varied, the fills change, a second voice joins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mug.synth.drumming import Beat, Drummer
from mug.synth.event import LOUDNESS, Event, read
from mug.synth.form import LOUD, PARTS, Part
from mug.synth.genre import DRUMS
from mug.synth.genres import GENRES
from mug.synth.melody import Theme, arpeggio, compose_theme, on_chord, pitch_of
from mug.synth.patches import DECAYING
from mug.synth.style import Style
from mug.synth.tempo import TICKS, SwungTempo

BUSY = {"drop": 0.85, "solo": 1.0, "chorus": 0.6, "bridge": 0.55, "verse": 0.4, "break": 0.2, "thin": 0.2}
SUNG = 0.35  # the same for a voice
ARP_NOTES = 96
VARIED = 0.3  # share of phrases that are varied when a part returns


@dataclass(frozen=True)
class Section:
    """What a kind of part is made of."""

    tune: Theme
    song: Theme  # of the voice
    beat: Beat
    arp: tuple[int, ...]  # degrees above the chord
    leads: bool  # whether an instrument plays while the voice sings


@dataclass
class Writer:
    """Writes a movement. `rng` decides what differs when parts return."""

    style: Style
    tempo: SwungTempo
    movement: int
    seed: int
    rng: np.random.Generator
    sections: dict[str, Section] = field(default_factory=dict)

    def section(self, kind: str) -> Section:
        """What parts of a kind are made of: the same whenever it is asked for."""
        kind = "verse" if kind == "pickup" else kind
        if kind not in self.sections:
            rng = np.random.default_rng([self.seed, list(PARTS).index(kind)])
            self.sections[kind] = Section(
                tune=compose_theme(self.style, BUSY.get(kind, 0.4), rng),
                song=compose_theme(self.style, SUNG, rng, sung=True),
                beat=Beat.draw(self.style, kind, rng),
                arp=tuple(arpeggio(self.style.arp_shape, ARP_NOTES, rng)),
                leads=bool(rng.random() < 0.4),
            )
        return self.sections[kind]

    def places(self, part: Part) -> list[tuple[str, int]]:
        """The idea of every measure of a part, and which of its measures it is: see mug.synth.measures."""
        theme = self._followed(part)
        kind = f"{part.kind} {self.movement + 1}" if self.movement else part.kind
        phrases = [theme.phrase(i) for i in range(part.n_bars)]
        return [(f"{kind} {letter.lower()}", place) for letter, place in phrases]

    def part(self, part: Part) -> Iterator[Event]:
        """All events of a part."""
        bar_ticks = self.style.meter * TICKS
        start, stop = part.bar * bar_ticks, (part.bar + part.n_bars) * bar_ticks
        starts_at = stop - self.style.pickup * TICKS if part.kind == "pickup" else start
        silent = stop - part.stop * TICKS
        for event in self._events(part, start, stop):
            if starts_at <= event.tick < silent:
                if part.lift and event.layer not in DRUMS:
                    event = replace(event, pitch=event.pitch + part.lift)
                if part.stop and event.tick + event.n_ticks > silent:
                    event = replace(event, n_ticks=silent - event.tick)
                yield event

    def ending(self, tick: int) -> Iterator[Event]:
        """A final hit of all instruments."""
        for drum in {"kick", "crash"} - GENRES[self.style.genre].never:
            yield Event(tick, drum, 0, TICKS, 1.0)
        yield from self._chord("chord", tick, TICKS, 0, 1.0)

    def _followed(self, part: Part) -> Theme:
        """The theme that a listener follows."""
        section = self.section(part.kind)
        return section.song if "vocal" in part.playing and not self._leads(part) else section.tune

    def _leads(self, part: Part) -> bool:
        return "lead" in part.playing and ("vocal" not in part.playing or self.section(part.kind).leads)

    def _events(self, part: Part, start: int, stop: int) -> Iterator[Event]:
        section = self.section(part.kind)
        yield from Drummer(self.style, self.tempo).play(part, section.beat, start, self.rng)
        yield from self._accompaniment(part, start)
        if "riser" in part.playing:
            yield Event(start, "riser", 0, stop - start, 0.8)
        if "reverse" in part.playing:
            yield Event(max(stop - 2 * TICKS, start), "reverse", 0, min(2 * TICKS, stop - start), 0.8)
        if "sweep" in part.playing:
            yield Event(start, "sweep", 0, stop - start, 0.6)
        if self._leads(part):
            yield from self._tune("lead", section.tune, part, start)
        if "vocal" in part.playing:
            yield from self._tune("vocal", section.song, part, start)
        if "arp" in part.playing:
            yield from self._arp(section.arp, part, start)

    def _accompaniment(self, part: Part, start: int) -> Iterator[Event]:
        """Bass, chords and pads."""
        style = self.style
        bar_ticks = style.meter * TICKS
        held = style.timbres["bass"] not in DECAYING
        rhythm = style.chorus_chords if part.kind in LOUD else style.verse_chords
        for i, degree in enumerate(part.chords):
            bar = start + i * bar_ticks
            if "bass" in part.playing:
                for tick, n_ticks, symbol in read(style.bass_line, bar_ticks):
                    pitch = pitch_of(style, degree) - (12 if symbol == "o" else 24)
                    yield Event(bar + tick, "bass", pitch, n_ticks, 0.8, held)
            if "chord" in part.playing:
                for tick, n_ticks, symbol in read(rhythm, bar_ticks):
                    yield from self._chord("chord", bar + tick, n_ticks, degree, LOUDNESS[symbol])
            if "pad" in part.playing:
                yield from self._chord("pad", bar, bar_ticks, degree, 0.6)

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

    def _tune(self, layer: str, theme: Theme, part: Part, start: int) -> Iterator[Event]:
        """The theme over the part's chords; a returning part varies some of its phrases."""
        style = self.style
        bar_ticks = style.meter * TICKS
        held = layer == "vocal" or style.timbres[layer] not in DECAYING
        octave = 0 if layer == "vocal" else 12
        seconded = layer == "lead" and style.harmony and part.time > 0 and part.kind in LOUD
        varied = False
        for i, chord in enumerate(part.chords):
            if theme.phrase(i)[1] == 0:
                again = part.time > 0 or i >= 8
                varied = again and bool(self.rng.random() < VARIED)
            for tick, n_ticks, degree, loudness in theme.bar(i, varied):
                if theme.chordal:
                    degree += chord % 5
                elif n_ticks >= TICKS // 2 and tick % TICKS == 0:
                    degree = on_chord(style, degree, chord)
                for voice in (0, 2) if seconded else (0,):
                    pitch = pitch_of(style, degree + voice) + octave
                    softer = 0.7 if voice else 1.0
                    yield Event(start + i * bar_ticks + tick, layer, pitch, n_ticks, round(loudness * softer, 3), held)

    def _arp(self, degrees: tuple[int, ...], part: Part, start: int) -> Iterator[Event]:
        style = self.style
        bar_ticks = style.meter * TICKS
        held = style.timbres["arp"] not in DECAYING
        for i, chord in enumerate(part.chords):
            bar = start + i * bar_ticks
            step = Drummer(style, self.tempo).step(bar, style.arp_step_s)
            group = 3 * step if style.polyrhythm else TICKS
            for j in range(bar_ticks // step):
                beginning = j * step % group == 0
                if style.polyrhythm and not beginning and j * step % group != step:
                    continue
                pitch = pitch_of(style, chord + degrees[j % len(degrees)]) + 12
                yield Event(bar + j * step, "arp", pitch, step, 0.9 if beginning else 0.75, held)
