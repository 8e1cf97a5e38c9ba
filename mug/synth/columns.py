"""Chooses the columns of a chart's notes: they follow the tune in the style of the pattern, repeat where the music
repeats, and leave every finger time to return."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from mug.synth.measures import Measure
from mug.synth.moment import Moment
from mug.synth.patterns import COLUMN_GAP_MS, Pattern, at_level
from mug.synth.salience import Hit

TUNE = ("vocal", "lead", "arp", "chord", "tom", "bass")  # layers that columns follow: the first of these that plays
EVEN = 0.12  # cost of using a column more than the others
LOOSE_MS = 1.0
SLOWER = 2.2  # times the column gap: slow enough that repeats are not jacks
RELEASE_MS = 60.0  # from the end of a long note to the next note of its column
HANDS = ("kick", "snare")  # sounds with their own hand if there is no tune
HOME = 0.3  # cost of using the other hand for them
OTHER_HAND = 0.25  # cost of not changing hands


def place(
    moments: Sequence[Moment], measures: Sequence[Measure], pattern: Pattern, level: float, keys: int, seed: int
) -> list[list[int]]:
    """Choose the columns of every moment: `size` of them, or fewer if not enough are free.

    The columns of long notes come first, in the order of `holds`. No note is in a column that is held, nor in the
    `RELEASE_MS` after.
    """
    bar_ticks = measures[0].n_ticks
    columns = _Columns(pattern, at_level(COLUMN_GAP_MS, level) * pattern.column_gap, keys, seed)
    placed: list[list[int]] = []
    bars: dict[tuple[tuple[int, int, int], ...], list[list[int]]] = {}  # columns of the first bar with the same notes
    times: Counter[tuple[tuple[int, int, int], ...]] = Counter()
    rows = [(moment, columns.step(moment.hit), columns.home(moment.hit)) for moment in moments]
    for _, bar in groupby(rows, key=lambda row: row[0].hit.tick // bar_ticks):
        in_bar = list(bar)
        kind = tuple((moment.hit.tick % bar_ticks, moment.size, step) for moment, step, _ in in_bar)
        wanted = bars.get(kind, [[]] * len(in_bar))
        if columns.mirrors and times[kind] % 2:
            wanted = [[keys - 1 - column for column in row] for row in wanted]
        now = [columns.take(moment, step, home, row) for (moment, step, home), row in zip(in_bar, wanted, strict=True)]
        placed += now
        bars.setdefault(kind, now)
        times[kind] += 1
    return placed


class _Columns:
    """Assigns columns moment by moment."""

    def __init__(self, pattern: Pattern, gap_ms: float, keys: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.pattern = pattern
        self.gap_ms = gap_ms
        self.keys = keys
        self.rolls = bool(self.rng.random() < 0.5)  # a run past the last column restarts at the first
        self.mirrors = bool(self.rng.random() < 0.5)  # repeated bars are mirrored
        self.first_hand = int(self.rng.integers(2))
        self.at = int(self.rng.integers(keys))
        self.direction = 1
        self.pitches: dict[str, int] = {}
        self.last_ms = [-1e9] * keys
        self.held_ms = dict.fromkeys(range(keys), -1e9)  # where its last long note ends
        self.n_used = [0.0] * keys
        self.before: list[list[int]] = [[], []]  # the previous rows, latest first
        self.now_ms = -1e9
        self.run_left = 0

    def step(self, hit: Hit) -> int:
        """Direction of the tune: one column for a step, two for a leap, 0 without a tune."""
        layer = next((layer for layer in TUNE if any(event.layer == layer for event in hit.events)), None)
        if layer is None:
            return 0
        pitch = max(event.pitch for event in hit.events if event.layer == layer)
        interval = pitch - self.pitches.get(layer, pitch)
        self.pitches[layer] = pitch
        if not interval:
            return 0
        return (2 if abs(interval) > 5 and self.keys > 3 else 1) * (1 if interval > 0 else -1)

    def home(self, hit: Hit) -> int | None:
        """The hand of a drum hit without a tune: 0 is the left one."""
        layers = {event.layer for event in hit.events}
        own = [i for i, layer in enumerate(HANDS) if layer in layers]
        return None if len(own) != 1 or layers.intersection(TUNE) else own[0] ^ self.first_hand

    def take(self, moment: Moment, step: int, home: int | None, wanted: Sequence[int]) -> list[int]:
        """Take the `wanted` columns if they are all free, else the best ones."""
        time_ms, size = moment.hit.time_ms, moment.size
        free = [
            c
            for c in range(self.keys)
            if max(self.last_ms[c] + self.gap_ms, self.held_ms[c] + RELEASE_MS) <= time_ms + LOOSE_MS
        ]
        taken = list(wanted) if wanted and set(wanted) <= set(free) else self._best(time_ms, size, step, home, free)
        for column in taken:
            self.last_ms[column] = time_ms
            self.n_used[column] += 1 / self.keys
        self.held_ms.update(zip(taken, moment.holds, strict=False))
        if taken:
            self.at = taken[0]
            self.before = [taken, self.before[0]]
            self.now_ms = time_ms
        return taken

    def _best(self, time_ms: float, size: int, step: int, home: int | None, free: list[int]) -> list[int]:
        target = self._target(step)
        pattern = self.pattern
        hurry = min(max(SLOWER - (time_ms - self.now_ms) / self.gap_ms, 0.0), 1.0)
        jack, anchor = pattern.jack * hurry + 0.5 * (1 - hurry), pattern.anchor * hurry
        if pattern.run[1]:
            if self.run_left <= 0:
                self.run_left = int(self.rng.integers(*pattern.run, endpoint=True))
                jack = 3.0
            self.run_left -= 1
        noise = self.rng.random(self.keys).tolist()
        fewest = min(self.n_used)
        last, second = self.before
        hand = self._hand(last[0]) if len(last) == 1 else None
        cost = {
            c: pattern.pitch * abs(c - target)
            + pattern.noise * noise[c]
            + EVEN * self.keys * (self.n_used[c] - fewest)
            + (jack if c in last else anchor if c in second else 0.0)
            + (OTHER_HAND if self._hand(c) == hand else 0.0)
            + (HOME if home is not None and self._hand(c) != home else 0.0)
            for c in free
        }
        return sorted(free, key=cost.__getitem__)[:size]

    def _target(self, step: int) -> int:
        """The next column along the tune; without one, on in the same direction."""
        step = step or self.direction
        target = self.at + step
        if not 0 <= target < self.keys and not self.rolls:
            self.direction = -1 if step > 0 else 1
            target = self.at - step
        return target % self.keys

    def _hand(self, column: int) -> int:
        return int(2 * column >= self.keys)
