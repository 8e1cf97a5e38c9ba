"""The form of a composed song: its parts, how they fill its time, and its tempos."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, pairwise

import numpy as np

from mug.synth.genre import STRAIGHT
from mug.synth.genres import GENRES
from mug.synth.style import GRADUAL, LIVE, PROGRESSIONS, RUBATO, SLOWEST_BPM, STEP, Style, next_movement, pick
from mug.synth.tempo import TICKS, SwungTempo, breathing, gradual

TAIL_S = 1.6  # after the last bar, while the last chord fades
MOVEMENT_S = 150.0  # longer songs have movements: sections with a tempo and tunes of their own
MARATHON_S = 300.0
LIVELY = 0.025  # LIVE: how much faster or slower a part is
SLOWED = 0.72  # the last bar's tempo in songs that slow down
SHORTEST = 3  # bars of a part; what is left makes the outro longer
LONG_FORM = 36  # bars of a song whose main parts may be 16 bars long
MAIN_S = 30.0  # the longest that such a part may last
LOUD = ("chorus", "drop")

_EVERYBODY = frozenset({"kick", "snare", "hat", "crash", "perc", "bass", "chord", "lead"})
# Length in bars, loudness (0 to 1) and instruments of each part of a song. "roll" is a snare roll that gets faster.
PARTS: dict[str, tuple[int, float, frozenset[str]]] = {
    "pickup": (1, 0.8, frozenset({"lead", "snare", "vocal"})),
    "intro": (4, 0.75, frozenset({"hat", "chord", "arp", "pad"})),
    "verse": (8, 0.7, frozenset({"kick", "snare", "hat", "bass", "lead", "vocal", "pad"})),
    "bridge": (8, 0.8, frozenset({"kick", "snare", "hat", "bass", "chord", "vocal", "perc", "pad"})),
    "build": (4, 0.7, frozenset({"roll", "chord", "arp", "riser", "pad"})),
    "chorus": (8, 1.0, frozenset({*_EVERYBODY, "arp", "vocal", "pad"})),
    "drop": (8, 1.0, _EVERYBODY - {"chord"}),
    "solo": (8, 0.95, _EVERYBODY),
    "break": (4, 0.55, frozenset({"chord", "lead", "pad", "reverse"})),
    "thin": (4, 0.5, frozenset({"vocal", "lead", "pad", "sweep"})),
    "outro": (2, 0.8, frozenset({"kick", "hat", "bass", "chord", "arp", "pad"})),
}  # fmt: skip
FORMS = (
    ("intro", "verse", "build", "chorus", "break", "verse", "build", "chorus", "solo", "chorus", "break"),
    ("chorus", "verse", "bridge", "chorus", "thin", "verse", "build", "drop", "chorus"),
    ("intro", "verse", "chorus", "verse", "chorus", "bridge", "solo", "break", "build", "chorus"),
    ("thin", "build", "drop", "bridge", "break", "build", "drop", "verse", "chorus"),
    ("intro", "verse", "bridge", "chorus", "solo", "thin", "chorus", "chorus"),
    ("intro", "solo", "verse", "bridge", "chorus", "break", "solo", "bridge", "chorus", "drop"),
)


@dataclass(frozen=True)
class Part:
    kind: str  # a key of PARTS
    bar: int  # its first one
    n_bars: int
    playing: frozenset[str]
    chords: tuple[int, ...]  # a scale degree for each bar
    level: float = 1.0  # loudness relative to the loudest part
    movement: int = 0  # of a long song; parts of one kind and movement have the same music
    time: int = 0  # how often this kind was played before in its movement
    pace: float = 1.0  # speed of the drums: 0.5 is half time
    lift: int = 0  # semitones above the key
    stop: int = 0  # beats of silence at its end


@dataclass
class Plan:
    """The parts of a song in the making."""

    movements: list[Style]
    parts: list[Part]
    tempos: list[tuple[int, float]]

    @property
    def bar(self) -> int:
        """The first bar that is still free."""
        return self.parts[-1].bar + self.parts[-1].n_bars if self.parts else 0

    @property
    def tempo(self) -> SwungTempo:
        style = self.movements[0]
        swung = TICKS // 2 if style.genre in ("jazz", "electro swing") else TICKS // 4
        end = self.bar * style.meter * TICKS
        tempos = tuple((tick, bpm) for tick, bpm in self.tempos if tick < max(end, 1))
        return SwungTempo(style.first_beat_s, tempos, style.swing if style.feel == STRAIGHT else 0.5, swung)


def plan_song(style: Style, seconds: float, rng: np.random.Generator) -> Plan:
    """Line up parts until the time is filled. The outro's last bar and its tail end within `seconds`."""
    n_movements = int(np.ceil(seconds / MOVEMENT_S)) if seconds > MARATHON_S else 1
    plan = Plan([style], [], [(0, style.bpm)])
    for movement in range(n_movements):
        if movement:
            plan.movements.append(next_movement(plan.movements[-1], rng))
        is_last = movement == n_movements - 1
        _Planner(plan, movement, seconds * (movement + 1) / n_movements, is_last, rng).fill()
    return plan


@dataclass
class _Planner:
    """Plans a movement that ends before `end_s`."""

    plan: Plan
    movement: int
    end_s: float
    is_last: bool
    rng: np.random.Generator

    def fill(self) -> None:
        plan, rng, style = self.plan, self.rng, self.plan.movements[self.movement]
        self.style = style
        self.progressions = {kind: pick(rng, PROGRESSIONS) for kind in PARTS}
        self.changed = style.tempo_kind not in (STEP, GRADUAL) or not style.later_bpm
        if self.movement:
            self._set_tempo(plan.bar, style.bpm)
        ending = PARTS["outro"][0] if self.is_last else 0
        reserved = ending + (style.slowing and self.is_last)  # a slower outro takes as long as one with a bar more
        kinds = self._kinds(self._left() - reserved)
        for (kind, n_bars), (following, _) in zip(kinds, self._after(kinds), strict=False):
            if kind in LOUD and plan.bar and style.tempo_kind == STEP and not self.changed:
                self._set_tempo(plan.bar, style.later_bpm or style.bpm)
                self.changed = True
            left = self._left() - reserved
            if left < (SHORTEST if any(part.movement == self.movement for part in plan.parts) else 1):
                break
            self._add(kind, n_bars if n_bars <= left else left - left % 4 or left, following)
        if self.is_last:
            outro_bars = max(min(ending + SHORTEST, self._left() - style.slowing), 1)
            self._add("outro", outro_bars, "")

    def _kinds(self, n_bars: int) -> list[tuple[str, int]]:
        """Parts and their lengths for more than `n_bars` bars: a form that is cut, or twice as long, or repeated."""
        form = pick(self.rng, FORMS)
        bar_s = self.style.meter * 60 / self.style.bpm
        longest = MAIN_S / bar_s if n_bars >= LONG_FORM else 0
        parts = [(kind, PARTS[kind][0] * (2 if 8 <= PARTS[kind][0] <= longest / 2 else 1)) for kind in form]
        while len(parts) > 3 and sum(bars for _, bars in parts) > n_bars + 4:
            parts = _shortened(parts)
        more = cycle(parts[1:])
        while sum(bars for _, bars in parts) < 2 * n_bars:  # of a song that gets faster
            parts.append(next(more))
        return [("pickup", 1), *parts] if self.style.pickup and not self.plan.parts else parts

    @staticmethod
    def _after(kinds: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        return chain(kinds[1:], [("", 0)])

    def _add(self, kind: str, n_bars: int, following: str) -> None:
        plan, rng, style, genre = self.plan, self.rng, self.style, GENRES[self.style.genre]
        _, level, playing = PARTS[kind]
        time = sum(part.kind == kind and part.movement == self.movement for part in plan.parts)
        if rng.random() < (0.6 if time else 0.25):  # add or remove an instrument, so that verses differ slightly
            playing ^= {pick(rng, ("hat", "bass", "chord", "lead", "arp", "arp"))}
        playing -= genre.never | (set() if style.sung else {"vocal"}) | (set() if style.padded else {"pad"})
        if not playing & {"kick", "lead", "vocal", "arp", "chord"} or genre.never:
            playing |= {"lead"}
        self._change_tempo(kind, n_bars)
        chords = tuple((self.progressions[kind] * n_bars)[:n_bars])
        last = time > 0 and kind in LOUD and self.is_last
        lifted = any(part.lift for part in plan.parts) or (style.lifted and time > 1 and kind == "chorus")
        plan.parts.append(
            Part(
                kind,
                plan.bar,
                n_bars,
                playing,
                chords,
                1 - style.dynamics * (1 - level),
                self.movement,
                time,
                0.5 if style.halved and kind == "drop" else 2.0 if style.doubled and last else 1.0,
                style.lifted if lifted else 0,
                pick(rng, (1, 2)) if following in LOUD and n_bars >= 4 and rng.random() < 0.3 else 0,
            )
        )

    def _change_tempo(self, kind: str, n_bars: int) -> None:
        """The tempos of the next part."""
        style, bar = self.style, self.plan.bar
        bar_ticks = style.meter * TICKS
        bars = [(bar + i) * bar_ticks for i in range(n_bars + 1)]
        if kind == "outro" and style.slowing and n_bars > 1:
            slow = max(round(self.plan.tempos[-1][1] * SLOWED, 2), float(SLOWEST_BPM))
            self.plan.tempos += gradual(bars[:-1], self.plan.tempos[-1][1], slow)
        elif style.tempo_kind == RUBATO:
            self.plan.tempos = [tempo for tempo in self.plan.tempos if tempo[0] < bars[0]]
            self.plan.tempos += breathing(bars[:-1], style.bpm, style.rubato, self.rng)
        elif kind == "build" and n_bars > 1 and style.tempo_kind == GRADUAL and not self.changed:
            self.changed = True
            rising = gradual(bars, style.bpm, style.later_bpm or style.bpm)
            self.plan.tempos = [tempo for tempo in self.plan.tempos if tempo[0] < bars[0]] + rising
        elif style.tempo_kind == LIVE and bar:
            self._set_tempo(bar, round(style.bpm * float(self.rng.uniform(1 - LIVELY, 1 + LIVELY)), 2))

    def _set_tempo(self, bar: int, bpm: float) -> None:
        tick = bar * self.style.meter * TICKS
        self.plan.tempos = [tempo for tempo in self.plan.tempos if tempo[0] < tick] + [(tick, bpm)]

    def _left(self) -> int:
        """How many bars are sure to fit, even if they are the slowest that the style allows."""
        style, now = self.style, self.plan.tempos[-1][1]
        slowest = now
        if style.tempo_kind == LIVE:
            slowest = style.bpm * (1 - LIVELY)
        elif style.tempo_kind == RUBATO:
            slowest = style.bpm * (1 - style.rubato)
        elif not self.changed:
            slowest = min(now, style.later_bpm or now)
        bar_ticks = style.meter * TICKS
        start_s = self.plan.tempo.seconds(self.plan.bar * bar_ticks)
        tail_s = TAIL_S if self.is_last else 0.0
        return int((self.end_s - tail_s - start_s) / (style.meter * 60 / slowest))


def _shortened(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """A form without one of its inner parts, if possible so that builds still lead to loud parts."""

    def flaws(kinds: list[str]) -> int:
        pairs = list(pairwise(kinds))
        twice = sum(a == b != "chorus" for a, b in pairs)
        return twice + sum((a == "build") != (b in LOUD) for a, b in pairs if "build" in (a, b))

    middle = len(parts) / 2
    without = {i: [kind for j, (kind, _) in enumerate(parts) if j != i] for i in range(1, len(parts) - 1)}
    left_out = min(without, key=lambda i: (flaws(without[i]), abs(i - middle)))
    return [part for i, part in enumerate(parts) if i != left_out]
