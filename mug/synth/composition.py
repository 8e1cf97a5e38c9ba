"""A synthesised song as a list of sound events: instrument, pitch, time, loudness, length.

Time is counted in ticks of a beat; the tempo map turns them into seconds.
"""

from dataclasses import dataclass, replace
from itertools import chain, cycle

import numpy as np

from mug.synth.genres import DRUMS, GENRES, STRAIGHT
from mug.synth.measures import Measure, Place, find_measures
from mug.synth.melody import PHRASE_BARS, compose_motif
from mug.synth.patches import softness
from mug.synth.style import GRADUAL, LIVE, PROGRESSIONS, STEP, Style, pick
from mug.synth.tempo import TICKS, SwungTempo, gradual
from mug.synth.writing import Event, Part, Writer

TAIL_S = 1.6  # after the last bar, while the last chord fades
TONES = ("bass", "chord", "lead", "arp", "vocal", "pad")
NEVER_CHARTED = frozenset({"riser", "reverse", "sweep"})  # they have no clear onset

_EVERYBODY = frozenset({"kick", "snare", "hat", "crash", "perc", "bass", "chord", "lead"})
# Length in bars, loudness (0 to 1) and instruments of each part of a song. "roll" is a snare roll that gets faster.
PARTS: dict[str, tuple[int, float, frozenset[str]]] = {
    "intro": (4, 0.75, frozenset({"hat", "chord", "arp", "pad"})),
    "verse": (8, 0.7, frozenset({"kick", "snare", "hat", "bass", "lead", "vocal", "pad"})),
    "bridge": (8, 0.8, frozenset({"kick", "snare", "hat", "bass", "chord", "vocal", "perc", "pad"})),
    "build": (4, 0.7, frozenset({"roll", "chord", "arp", "riser", "pad"})),
    "chorus": (8, 1.0, frozenset({*_EVERYBODY, "arp", "vocal", "pad"})),
    "drop": (8, 1.0, _EVERYBODY - {"chord"}),
    "break": (4, 0.55, frozenset({"chord", "lead", "pad", "reverse"})),
    "thin": (4, 0.5, frozenset({"vocal", "lead", "pad", "sweep"})),
    "outro": (2, 0.8, frozenset({"kick", "hat", "bass", "chord", "arp", "pad"})),
}  # fmt: skip
FORMS = (
    ("intro", "verse", "build", "chorus", "break", "verse", "build", "chorus", "chorus", "break"),
    ("chorus", "verse", "bridge", "chorus", "thin", "verse", "build", "drop", "chorus"),
    ("intro", "verse", "chorus", "verse", "chorus", "bridge", "break", "build", "chorus"),
    ("thin", "build", "drop", "bridge", "break", "build", "drop", "verse", "chorus"),
)


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
    parts, tempo = _plan(style, seconds, rng)
    kinds = (
        ("verse", 0.45),
        ("bridge", 0.6),
        ("chorus", 0.7),
        ("drop", 0.9),
        ("break", 0.35),
        ("sung", 0.5),
        ("hook", 0.7),
    )
    thirds = {kind: style.triplets and rng.random() < 0.5 for kind, _ in kinds}
    motifs = {kind: compose_motif(style, busy, rng, thirds[kind]) for kind, busy in kinds}
    writer = Writer(style, tempo, motifs, rng)
    events = set(chain.from_iterable(writer.part(part) for part in parts))
    last_tick = (parts[-1].bar + parts[-1].n_bars) * style.meter * TICKS
    events.update(writer.ending(last_tick))
    played = tuple(sorted(_heard(event, style, parts) for event in events))
    measures = find_measures(_places(parts), style.meter * TICKS, played)
    return Composition(style, tempo, tuple(parts), played, measures)


def _places(parts: list[Part]) -> list[Place]:
    """The place of every measure, and of the one with the final hit."""
    places = [Place(i, part.kind, bar % PHRASE_BARS) for i, part in enumerate(parts) for bar in range(part.n_bars)]
    return [*places, Place(len(parts) - 1, "ending", 0)]


def _heard(event: Event, style: Style, parts: list[Part]) -> Event:
    """Set how audible the event is, from its bus, the part's level and how sharp the attack of its instrument is."""
    if event.layer in NEVER_CHARTED:
        return replace(event, audible=0.0)
    bar = event.tick // (style.meter * TICKS)
    level = next((part.level for part in reversed(parts) if part.bar <= bar), 1.0)
    bus = "drums" if event.layer in DRUMS else event.layer
    gain = 10 ** (style.gains_db[bus] / 20) * level**0.5  # in a part that is soft as a whole, sounds are still audible
    sharp = 1 - 0.6 * softness(style.timbres[bus]) if bus in style.timbres else 0.75 if bus == "vocal" else 1.0
    if bus == "pad":
        sharp *= 0.2
    return replace(event, audible=round(float(np.clip(gain * sharp, 0.05, 1.5)), 3))


def _plan(style: Style, seconds: float, rng: np.random.Generator) -> tuple[list[Part], SwungTempo]:
    """Line up parts until the time is filled, leaving room for the outro."""
    progressions = {kind: pick(rng, PROGRESSIONS) for kind in PARTS}
    genre = GENRES[style.genre]
    outro_bars = PARTS["outro"][0]
    bar_ticks = style.meter * TICKS
    tempos = [(0, style.bpm)]
    parts: list[Part] = []
    form = pick(rng, FORMS)
    long_parts = 2 if seconds > 45 and style.bpm > 150 else 1
    bar = 0
    for kind in chain(form, cycle(form[1:])):
        start = bar * bar_ticks
        if kind in ("chorus", "drop") and bar and style.tempo_kind == STEP and len(tempos) == 1 and style.later_bpm:
            tempos.append((start, style.later_bpm))
        now_s = SwungTempo(style.first_beat_s, tuple(tempos)).seconds(start)
        left = int((seconds - TAIL_S - now_s) / (bar_ticks * 60 / (slowest(style, tempos) * TICKS))) - outro_bars
        if left <= 0:
            kind, left = "outro", max(left + outro_bars, 1)
        wanted, level, playing = PARTS[kind]
        n_bars = min(wanted * long_parts, left)
        if rng.random() < 0.5:  # add or remove an instrument, so that verses differ slightly
            playing ^= {pick(rng, ("hat", "bass", "chord", "lead", "arp", "arp"))}
        playing -= genre.never | (set() if style.sung else {"vocal"}) | (set() if style.padded else {"pad"})
        if not playing & {"kick", "lead", "vocal", "arp", "chord"} or genre.never:
            playing |= {"lead"}
        if kind == "build" and n_bars > 1 and style.tempo_kind == GRADUAL and len(tempos) == 1 and style.later_bpm:
            tempos += gradual(start, start + n_bars * bar_ticks, style.bpm, style.later_bpm)[1 if start == 0 else 0 :]
        elif style.tempo_kind == LIVE and bar:
            tempos.append((start, round(style.bpm * float(rng.uniform(0.975, 1.025)), 2)))
        chords = tuple((progressions[kind] * n_bars)[:n_bars])
        parts.append(Part(kind, bar, n_bars, playing, chords, 1 - style.dynamics * (1 - level)))
        bar += n_bars
        if kind == "outro":
            break
    tempos = [(tick, bpm) for tick, bpm in tempos if tick < bar * bar_ticks]
    swung = TICKS // 2 if style.genre == "jazz" else TICKS // 4
    swing = style.swing if style.feel == STRAIGHT else 0.5
    return parts, SwungTempo(style.first_beat_s, tuple(tempos), swing, swung)


def slowest(style: Style, tempos: list[tuple[int, float]]) -> float:
    """The slowest tempo the song may have from here on, so that the plan is sure to fit."""
    now = tempos[-1][1]
    if style.tempo_kind == LIVE:
        return style.bpm * 0.975
    if style.tempo_kind == GRADUAL and len(tempos) == 1 and style.later_bpm:
        return min(now, style.later_bpm)
    return now


__all__ = ["PARTS", "TAIL_S", "TONES", "Composition", "Event", "Part", "SwungTempo", "compose"]
