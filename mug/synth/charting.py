"""Charts for a synthesised song, as a mapper makes them: notes stand on sounds, more of them the harder the chart.

A difficulty charts the loudest instruments on the strongest beats first and adds quieter ones and finer steps. Tunes
lead the columns up and down, accents are jumps and hands, and held sounds are long notes where the style wants them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from mug.data.beatmap import Note
from mug.synth.composition import Composition, Event
from mug.synth.style import TICKS

RICE, HYBRID, LONG = "rice", "hybrid", "LN"  # no long notes; one at a time; as many as there can be
ACCENTS = {
    "crash": 2.0,
    "kick": 1.0,
    "snare": 1.0,
    "tom": 0.6,
    "lead": 0.6,
    "chord": 0.3,
    "bass": 0.2,
    "open hat": 0.2,
    "arp": 0.2,
}
TUNE = ("lead", "arp", "chord", "bass", "tom")  # what leads the columns, the first of them that sounds
SUNG = {RICE: frozenset[str](), HYBRID: frozenset({"lead", "chord"}), LONG: frozenset({"lead", "chord", "bass"})}
LONG_LAYERS = frozenset({"lead", "chord", "bass", "crash"})  # others would break up a chart of long notes
NEVER = math.inf


@dataclass(frozen=True)
class Difficulty:
    name: str
    layers: frozenset[str]  # that make a note on their own
    softest: float  # loudness below which they do not
    finest: int  # metric level, see `metric_level`
    gap_ms: float  # between notes
    column_gap_ms: float  # between notes of a column
    long_ms: float  # the shortest long note
    jump_accent: float  # from which on two notes are hit at once (three with 6 keys and more)
    hand_accent: float  # from which on one more is hit
    overall: float  # osu!'s OD, and HP drain


_BEGINNER = frozenset({"kick", "snare", "crash", "lead"})
_NORMAL = _BEGINNER | {"chord", "tom", "bass"}
_HARD = _NORMAL | {"arp", "open hat"}
_EXPERT = _HARD | {"hat"}
DIFFICULTIES = (
    Difficulty("Beginner", _BEGINNER, 0.7, 1, 380, 560, 300, NEVER, NEVER, 5.0),
    Difficulty("Easy", _BEGINNER, 0.7, 2, 205, 400, 260, 2.8, NEVER, 6.0),
    Difficulty("Normal", _NORMAL, 0.6, 2, 140, 280, 220, 2.0, NEVER, 7.0),
    Difficulty("Hard", _HARD, 0.6, 3, 98, 200, 170, 1.0, 2.6, 8.0),
    Difficulty("Insane", _EXPERT, 0.5, 4, 78, 150, 150, 0.75, 1.7, 8.3),
    Difficulty("Expert", _EXPERT, 0.4, 4, 58, 85, 140, 0.4, 1.0, 8.6),
)


@dataclass(frozen=True)
class Hit:
    """Sounds that start together."""

    time_ms: float
    level: int
    events: tuple[Event, ...]
    accent: float


def metric_level(tick: int, bar_ticks: int) -> int:
    """How weak a place in the bar is: 0 its first beat, 1 a beat, 2 a half or third, 3 a quarter of a beat, 4 finer."""
    if tick % bar_ticks == 0:
        return 0
    steps = ((TICKS,), (TICKS // 2, TICKS // 3), (TICKS // 4,))
    return next((level for level, of_level in enumerate(steps, 1) if any(tick % step == 0 for step in of_level)), 4)


def chart(
    composition: Composition, difficulty: Difficulty, style: str, keys: int, rng: np.random.Generator
) -> list[Note]:
    """Chart a song. Notes are sorted by (start_ms, column); their times are those of the events, not rounded."""
    if style == LONG:
        layers = difficulty.layers & LONG_LAYERS
        difficulty = replace(difficulty, layers=layers, long_ms=difficulty.long_ms / 2)
    hits = thin(find_hits(composition, difficulty), difficulty)
    columns = _Columns(keys, difficulty, rolls=bool(rng.random() < 0.5), start=int(rng.integers(keys)))
    notes = []
    for hit in hits:
        end_ms = _end_ms(composition, hit, SUNG[style], difficulty.long_ms)
        n_long = 0 if end_ms is None else 1 if style == HYBRID else keys
        for column in columns.take(hit, _n_notes(hit, difficulty, keys)):
            if end_ms is not None and n_long > 0 and columns.hold(column, end_ms):
                notes.append(Note(hit.time_ms, column, end_ms))
                n_long -= 1
            else:
                notes.append(Note(hit.time_ms, column))
    return sorted(notes)


def find_hits(composition: Composition, difficulty: Difficulty) -> list[Hit]:
    """Everything in a song that is loud and strong enough for a difficulty, in order of time."""
    hits = []
    for tick, together in groupby(composition.events, key=lambda event: event.tick):
        events = tuple(together)
        level = metric_level(tick, composition.bar_ticks)
        charted = any(event.layer in difficulty.layers and event.loudness >= difficulty.softest for event in events)
        if charted and level <= difficulty.finest:
            loudness = {event.layer: event.loudness for event in events}
            accent = sum(ACCENTS.get(layer, 0.0) * loud for layer, loud in loudness.items())
            hits.append(Hit(composition.tempo.seconds(tick) * 1000, level, events, accent))
    return hits


def thin(hits: Sequence[Hit], difficulty: Difficulty) -> list[Hit]:
    """Keep the hits that are strongest (by beat, then by accent) and at least `gap_ms` apart."""
    times = np.array([hit.time_ms for hit in hits])
    kept = np.zeros(len(hits), dtype=bool)
    for i in sorted(range(len(hits)), key=lambda i: (hits[i].level, -hits[i].accent, i)):
        near = slice(*np.searchsorted(times, (times[i] - difficulty.gap_ms + 1, times[i] + difficulty.gap_ms - 1)))
        kept[i] = not kept[near].any()
    return [hit for hit, keep in zip(hits, kept, strict=True) if keep]


def _n_notes(hit: Hit, difficulty: Difficulty, keys: int) -> int:
    """One note, a jump or a hand."""
    wide = 1 if keys >= 6 else 0
    if hit.accent >= difficulty.hand_accent:
        return min(3 + wide, keys)
    return min(2 + wide, keys) if hit.accent >= difficulty.jump_accent else 1


def _end_ms(composition: Composition, hit: Hit, sung: frozenset[str], long_ms: float) -> float | None:
    """When the hit's longest held sound ends, if it is long enough for a long note."""
    held = [event for event in hit.events if event.held and event.layer in sung]
    if not held:
        return None
    event = min(held, key=lambda event: TUNE.index(event.layer))
    end_ms = composition.tempo.seconds(event.tick + event.n_ticks) * 1000
    return end_ms if end_ms - hit.time_ms >= long_ms else None


class _Columns:
    """Chooses columns: along the tune, evenly used, mirrored for jumps, never one that is still busy."""

    def __init__(self, keys: int, difficulty: Difficulty, rolls: bool, start: int) -> None:
        self.keys = keys
        self.gap_ms = difficulty.column_gap_ms
        self.rolls = rolls  # a run past the last column starts again at the first; else it turns round
        self.at = start
        self.direction = 1
        self.pitches: dict[str, int] = {}
        self.free_ms = np.full(keys, -np.inf)
        self.held_ms = np.full(keys, -np.inf)
        self.n_used = np.zeros(keys)

    def take(self, hit: Hit, n_notes: int) -> list[int]:
        """Take up to `n_notes` columns that are free, fewer where there are not as many."""
        self._move(hit)
        taken: list[int] = []
        wanted = self.at
        while len(taken) < n_notes:
            free = [c for c in range(self.keys) if c not in taken and self.free_ms[c] <= hit.time_ms + 1]
            if not free:
                break
            least_used = self.n_used.min()
            taken.append(min(free, key=lambda c: (abs(c - wanted) + 0.35 * (self.n_used[c] - least_used), c)))
            wanted = self.keys - 1 - taken[-1] if len(taken) % 2 else (wanted + 1) % self.keys
        for column in taken:
            self.n_used[column] += 1
            self.free_ms[column] = hit.time_ms + self.gap_ms
        if taken:
            self.at = taken[0]
        return taken

    def hold(self, column: int, end_ms: float) -> bool:
        """Hold a column until `end_ms`, unless half of them are held at its end already."""
        start_ms = self.free_ms[column] - self.gap_ms
        if (self.held_ms > start_ms).sum() >= max(self.keys // 2, 1):
            return False
        self.held_ms[column] = end_ms
        self.free_ms[column] = end_ms + min(self.gap_ms, 120)
        return True

    def _move(self, hit: Hit) -> None:
        """Go where the tune goes: a column for a step, two for a leap; without a tune, on in the same direction."""
        layer = next((layer for layer in TUNE if any(event.layer == layer for event in hit.events)), None)
        step = self.direction
        if layer is not None:
            pitch = max(event.pitch for event in hit.events if event.layer == layer)
            interval = pitch - self.pitches.get(layer, pitch)
            self.pitches[layer] = pitch
            if interval:
                step = int(np.sign(interval)) * (2 if abs(interval) > 5 and self.keys > 3 else 1)
        target = self.at + step
        if not 0 <= target < self.keys and not self.rolls:
            target = self.at - step
            self.direction = -self.direction
        self.at = target % self.keys
