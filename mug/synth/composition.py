"""A synthesised song as a list of sounding events: who plays what, when, how loud and for how long.

Time is counted in ticks of a beat; the tempo map turns them into seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle

import numpy as np

from mug.synth.melody import Motif, arpeggio, compose_motif, pitch_of
from mug.synth.style import DECAYING, PROGRESSIONS, TICKS, TRIPLET, Style, pick

TAIL_S = 1.6  # after the last bar, for its last chord to fade
LOUDNESS = {"X": 1.0, "x": 0.8, "o": 0.5}
DRUMS = ("kick", "snare", "hat", "open hat", "crash", "tom")
TONES = ("bass", "chord", "lead", "arp")

# What plays in each part of a song, and for how many bars. "roll" is a snare roll that gets faster.
PARTS: dict[str, tuple[int, frozenset[str]]] = {
    "intro": (4, frozenset({"hat", "chord", "arp"})),
    "verse": (8, frozenset({"kick", "snare", "hat", "bass", "lead"})),
    "build": (4, frozenset({"roll", "chord", "arp", "riser"})),
    "chorus": (8, frozenset({"kick", "snare", "hat", "crash", "bass", "chord", "lead", "arp"})),
    "break": (4, frozenset({"chord", "lead"})),
    "outro": (2, frozenset({"kick", "hat", "bass", "chord", "arp"})),
}
ORDER = ("intro", "verse", "build", "chorus", "break", "verse", "build", "chorus", "chorus", "break")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One sound. `pitch` is MIDI (for toms too), 0 for other drums; `held` says that it sounds on until its end."""

    tick: int
    layer: str
    pitch: int
    n_ticks: int
    loudness: float  # 0 to 1
    held: bool = False


@dataclass(frozen=True)
class TempoMap:
    """Where the beats lie: from each (tick, bpm) on a new tempo, the first one at tick 0."""

    first_beat_s: float
    tempos: tuple[tuple[int, float], ...]

    def seconds(self, tick: int) -> float:
        """The time of a tick in seconds of the audio file."""
        time_s = self.first_beat_s
        for (start, bpm), (stop, _) in zip(self.tempos, (*self.tempos[1:], (tick, 0.0)), strict=True):
            time_s += max(min(tick, stop) - start, 0) * 60 / (bpm * TICKS)
        return time_s

    def tick_s(self, tick: int) -> float:
        """How many seconds a tick lasts from `tick` on."""
        return 60 / (TICKS * next(bpm for start, bpm in reversed(self.tempos) if start <= tick))


@dataclass(frozen=True)
class Part:
    kind: str  # a key of PARTS
    bar: int  # its first one
    n_bars: int
    playing: frozenset[str]
    chords: tuple[int, ...]  # a scale degree for each bar


@dataclass(frozen=True)
class Composition:
    style: Style
    tempo: TempoMap
    parts: tuple[Part, ...]
    events: tuple[Event, ...]  # sorted by tick

    @property
    def bar_ticks(self) -> int:
        return self.style.meter * TICKS

    @property
    def end_s(self) -> float:
        """When the last sound has faded."""
        last = self.parts[-1]
        return self.tempo.seconds((last.bar + last.n_bars) * self.bar_ticks) + TAIL_S

    @property
    def preview_s(self) -> float:
        """Where the first chorus begins, or else the song."""
        bar = next((part.bar for part in self.parts if part.kind == "chorus"), 0)
        return self.tempo.seconds(bar * self.bar_ticks)


def compose(style: Style, seconds: float, rng: np.random.Generator) -> Composition:
    """Compose a song that fits into `seconds`."""
    parts, tempo = _plan(style, seconds, rng)
    motifs = {
        kind: compose_motif(style, busy, rng) for kind, busy in (("verse", 0.45), ("chorus", 0.7), ("break", 0.35))
    }
    writer = _Writer(style, tempo, motifs, rng)
    events = set(chain.from_iterable(writer.part(part) for part in parts))
    last_tick = (parts[-1].bar + parts[-1].n_bars) * style.meter * TICKS
    events.update(writer.ending(last_tick))
    return Composition(style, tempo, tuple(parts), tuple(sorted(events)))


def _plan(style: Style, seconds: float, rng: np.random.Generator) -> tuple[list[Part], TempoMap]:
    """Line up parts until the time is used up, with room for the outro."""
    progressions = {kind: pick(rng, PROGRESSIONS) for kind in PARTS}
    outro_bars, _ = PARTS["outro"]
    bar_ticks = style.meter * TICKS
    tempos = [(0, style.bpm)]
    parts: list[Part] = []
    bar = 0
    for kind in chain(ORDER, cycle(ORDER[1:])):
        if kind == "chorus" and len(tempos) == 1 and style.later_bpm is not None:
            tempos.append((bar * bar_ticks, style.later_bpm))
        now_s = TempoMap(style.first_beat_s, tuple(tempos)).seconds(bar * bar_ticks)
        left = int((seconds - TAIL_S - now_s) / (bar_ticks * 60 / (tempos[-1][1] * TICKS))) - outro_bars
        if left <= 0:
            kind, left = "outro", max(left + outro_bars, 1)
        wanted, playing = PARTS[kind]
        n_bars = min(wanted, left)
        if rng.random() < 0.5:  # one comes in or drops out, so that no two verses are quite the same
            playing ^= {pick(rng, ("hat", "bass", "chord", "lead", "arp", "arp"))}
        chords = tuple((progressions[kind] * n_bars)[:n_bars])
        parts.append(Part(kind, bar, n_bars, playing, chords))
        bar += n_bars
        if kind == "outro":
            break
    tempos = [(tick, bpm) for tick, bpm in tempos if tick < bar * bar_ticks]
    return parts, TempoMap(style.first_beat_s, tuple(tempos))


@dataclass
class _Writer:
    """Writes the events of one part after another."""

    style: Style
    tempo: TempoMap
    motifs: dict[str, Motif]
    rng: np.random.Generator

    def part(self, part: Part) -> Iterator[Event]:
        bar_ticks = self.style.meter * TICKS
        start, stop = part.bar * bar_ticks, (part.bar + part.n_bars) * bar_ticks
        filled_beats = pick(self.rng, (0, 1, 1, 2)) if part.n_bars >= 4 and "snare" in part.playing else 0
        fill = stop - filled_beats * TICKS
        for event in self._grooves(part, start):
            if event.tick < fill or event.layer not in DRUMS:
                yield event
        yield from self._fill(fill, stop)
        if "crash" in part.playing or part.kind == "verse":
            yield Event(start, "crash", 0, bar_ticks, 1.0)
        if "roll" in part.playing:
            yield from self._roll(start, stop)
        if "riser" in part.playing:
            yield Event(start, "riser", 0, stop - start, 0.8)
        if "lead" in part.playing:
            yield from self._lead(part, start)
        if "arp" in part.playing:
            yield from self._arp(part, start)

    def ending(self, tick: int) -> Iterator[Event]:
        """A last hit of everybody."""
        for drum in ("kick", "crash"):
            yield Event(tick, drum, 0, TICKS, 1.0)
        yield from self._chord(tick, TICKS, 0, 1.0)

    def _grooves(self, part: Part, start: int) -> Iterator[Event]:
        """Everything that repeats by the bar: drums, bass, chords."""
        style = self.style
        bar_ticks = style.meter * TICKS
        loud = part.kind == "chorus"
        groove = style.chorus_groove if loud else style.verse_groove
        open_hats = loud and style.feel != TRIPLET
        for i, degree in enumerate(part.chords):
            bar = start + i * bar_ticks
            for layer, pattern in (("kick", groove.kick), ("snare", groove.snare), ("hat", groove.hat)):
                if layer in part.playing:
                    for tick, n_ticks, symbol in _read(pattern, bar_ticks):
                        opened = layer == "hat" and open_hats and tick % TICKS == TICKS // 2
                        yield Event(bar + tick, "open hat" if opened else layer, 0, n_ticks, LOUDNESS[symbol])
            if "bass" in part.playing:
                held = style.timbres["bass"] not in DECAYING
                for tick, n_ticks, symbol in _read(style.bass_line, bar_ticks):
                    pitch = pitch_of(style, degree) - (12 if symbol == "o" else 24)
                    yield Event(bar + tick, "bass", pitch, n_ticks, 0.8, held)
            if "chord" in part.playing:
                rhythm = style.chorus_chords if loud else style.verse_chords
                for tick, n_ticks, symbol in _read(rhythm, bar_ticks):
                    yield from self._chord(bar + tick, n_ticks, degree, LOUDNESS[symbol])

    def _chord(self, tick: int, n_ticks: int, degree: int, loudness: float) -> Iterator[Event]:
        held = self.style.timbres["chord"] not in DECAYING
        for third in (0, 2, 4):
            # An inversion that keeps the chord inside an octave and a half above the root.
            pitch = self.style.root + (pitch_of(self.style, degree + third) - self.style.root) % 12
            yield Event(tick, "chord", pitch, n_ticks, loudness, held)

    def _fill(self, start: int, stop: int) -> Iterator[Event]:
        """Snare and toms run down to the next part."""
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

    def _lead(self, part: Part, start: int) -> Iterator[Event]:
        """The motif of the part over its chords: A A B A."""
        bar_ticks = self.style.meter * TICKS
        motif = self.motifs.get(part.kind, self.motifs["verse"])
        held = self.style.timbres["lead"] not in DECAYING
        for i, degree in enumerate(part.chords):
            for tick, n_ticks, offset, loudness in motif.bar(i):
                pitch = pitch_of(self.style, degree % 5 + offset) + 12
                yield Event(start + i * bar_ticks + tick, "lead", pitch, n_ticks, loudness, held)

    def _arp(self, part: Part, start: int) -> Iterator[Event]:
        bar_ticks = self.style.meter * TICKS
        step = self._step(start, self.style.arp_step_s)
        held = self.style.timbres["arp"] not in DECAYING
        for i, degree in enumerate(part.chords):
            offsets = arpeggio(self.style.arp_shape, bar_ticks // step, self.rng)
            for j, offset in enumerate(offsets):
                loudness = 0.9 if j * step % TICKS == 0 else 0.75
                tick = start + i * bar_ticks + j * step
                yield Event(tick, "arp", pitch_of(self.style, degree + offset) + 12, step, loudness, held)

    def _step(self, tick: int, shortest_s: float) -> int:
        """The shortest note value of the song's feel, in ticks, that lasts at least `shortest_s` (or else a beat)."""
        values: tuple[int, ...] = (4, 8, TICKS) if self.style.feel == TRIPLET else (3, 6, 12, TICKS)
        return next((value for value in values if value * self.tempo.tick_s(tick) >= shortest_s), TICKS)


def _read(pattern: str, bar_ticks: int) -> Iterator[tuple[int, int, str]]:
    """Read a bar's pattern into (tick in the bar, ticks it lasts, symbol)."""
    step = bar_ticks // len(pattern)
    for i, symbol in enumerate(pattern):
        if symbol in LOUDNESS:
            holds = len(pattern[i + 1 :]) - len(pattern[i + 1 :].lstrip("-"))
            yield i * step, (1 + holds) * step, symbol
